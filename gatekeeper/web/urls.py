"""Addresses of the pages: everything that SCIM, SAML, the API and the health checks do not answer."""

from django.db.models import Model
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.directory.models import User
from gatekeeper.web.framework.admin_site import site
from gatekeeper.web.framework.change_lists import ReadOnlyList
from gatekeeper.web.home import overview
from gatekeeper.web.login import first_sign_in, home_realm_discovery, own_account, second_factor, sign_in, step_up
from gatekeeper.web.logs import read_tracing, run_sync, sign_in_attempts
from gatekeeper.web.logs.audit_trail import AuditTrail
from gatekeeper.web.logs.provisioning_log import ProvisioningLog
from gatekeeper.web.logs.sign_in_attempts import SignInAttempts
from gatekeeper.web.logs.sync_history import SyncHistory
from gatekeeper.web.logs.token_log import TokenLog
from gatekeeper.web.people import api_tokens, person, sessions, who_had
from gatekeeper.web.people.people_list import People
from gatekeeper.web.saml_settings import authentication, claims, connection_changes, security_events, signing_keys
from gatekeeper.web.scim_settings import (
    api_keys,
    credentials,
    custom_attributes,
    deprovisioning_limits,
    fallback_and_policy,
    fallback_members,
    groups,
    mappings,
    oauth_clients,
    scim_limits,
    scim_page,
)
from gatekeeper.web.site_settings import config_as_code, local_accounts, retention, security_txt, teams
from saml.models import SignInAttempt, SyncRun
from scim.http import documented_limits
from scim.models import TokenRequest

scim_pages = [
    path("", scim_page.scim, name="scim"),
    path("fallback-team/", fallback_and_policy.fallback_team, name="fallback_team"),
    path("fallback-team/preview/", fallback_and_policy.preview_fallback_team, name="preview_fallback_team"),
    path("fallback-team/people/", fallback_members.people, name="fallback_people"),
    path("last-group-policy/", fallback_and_policy.last_group_policy, name="last_group_policy"),
    path("last-group-policy/preview/", fallback_and_policy.preview_last_group_policy, name="preview_last_group_policy"),
    path("attributes/", custom_attributes.custom_attributes, name="custom_attributes"),
    path("attributes/<int:attribute_id>/remove/", custom_attributes.remove_attribute, name="remove_custom_attribute"),
    path("key/generate/", api_keys.generate, name="generate_key"),
    path("key/revoke/", api_keys.revoke, name="revoke_key"),
    path("clients/add/", oauth_clients.add, name="add_oauth_client"),
    path("credentials/<uuid:credential_id>/", credentials.credential, name="credential"),
    path("credentials/<uuid:credential_id>/rotate/", oauth_clients.rotate, name="rotate_client_secret"),
    path("credentials/<uuid:credential_id>/revoke/", oauth_clients.revoke, name="revoke_oauth_client"),
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
    path("<uuid:connection_id>/certificate/<str:sha256>.cer", signing_keys.certificate, name="connection_certificate"),
    path("<uuid:connection_id>/next-key/", signing_keys.publish_next, name="publish_next_key"),
    path("<uuid:connection_id>/finish-key-change/", signing_keys.finish_change, name="finish_key_change"),
    path("<uuid:connection_id>/person-claim/", claims.person_claim, name="person_claim"),
    path("<uuid:connection_id>/profile-fields/", claims.profile_fields, name="profile_fields"),
    path("<uuid:connection_id>/settings/", connection_changes.settings, name="connection_settings"),
    path("<uuid:connection_id>/pin/", connection_changes.pin, name="pin_metadata"),
    path("<uuid:connection_id>/refresh/", connection_changes.refresh, name="refresh_connection"),
    path("<uuid:connection_id>/refresh/confirm/", connection_changes.confirm, name="confirm_metadata"),
    path("<uuid:connection_id>/revocation/", security_events.revocation, name="set_revocation_source"),
    path("<uuid:connection_id>/event-stream/", security_events.event_stream, name="set_event_stream"),
    path("<uuid:connection_id>/event-stream/secret/", security_events.event_secret, name="event_secret"),
    path("<uuid:connection_id>/delete/", authentication.delete, name="delete_connection"),
]

settings_pages: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("scim/", include(scim_pages)),
    path("authentication/", include(authentication_pages)),
    path("deprovisioning-limits/", deprovisioning_limits.limits, name="deprovisioning_limits"),
    path("deprovisioning-limits/approve/", deprovisioning_limits.approve, name="approve_held_changes"),
    path("local-accounts/", local_accounts.local_accounts, name="local_accounts"),
    path("retention/", retention.retention, name="retention"),
    path("teams/", teams.teams, name="teams"),
    path("teams/<uuid:team_id>/", teams.edit_team, name="team"),
    path("teams/<uuid:team_id>/delete/", teams.remove_team, name="delete_team"),
    path("teams/<uuid:team_id>/delete/preview/", teams.preview_delete, name="preview_delete_team"),
    path("teams/<uuid:team_id>/merge/", teams.merge_team, name="merge_team"),
    path("teams/<uuid:team_id>/merge/preview/", teams.preview_merge, name="preview_merge"),
    path("as-code/", config_as_code.as_code, name="as_code"),
    path("as-code/export/", config_as_code.export, name="export"),
    path("as-code/preview/", config_as_code.preview, name="preview_document"),
]

pages: list[URLPattern | URLResolver] = [
    path(".well-known/security.txt", security_txt.security_txt, name="security_txt"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/code/", second_factor.code, name="sign_in_code"),
    path("sign-in/new-password/", first_sign_in.new_password, name="sign_in_new_password"),
    path("sign-in/second-factor/", first_sign_in.set_up, name="sign_in_set_up"),
    path("sign-in/again/", step_up.sign_in_again, name="sign_in_again"),
    path("sign-in/connection/", home_realm_discovery.home_realm, name="home_realm"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("profile/", person.profile, name="profile"),
    path("profile/password/", own_account.password, name="password"),
    path("profile/second-factor/", own_account.second_factor, name="second_factor"),
    path("profile/passkeys/", own_account.passkeys, name="passkeys"),
    path("profile/passkeys/<int:passkey_id>/remove/", own_account.remove_passkey, name="remove_passkey"),
    path("profile/end-sessions/", sessions.end_own_sessions, name="end_own_sessions"),
    path("profile/end-other-sessions/", sessions.end_other_sessions, name="end_other_sessions"),
    path("profile/sessions/<uuid:sign_in_id>/end/", sessions.end_own_session, name="end_own_session"),
    path("profile/api-tokens/new/", api_tokens.create, name="create_api_token"),
    path("profile/api-tokens/revoke/", api_tokens.revoke_all_own, name="revoke_own_api_tokens"),
    path("profile/api-tokens/<uuid:token_id>/revoke/", api_tokens.revoke_own, name="revoke_own_api_token"),
    path("users/<uuid:user_id>/api-tokens/revoke/", api_tokens.revoke_all, name="revoke_api_tokens"),
    path("users/<uuid:user_id>/api-tokens/<uuid:token_id>/revoke/", api_tokens.revoke, name="revoke_api_token"),
    path("users/<uuid:user_id>/", person.person, name="person"),
    path("users/<uuid:user_id>/end-sessions/", sessions.end_sessions, name="end_sessions"),
    path("users/<uuid:user_id>/sessions/<uuid:sign_in_id>/end/", sessions.end_session, name="end_session"),
    path("users/<uuid:user_id>/confirm-address/", person.confirm_address, name="confirm_address"),
    path(documented_limits.PATH.lstrip("/"), scim_limits.scim_limits, name="scim_limits"),
    path("who-had/", who_had.who_had, name="who_had"),
    path("who-had/csv/", who_had.who_had_csv, name="who_had_csv"),
    path("settings/", require_safe(RedirectView.as_view(pattern_name="web:overview")), name="settings"),
    path("settings/configuration/", include(settings_pages)),
    path("provisioning-log/trace/", read_tracing.start, name="start_tracing"),
    path("provisioning-log/trace/stop/", read_tracing.stop, name="stop_tracing"),
    path("sync-history/run/", run_sync.run_now, name="run_sync"),
    path(
        "sign-in-attempts/<int:attempt_id>/personal-values/", sign_in_attempts.personal_values, name="personal_values"
    ),
    path("sync-history/progress/", run_sync.progress, name="sync_progress"),
]

# Django's admin site holds the read-only lists: each model's rows, and the class that shows them.
LISTS: dict[type[Model], type[ReadOnlyList]] = {
    AuditEntry: AuditTrail,
    ProvisioningEntry: ProvisioningLog,
    SignInAttempt: SignInAttempts,
    SyncRun: SyncHistory,
    TokenRequest: TokenLog,
    User: People,
}
for model, shown_by in LISTS.items():
    site.register(model, shown_by)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((pages, "web"))),
    path("", site.urls),
]
