"""Names the room to Django, and lets what a command wrote be linked at its end."""

from importlib import import_module

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "gatekeeper.audit"
    label = "audit"
    verbose_name = "Logs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("gatekeeper.audit.chain.links")
