from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "gatekeeper.directory"
    label = "directory"
    verbose_name = "Directory"
    default_auto_field = "django.db.models.BigAutoField"
