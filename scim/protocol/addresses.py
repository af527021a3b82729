"""The addresses that SCIM answers with, built from the site's public origin."""

from django.conf import settings

BASE_PATH = "/scim/v2"
TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path


def base_location(request: object = None) -> str:
    """The origin that addresses begin with (django-scim2's BASE_LOCATION_GETTER), whatever Host a request states."""
    del request
    origin: str = settings.PUBLIC_URL
    return origin


def scim_url(path: str = "") -> str:
    """The SCIM base URL, or the address of what lies below it."""
    return f"{base_location()}{BASE_PATH}{path}"


def token_url() -> str:
    """The address at which OAuth clients get their access tokens."""
    return f"{base_location()}{TOKEN_PATH}"
