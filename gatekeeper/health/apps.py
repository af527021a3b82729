"""Health as a Django app; registers the checks of the settings and what measures tasks and statements."""

from importlib import import_module

import structlog
from django.apps import AppConfig

from gatekeeper.runtime.environment import former_names_used

log = structlog.get_logger(__name__)


class HealthConfig(AppConfig):
    name = "gatekeeper.health"
    label = "health"
    verbose_name = "Health"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for former, name in former_names_used.items():
            log.warning("environment_variable_renamed", former=former, name=name)
        import_module("gatekeeper.health.settings_checks")
        import_module("gatekeeper.health.measured.tasks")
