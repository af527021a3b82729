"""Addresses of the desk. Everything that no other room answers comes here."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from gatekeeper.configuration import (
    admin,
    as_code,
    authentication,
    brakes,
    defaults,
    fallback,
    groups,
    keys,
    mappings,
    overview,
    people,
    scim,
    sign_in,
    sync_runs,
    teams,
)

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
    path("<uuid:connection_id>/refresh/", authentication.refresh, name="refresh_connection"),
    path("<uuid:connection_id>/accept/", authentication.accept_idp_initiated, name="accept_idp_initiated"),
    path("<uuid:connection_id>/delete/", authentication.delete, name="delete_connection"),
]

settings_pages: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("scim/", include(scim_pages)),
    path("authentication/", include(authentication_pages)),
    path("brakes/", brakes.brakes, name="brakes"),
    path("brakes/release/", brakes.release, name="release_brakes"),
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
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("profile/", people.profile, name="profile"),
    path("profile/password/", people.password, name="password"),
    path("profile/end-sessions/", people.end_own_sessions, name="end_own_sessions"),
    path("users/<uuid:user_id>/", people.person, name="person"),
    path("users/<uuid:user_id>/end-sessions/", people.end_sessions, name="end_sessions"),
    path("users/<uuid:user_id>/confirm-address/", people.confirm_address, name="confirm_address"),
    path("settings/", RedirectView.as_view(pattern_name="configuration:overview"), name="settings"),
    path("settings/configuration/", include(settings_pages)),
    path("sync-history/run/", sync_runs.run_now, name="run_sync"),
    path("sync-history/progress/", sync_runs.progress, name="sync_progress"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((pages, "configuration"))),
    path("", admin.lists.urls),
]
