"""The addresses of the token endpoint and of its metadata."""

from django.urls import path

from scim.oauth import views
from scim.protocol.addresses import TOKEN_PATH

app_name = "oauth"

urlpatterns = [
    path(TOKEN_PATH.lstrip("/"), views.token, name="token"),
    path(".well-known/oauth-authorization-server", views.authorization_server, name="authorization_server"),
]
