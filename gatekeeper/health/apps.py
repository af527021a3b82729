"""Health as a Django app; registers the checks of the settings."""

from importlib import import_module

from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "gatekeeper.health"
    label = "health"
    verbose_name = "Health"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("gatekeeper.health.settings_checks")
