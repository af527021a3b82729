"""Names the room to Django."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "gatekeeper.api"
    label = "api"
    verbose_name = "Management API"
    default_auto_field = "django.db.models.BigAutoField"
