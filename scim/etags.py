"""Versions of resources and conditional requests (RFC 7644 §3.14)."""

from collections.abc import Callable

from django.http import HttpRequest


def etag(version: int) -> str:
    """The weak tag of a version, the same in ``ETag`` and ``meta.version``."""
    return f'W/"{version}"'


def expected_version(request: HttpRequest) -> Callable[[int], bool] | None:
    """What If-Match asks of the present version; None when it asks nothing (Entra and Okta never do).

    The check runs under the lock of the write, so nothing can change in between.
    """
    header = request.headers.get("If-Match")
    return None if header is None else version_check(header)


def version_check(tags: str) -> Callable[[int], bool]:
    """Whether a version is among the tags; ``*`` is any."""
    return lambda version: _matches(tags, version)


def is_unchanged(request: HttpRequest, version: int) -> bool:
    """Whether If-None-Match names the present version: the client has it already (304)."""
    header = request.headers.get("If-None-Match")
    return header is not None and _matches(header, version)


def _matches(header: str, version: int) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or f'"{version}"' in tags
