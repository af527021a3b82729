"""Names the package to Django."""

from django.apps import AppConfig


class StreamConfig(AppConfig):
    name = "gatekeeper.audit.stream"
    label = "stream"
    verbose_name = "SIEM streams"
    default_auto_field = "django.db.models.BigAutoField"
