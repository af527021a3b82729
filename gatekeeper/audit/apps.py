from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "gatekeeper.audit"
    label = "audit"
    verbose_name = "Logs"
    default_auto_field = "django.db.models.BigAutoField"
