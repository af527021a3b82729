"""The four SAML addresses of each connection, below /saml/."""

from django.urls import path

from saml import views

app_name = "saml"
urlpatterns = [
    path("<uuid:connection_id>/metadata", views.metadata, name="metadata"),
    path("<uuid:connection_id>/sso", views.sso, name="sso"),
    path("<uuid:connection_id>/acs", views.acs, name="acs"),
    path("<uuid:connection_id>/logout", views.logout, name="logout"),
]
