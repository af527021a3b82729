"""Addresses of the management API, below /api/v1/."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from gatekeeper.api import views
from gatekeeper.api.access import IsSignedIn

app_name = "api"
urlpatterns = [
    path("schema", SpectacularJSONAPIView.as_view(permission_classes=[IsSignedIn]), name="schema"),
    path("me", views.Me.as_view(), name="me"),
    path("users", views.Users.as_view(), name="users"),
    path("users/<uuid:pk>", views.OneUser.as_view(), name="user"),
    path("groups", views.Groups.as_view(), name="groups"),
]
