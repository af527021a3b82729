"""The desk where administrators sit."""

from django.apps import AppConfig


class ConfigurationConfig(AppConfig):
    name = "gatekeeper.configuration"
    label = "configuration"
    verbose_name = "Configuration"
