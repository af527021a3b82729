"""Every limit of the SCIM service in words: the page that ``documentationUri`` names, and docs/scim-limits.md."""

from typing import NamedTuple

from django.conf import settings

from gatekeeper.runtime.database_limits import REQUEST, RETRY_AFTER
from scim.protocol import limits

PATH = "/docs/scim-limits/"


class Announced(NamedTuple):
    """One limit: what it is about, how much it is, and what a request beyond it is answered."""

    what: str
    most: str
    beyond: str


class Section(NamedTuple):
    title: str
    limits: tuple[Announced, ...]


def address() -> str:
    """The public address of the page."""
    return f"{settings.PUBLIC_URL}{PATH}"


def announced() -> tuple[Section, ...]:
    """All limits, under their headings."""
    return (
        Section("Requests", _requests()),
        Section("Filters and paths", _filters()),
        Section("Pages of a list", _pages()),
        Section("Resources", _resources()),
        Section("Time", _time()),
    )


def _requests() -> tuple[Announced, ...]:
    return (
        Announced("Body, after decoding gzip", f"{limits.MAX_BODY:,} bytes", "413"),
        Announced("Members of a gzip body", f"{limits.MAX_GZIP_MEMBERS:,}", "400 invalidSyntax"),
        Announced("Objects and lists inside each other in JSON", f"{limits.MAX_JSON_DEPTH:,}", "400 invalidSyntax"),
        Announced("Operations of a Bulk request", f"{limits.MAX_OPERATIONS:,}", "413"),
        Announced("Operations of a PATCH", f"{limits.MAX_OPERATIONS:,}", "413"),
        Announced(
            "Elements that a PATCH looks at, its operations together",
            f"{limits.MAX_ELEMENT_VISITS:,}",
            "400 invalidValue",
        ),
        Announced("Names in attributes or excludedAttributes", f"{limits.MAX_NAMES:,}", "400 invalidValue"),
    )


def _filters() -> tuple[Announced, ...]:
    return (
        Announced("Length of a filter", f"{limits.MAX_FILTER_LENGTH:,} characters", "400 tooMany"),
        Announced("Terms of a filter, those in brackets included", f"{limits.MAX_FILTER_TERMS:,}", "400 tooMany"),
        Announced("Expressions inside each other in a filter", f"{limits.MAX_FILTER_DEPTH:,}", "400 tooMany"),
        Announced("Length of a PATCH path", f"{limits.MAX_PATH_LENGTH:,} characters", "400 invalidPath"),
        Announced("Terms of the filter in a PATCH path", f"{limits.MAX_FILTER_TERMS:,}", "400 invalidPath"),
        Announced("Expressions inside each other in a PATCH path", f"{limits.MAX_FILTER_DEPTH:,}", "400 invalidPath"),
    )


def _pages() -> tuple[Announced, ...]:
    return (
        Announced("Resources of a page when count is not sent", f"{limits.DEFAULT_COUNT:,}", "–"),
        Announced("Resources of a page", f"{limits.MAX_COUNT:,}", "a page of so many, as RFC 7644 §3.4.2.4 allows"),
        Announced("Age of a cursor", f"{limits.CURSOR_TIMEOUT:,} seconds", "400 expiredCursor"),
    )


def _resources() -> tuple[Announced, ...]:
    return (
        Announced("Elements of one multi-valued attribute of a user", f"{limits.MAX_ELEMENTS:,}", "400 invalidValue"),
        Announced("All values of one user together", f"{limits.MAX_USER_BYTES:,} bytes", "400 invalidValue"),
        Announced("userName, displayName and externalId", f"{limits.MAX_NAME:,} characters each", "400 invalidValue"),
        Announced("Members of a group", "no limit but the body's", "413"),
    )


def _time() -> tuple[Announced, ...]:
    again = f"503 with Retry-After: {RETRY_AFTER}"
    return (
        Announced("One statement in the database", f"{REQUEST.statement:,} seconds", again),
        Announced("Waiting for somebody else's change", f"{REQUEST.lock:,} seconds", again),
    )
