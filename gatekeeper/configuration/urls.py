"""Addresses of the desk. Everything that no other room answers comes here."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from gatekeeper.configuration import (
    admin,
    authentication,
    brakes,
    connection_changes,
    groups,
    home_realm,
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
    path("fallback-team/", scim.fallback_team, name="fallback_team"),
    path("last-group-policy/", scim.last_group_policy, name="last_group_policy"),
    path("key/generate/", keys.generate, name="generate_key"),
    path("key/revoke/", keys.revoke, name="revoke_key"),
    path("default-mapping/", mappings.default_mapping, name="default_mapping"),
    path("default-mapping/preview/", mappings.preview_default, name="preview_default_mapping"),
    path("groups/<uuid:group_id>/mapping/preview/", mappings.preview_group, name="preview_group_mapping"),
    path("groups/<uuid:group_id>/", groups.group_users, name="group_users"),
    path("groups/<uuid:group_id>/mapping/", mappings.group_mapping, name="group_mapping"),
    path("groups/<uuid:group_id>/mapping/reset/", mappings.reset, name="reset_mapping"),
]

authentication_pages = [
    path("", authentication.authentication, name="authentication"),
    path("new/", authentication.new_connection, name="new_connection"),
    path("<uuid:connection_id>/settings/", connection_changes.settings, name="connection_settings"),
    path("<uuid:connection_id>/pin/", connection_changes.pin, name="pin_metadata"),
    path("<uuid:connection_id>/refresh/", connection_changes.refresh, name="refresh_connection"),
    path("<uuid:connection_id>/refresh/confirm/", connection_changes.confirm, name="confirm_metadata"),
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
]

pages: list[URLPattern | URLResolver] = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/connection/", home_realm.home_realm, name="home_realm"),
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
