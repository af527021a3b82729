"""The addresses of each connection, below /saml/: four for browsers, two for commands of the identity provider."""

from django.urls import path

from saml import views
from saml.security_events.global_token_revocation import global_token_revocation
from saml.security_events.push import security_events

app_name = "saml"
urlpatterns = [
    path("<uuid:connection_id>/metadata", views.metadata, name="metadata"),
    path("<uuid:connection_id>/sso", views.sso, name="sso"),
    path("<uuid:connection_id>/acs", views.acs, name="acs"),
    path("<uuid:connection_id>/logout", views.logout, name="logout"),
    path("<uuid:connection_id>/global-token-revocation", global_token_revocation, name="global_token_revocation"),
    path("<uuid:connection_id>/security-events", security_events, name="security_events"),
]
