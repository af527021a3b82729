"""Names the package to Django."""

from django.apps import AppConfig


class SetupLinksConfig(AppConfig):
    name = "gatekeeper.setup_links"
    label = "setup_links"
    verbose_name = "Set-up links"
    default_auto_field = "django.db.models.BigAutoField"
