"""Tracing as a Django app, which the settings install where an OTLP endpoint is set."""

from importlib import import_module

from django.apps import AppConfig


class TracingConfig(AppConfig):
    name = "gatekeeper.runtime.telemetry.tracing"
    label = "tracing"
    verbose_name = "Tracing"

    def ready(self) -> None:
        import_module("gatekeeper.runtime.telemetry.tracing.tasks")
        import_module("gatekeeper.runtime.telemetry.tracing.statements")
