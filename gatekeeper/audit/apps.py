"""The audit log's Django app. It connects the linking of what a command wrote to the end of the command."""

from importlib import import_module

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "gatekeeper.audit"
    label = "audit"
    verbose_name = "Logs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("gatekeeper.audit.chain.links")
