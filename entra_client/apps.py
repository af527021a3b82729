"""The Django application, which exists for its command."""

from django.apps import AppConfig


class EntraClientConfig(AppConfig):
    """No models: the company is made in memory."""

    name = "entra_client"
    verbose_name = "Entra provisioning client"
