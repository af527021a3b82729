"""The Django application, which exists for its command."""

from django.apps import AppConfig


class ConformanceConfig(AppConfig):
    """No models: what a run made is deleted at its end, and its result is printed."""

    name = "conformance"
    verbose_name = "SCIM conformance tests"
