"""Addresses of the desk. Everything that no other room answers comes here."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from gatekeeper.configuration import (
    admin,
    api_tokens,
    as_code,
    authentication,
    brakes,
    connection_attributes,
    connection_changes,
    connection_events,
    connection_keys,
    defaults,
    fallback,
    groups,
    home_realm,
    keys,
    local_account,
    local_accounts,
    mappings,
    overview,
    people,
    retention,
    scim,
    scim_limits,
    security_txt,
    sessions,
    sign_in,
    sign_in_attempts,
    sign_in_code,
    sign_in_first_time,
    step_up,
    sync_runs,
    teams,
    tracing,
    who_had,
)
from scim import announced

scim_pages = [
    path("", scim.scim, name="scim"),
    path("fallback-team/", defaults.fallback_team, name="fallback_team"),
    path("fallback-team/preview/", defaults.preview_fallback_team, name="preview_fallback_team"),
    path("fallback-team/people/", fallback.people, name="fallback_people"),
    path("last-group-policy/", defaults.last_group_policy, name="last_group_policy"),
    path("last-group-policy/preview/", defaults.preview_last_group_policy, name="preview_last_group_policy"),
    path("key/generate/", keys.generate, name="generate_key"),
    path("key/revoke/", keys.revoke, name="revoke_key"),
    path("default-mapping/", mappings.default_mapping, name="default_mapping"),
    path("default-mapping/preview/", mappings.preview_default, name="preview_default_mapping"),
    path("groups/<uuid:group_id>/mapping/preview/", mappings.preview_group, name="preview_group_mapping"),
    path("groups/<uuid:group_id>/", groups.group_users, name="group_users"),
    path("groups/<uuid:group_id>/mapping/", mappings.group_mapping, name="group_mapping"),
    path("groups/<uuid:group_id>/mapping/reset/", mappings.reset, name="reset_mapping"),
    path("groups/<uuid:group_id>/mapping/reset/preview/", mappings.preview_reset, name="preview_reset"),
]

authentication_pages = [
    path("", authentication.authentication, name="authentication"),
    path("new/", authentication.new_connection, name="new_connection"),
    path(
        "<uuid:connection_id>/certificate/<str:sha256>.cer", connection_keys.certificate, name="connection_certificate"
    ),
    path("<uuid:connection_id>/next-key/", connection_keys.publish_next, name="publish_next_key"),
    path("<uuid:connection_id>/finish-key-change/", connection_keys.finish_change, name="finish_key_change"),
    path("<uuid:connection_id>/person-claim/", connection_attributes.person_claim, name="person_claim"),
    path("<uuid:connection_id>/profile-fields/", connection_attributes.profile_fields, name="profile_fields"),
    path("<uuid:connection_id>/settings/", connection_changes.settings, name="connection_settings"),
    path("<uuid:connection_id>/pin/", connection_changes.pin, name="pin_metadata"),
    path("<uuid:connection_id>/refresh/", connection_changes.refresh, name="refresh_connection"),
    path("<uuid:connection_id>/refresh/confirm/", connection_changes.confirm, name="confirm_metadata"),
    path("<uuid:connection_id>/revocation/", connection_events.revocation, name="set_revocation_source"),
    path("<uuid:connection_id>/event-stream/", connection_events.event_stream, name="set_event_stream"),
    path("<uuid:connection_id>/event-stream/secret/", connection_events.event_secret, name="event_secret"),
    path("<uuid:connection_id>/delete/", authentication.delete, name="delete_connection"),
]

settings_pages: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("scim/", include(scim_pages)),
    path("authentication/", include(authentication_pages)),
    path("brakes/", brakes.brakes, name="brakes"),
    path("brakes/release/", brakes.release, name="release_brakes"),
    path("local-accounts/", local_accounts.local_accounts, name="local_accounts"),
    path("retention/", retention.retention, name="retention"),
    path("teams/", teams.teams, name="teams"),
    path("teams/<uuid:team_id>/", teams.edit_team, name="team"),
    path("teams/<uuid:team_id>/delete/", teams.remove_team, name="delete_team"),
    path("teams/<uuid:team_id>/delete/preview/", teams.preview_delete, name="preview_delete_team"),
    path("teams/<uuid:team_id>/merge/", teams.merge_team, name="merge_team"),
    path("teams/<uuid:team_id>/merge/preview/", teams.preview_merge, name="preview_merge"),
    path("as-code/", as_code.as_code, name="as_code"),
    path("as-code/export/", as_code.export, name="export"),
    path("as-code/preview/", as_code.preview, name="preview_document"),
]

pages: list[URLPattern | URLResolver] = [
    path(".well-known/security.txt", security_txt.security_txt, name="security_txt"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/code/", sign_in_code.code, name="sign_in_code"),
    path("sign-in/new-password/", sign_in_first_time.new_password, name="sign_in_new_password"),
    path("sign-in/second-factor/", sign_in_first_time.set_up, name="sign_in_set_up"),
    path("sign-in/again/", step_up.sign_in_again, name="sign_in_again"),
    path("sign-in/connection/", home_realm.home_realm, name="home_realm"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("profile/", people.profile, name="profile"),
    path("profile/password/", local_account.password, name="password"),
    path("profile/second-factor/", local_account.second_factor, name="second_factor"),
    path("profile/passkeys/", local_account.passkeys, name="passkeys"),
    path("profile/passkeys/<int:passkey_id>/remove/", local_account.remove_passkey, name="remove_passkey"),
    path("profile/end-sessions/", sessions.end_own_sessions, name="end_own_sessions"),
    path("profile/end-other-sessions/", sessions.end_other_sessions, name="end_other_sessions"),
    path("profile/sessions/<uuid:sign_in_id>/end/", sessions.end_own_session, name="end_own_session"),
    path("profile/api-tokens/new/", api_tokens.create, name="create_api_token"),
    path("profile/api-tokens/revoke/", api_tokens.revoke_all_own, name="revoke_own_api_tokens"),
    path("profile/api-tokens/<uuid:token_id>/revoke/", api_tokens.revoke_own, name="revoke_own_api_token"),
    path("users/<uuid:user_id>/api-tokens/revoke/", api_tokens.revoke_all, name="revoke_api_tokens"),
    path("users/<uuid:user_id>/api-tokens/<uuid:token_id>/revoke/", api_tokens.revoke, name="revoke_api_token"),
    path("users/<uuid:user_id>/", people.person, name="person"),
    path("users/<uuid:user_id>/end-sessions/", sessions.end_sessions, name="end_sessions"),
    path("users/<uuid:user_id>/sessions/<uuid:sign_in_id>/end/", sessions.end_session, name="end_session"),
    path("users/<uuid:user_id>/confirm-address/", people.confirm_address, name="confirm_address"),
    path(announced.PATH.lstrip("/"), scim_limits.scim_limits, name="scim_limits"),
    path("who-had/", who_had.who_had, name="who_had"),
    path("who-had/csv/", who_had.who_had_csv, name="who_had_csv"),
    path("settings/", require_safe(RedirectView.as_view(pattern_name="configuration:overview")), name="settings"),
    path("settings/configuration/", include(settings_pages)),
    path("provisioning-log/trace/", tracing.start, name="start_tracing"),
    path("provisioning-log/trace/stop/", tracing.stop, name="stop_tracing"),
    path("sync-history/run/", sync_runs.run_now, name="run_sync"),
    path(
        "sign-in-attempts/<int:attempt_id>/personal-values/", sign_in_attempts.personal_values, name="personal_values"
    ),
    path("sync-history/progress/", sync_runs.progress, name="sync_progress"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((pages, "configuration"))),
    path("", admin.lists.urls),
]
