"""The Django application, which exists for its commands."""

from django.apps import AppConfig


class PretendEntraConfig(AppConfig):
    """No models: the identity provider keeps its key in a folder and its sessions in memory."""

    name = "pretend_entra"
    verbose_name = "Identity provider simulator"
