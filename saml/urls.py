"""The addresses of each connection, below /saml/: four for browsers, two for commands of the identity provider."""

from django.urls import path

from saml.security_events.global_token_revocation import global_token_revocation
from saml.security_events.push import security_events
from saml.views.metadata import metadata
from saml.views.sign_on import acs, sso
from saml.views.sign_out import logout

app_name = "saml"
urlpatterns = [
    path("<uuid:connection_id>/metadata", metadata, name="metadata"),
    path("<uuid:connection_id>/sso", sso, name="sso"),
    path("<uuid:connection_id>/acs", acs, name="acs"),
    path("<uuid:connection_id>/logout", logout, name="logout"),
    path("<uuid:connection_id>/global-token-revocation", global_token_revocation, name="global_token_revocation"),
    path("<uuid:connection_id>/security-events", security_events, name="security_events"),
]
