"""The Django app of signed tokens."""

from django.apps import AppConfig


class SignedTokensConfig(AppConfig):
    name = "gatekeeper.signed_tokens"
    label = "signed_tokens"
    verbose_name = "Signed tokens"
    default_auto_field = "django.db.models.BigAutoField"
