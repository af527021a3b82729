"""The Django application: only a shelf for the commands of this room."""

from django.apps import AppConfig


class PretendEntraConfig(AppConfig):
    """No models: a pretend directory lives in memory."""

    name = "pretend_entra"
    verbose_name = "Pretend Entra"
