"""Addresses of the pages: everything that SCIM, SAML, the API and the health checks do not answer."""

from django.conf import settings
from django.db.models import Model
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.directory.models import IdpGroup, User
from gatekeeper.web.framework.admin_site import site
from gatekeeper.web.framework.change_lists import ReadOnlyList
from gatekeeper.web.framework.lists import views
from gatekeeper.web.home import home, overview
from gatekeeper.web.login import first_sign_in, home_realm_discovery, own_account, second_factor, sign_in, step_up
from gatekeeper.web.logs import read_tracing, run_sync, sign_in_attempts, verify_audit_trail
from gatekeeper.web.logs.audit_trail import AuditTrail
from gatekeeper.web.logs.provisioning_log import ProvisioningLog
from gatekeeper.web.logs.sign_in_attempts import SignInAttempts
from gatekeeper.web.logs.sync_history import SyncHistory
from gatekeeper.web.logs.token_log import TokenLog
from gatekeeper.web.people import api_tokens, language, person, sessions, what_if, who_had
from gatekeeper.web.people.lists import people_of
from gatekeeper.web.people.lists.groups import Groups
from gatekeeper.web.people.people_list import People
from gatekeeper.web.saml_settings import authentication, claims, connection_changes, security_events, signing_keys
from gatekeeper.web.scim_settings import (
    api_keys,
    credentials,
    custom_attributes,
    deprovisioning_limits,
    fallback_and_policy,
    fallback_members,
    mappings,
    oauth_clients,
    scim_limits,
    scim_page,
)
from gatekeeper.web.search import views as search_views
from gatekeeper.web.setup_wizard import certificate, links, opening, provisioning, start
from gatekeeper.web.setup_wizard import sign_on as setup_sign_on
from gatekeeper.web.site_settings import (
    config_as_code,
    design,
    local_accounts,
    mail,
    retention,
    security_txt,
    streams,
    teams,
    undo,
    webhooks,
)
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
    path("<uuid:connection_id>/switch-on/", connection_changes.switch_on_connection, name="switch_on_connection"),
    path("<uuid:connection_id>/pin/", connection_changes.pin, name="pin_metadata"),
    path("<uuid:connection_id>/refresh/", connection_changes.refresh, name="refresh_connection"),
    path("<uuid:connection_id>/refresh/confirm/", connection_changes.confirm, name="confirm_metadata"),
    path("<uuid:connection_id>/revocation/", security_events.revocation, name="set_revocation_source"),
    path("<uuid:connection_id>/event-stream/", security_events.event_stream, name="set_event_stream"),
    path("<uuid:connection_id>/event-stream/secret/", security_events.event_secret, name="event_secret"),
    path("<uuid:connection_id>/delete/", authentication.delete, name="delete_connection"),
]

setup_link_pages = [
    path("", links.links, name="setup_links"),
    path("<uuid:link_id>/revoke/", links.revoke, name="revoke_setup_link"),
]

# For who has no account: what a set-up link opens. Its own address holds the secret, the others its id.
set_up_pages = [
    path("open/<str:token>/", opening.open_page, name="setup_open"),
    path("open/<str:token>/ask/", opening.ask, name="setup_ask"),
    path("<uuid:link_id>/", start.start, name="setup_start"),
    path("<uuid:link_id>/product/", start.product, name="setup_product"),
    path("<uuid:link_id>/seen/<str:part>/", start.ticks, name="setup_ticks"),
    path("<uuid:link_id>/finish/", start.finish, name="setup_finish"),
    path("<uuid:link_id>/sign-on/", setup_sign_on.sign_on, name="setup_sign_on"),
    path("<uuid:link_id>/test-sign-in/", setup_sign_on.test_sign_in, name="setup_test_sign_in"),
    path("<uuid:link_id>/switch-on/", setup_sign_on.switch_on, name="setup_switch_on"),
    path("<uuid:link_id>/provisioning/", provisioning.provisioning, name="setup_provisioning"),
    path("<uuid:link_id>/provisioning/key/", provisioning.key, name="setup_key"),
    path("<uuid:link_id>/certificate/", certificate.certificate, name="setup_certificate"),
    path("<uuid:link_id>/certificate/confirm/", certificate.confirm, name="setup_confirm_certificate"),
]

settings_pages: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("scim/", include(scim_pages)),
    path("authentication/", include(authentication_pages)),
    path("setup-links/", include(setup_link_pages)),
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
    path("undo/<int:entry_id>/", undo.undo, name="undo"),
    path("undo/<int:entry_id>/preview/", undo.preview_undo, name="preview_undo"),
    path("as-code/", config_as_code.as_code, name="as_code"),
    path("as-code/export/", config_as_code.export, name="export"),
    path("as-code/preview/", config_as_code.preview, name="preview_document"),
]

mail_pages = [
    path("", mail.mail, name="mail"),
    path("<uuid:recipient_id>/", mail.recipient, name="mail_recipient"),
    path("<uuid:recipient_id>/test/", mail.test, name="test_mail_recipient"),
    path("<uuid:recipient_id>/resume/", mail.resume, name="resume_mail_recipient"),
    path("<uuid:recipient_id>/remove/", mail.remove, name="remove_mail_recipient"),
]

webhook_pages = [
    path("", webhooks.webhooks, name="webhooks"),
    path("<uuid:webhook_id>/", webhooks.webhook, name="webhook"),
    path("<uuid:webhook_id>/test/", webhooks.test, name="test_webhook"),
    path("<uuid:webhook_id>/pause/", webhooks.pause, name="pause_webhook"),
    path("<uuid:webhook_id>/resume/", webhooks.resume, name="resume_webhook"),
    path("<uuid:webhook_id>/replay/", webhooks.send_again, name="replay_webhook"),
    path("<uuid:webhook_id>/delete/", webhooks.delete, name="delete_webhook"),
]

stream_pages = [
    path("", streams.streams, name="streams"),
    path("<uuid:stream_id>/", streams.stream, name="stream"),
    path("<uuid:stream_id>/test/", streams.test, name="test_stream"),
    path("<uuid:stream_id>/pause/", streams.pause, name="pause_stream"),
    path("<uuid:stream_id>/resume/", streams.resume, name="resume_stream"),
    path("<uuid:stream_id>/replay/", streams.replay, name="replay_stream"),
    path("<uuid:stream_id>/delete/", streams.delete, name="delete_stream"),
]

pages: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path(".well-known/security.txt", security_txt.security_txt, name="security_txt"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/code/", second_factor.code, name="sign_in_code"),
    path("sign-in/new-password/", first_sign_in.new_password, name="sign_in_new_password"),
    path("sign-in/second-factor/", first_sign_in.set_up, name="sign_in_set_up"),
    path("sign-in/again/", step_up.sign_in_again, name="sign_in_again"),
    path("sign-in/connection/", home_realm_discovery.home_realm, name="home_realm"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("profile/", person.profile, name="profile"),
    path("profile/language/", language.language, name="language"),
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
    path("groups/<uuid:group_id>/", people_of.group_users, name="group_users"),
    path("settings/configuration/teams/<uuid:team_id>/people/", people_of.team_people, name="team_people"),
    path("views/columns/", views.choose, name="choose_columns"),
    path("views/save/", views.save, name="save_view"),
    path("views/<int:view_id>/", views.rename, name="rename_view"),
    path("views/<int:view_id>/delete/", views.delete, name="delete_view"),
    path("users/<uuid:user_id>/", person.person, name="person"),
    path("users/<uuid:user_id>/what-if/", what_if.what_if_page, name="what_if"),
    path("users/<uuid:user_id>/end-sessions/", sessions.end_sessions, name="end_sessions"),
    path("users/<uuid:user_id>/sessions/<uuid:sign_in_id>/end/", sessions.end_session, name="end_session"),
    path("users/<uuid:user_id>/confirm-address/", person.confirm_address, name="confirm_address"),
    path(documented_limits.PATH.lstrip("/"), scim_limits.scim_limits, name="scim_limits"),
    path("search/", search_views.search, name="search"),
    path("search/options/", search_views.options, name="search_options"),
    path("who-had/", who_had.who_had, name="who_had"),
    path("who-had/csv/", who_had.who_had_csv, name="who_had_csv"),
    path("settings/", require_safe(RedirectView.as_view(pattern_name="web:overview")), name="settings"),
    path("settings/configuration/", include(settings_pages)),
    path("settings/webhooks/", include(webhook_pages)),
    path("settings/siem-streams/", include(stream_pages)),
    path("settings/mail/", include(mail_pages)),
    path("set-up/", include(set_up_pages)),
    path("provisioning-log/trace/", read_tracing.start, name="start_tracing"),
    path("provisioning-log/trace/stop/", read_tracing.stop, name="stop_tracing"),
    path("sync-history/run/", run_sync.run_now, name="run_sync"),
    path(
        "sign-in-attempts/<int:attempt_id>/personal-values/", sign_in_attempts.personal_values, name="personal_values"
    ),
    path("audit-trail/verify/", verify_audit_trail.verify_now, name="verify_audit_trail"),
    path("audit-trail/verify/progress/", verify_audit_trail.progress, name="verification_progress"),
    path("sync-history/progress/", run_sync.progress, name="sync_progress"),
]

if settings.DEBUG:  # for who builds the pages; elsewhere there is no such address
    pages.append(path("settings/design/", design.design, name="design"))

# Django's admin site holds the read-only lists: each model's rows, and the class that shows them.
LISTS: dict[type[Model], type[ReadOnlyList]] = {
    AuditEntry: AuditTrail,
    IdpGroup: Groups,
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
