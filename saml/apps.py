from django.apps import AppConfig


class SamlConfig(AppConfig):
    name = "saml"
    label = "saml"
    verbose_name = "SAML"
    default_auto_field = "django.db.models.BigAutoField"
