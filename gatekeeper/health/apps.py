"""Names the room to Django."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "gatekeeper.health"
    label = "health"
    verbose_name = "Health"
    default_auto_field = "django.db.models.BigAutoField"
