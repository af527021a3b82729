"""The project's one application."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "bench.peers.django_scim2"
    label = "peer_directory"
