"""Addresses of the management API, below /api/v1/."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularJSONAPIView

from gatekeeper.api import history, root, setup, views
from gatekeeper.api.access import IsSignedIn

app_name = "api"
urlpatterns = [
    path("", root.Root.as_view(), name="root"),
    path("schema", SpectacularJSONAPIView.as_view(permission_classes=[IsSignedIn]), name="schema"),
    path("me", views.Me.as_view(), name="me"),
    path("users", views.Users.as_view(), name="users"),
    path("users/<uuid:pk>", views.OneUser.as_view(), name="user"),
    path("users/<uuid:pk>/access", history.UserAccess.as_view(), name="user_access"),
    path("users/<uuid:pk>/explanation", history.UserExplanation.as_view(), name="user_explanation"),
    path("who-had", history.WhoHad.as_view(), name="who_had"),
    path("who-changed", history.WhoChanged.as_view(), name="who_changed"),
    path("setup", setup.Setup.as_view(), name="setup"),
    path("groups", views.Groups.as_view(), name="groups"),
    re_path("", root.NothingHere.as_view(), name="nothing_here"),
]
