"""The management API as a Django app."""

from importlib import import_module

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "gatekeeper.api"
    label = "api"
    verbose_name = "Management API"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("gatekeeper.api.tokens")  # ends tokens when the directory ends everything of somebody
