"""Combinations of settings that are each valid and do not fit together; Django shows them at every command."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.http.request import validate_host

from gatekeeper.outbound.public_addresses import site_is_local


@checks.register(checks.Tags.security)
def check_environment(**_: Any) -> list[CheckMessage]:
    """Each finding has an id, says what is wrong, and hints at the variable to change."""
    public = urlsplit(settings.PUBLIC_URL)
    is_local = site_is_local()
    found: list[CheckMessage] = []
    if not validate_host(str(public.hostname), settings.ALLOWED_HOSTS):
        found.append(
            checks.Error(
                f"ALLOWED_HOSTS leaves out {public.hostname}, so that every page at PUBLIC_URL would be refused.",
                hint="Add the host to ALLOWED_HOSTS, or leave that variable out.",
                id="gatekeeper.E001",
            )
        )
    if settings.DEBUG and not is_local:
        found.append(
            checks.Warning(
                "DEBUG is on at an address that others can reach; its error pages show settings and data.",
                hint="Leave DEBUG out.",
                id="gatekeeper.W001",
            )
        )
    if public.scheme == "http" and not is_local:
        found.append(
            checks.Warning(
                "PUBLIC_URL is http: API keys and sessions can be read on the way.",
                hint="Put a proxy with a certificate in front, and set PUBLIC_URL to its https address.",
                id="gatekeeper.W002",
            )
        )
    if settings.REDIS_URL is None and settings.DATABASES["default"]["ENGINE"].endswith("postgresql") and not is_local:
        found.append(
            checks.Warning(
                "PostgreSQL without Redis: tasks and caches stay on each machine.",
                hint="Set REDIS_URL when the site runs on more than one machine.",
                id="gatekeeper.W003",
            )
        )
    return found
