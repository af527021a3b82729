"""The addresses that SCIM answers with, built from the site's public origin."""

from django.conf import settings

BASE_PATH = "/scim/v2"


def scim_url(path: str = "") -> str:
    """The SCIM base URL, or the address of what lies below it."""
    return f"{settings.PUBLIC_URL}{BASE_PATH}{path}"
