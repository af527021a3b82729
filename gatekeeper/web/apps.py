"""The administrators' pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "gatekeeper.web"
    label = "web"
    verbose_name = "Administration pages"
