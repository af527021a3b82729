"""Documentation of all limits of SCIM: the page that ``documentationUri`` names, and docs/scim-limits.md."""

from typing import NamedTuple

from gatekeeper.runtime.database_limits import REQUEST, RETRY_AFTER
from gatekeeper.runtime.web_server.budgets import LONGEST_WAIT, WAITING_FOR_EACH
from gatekeeper.runtime.web_server.budgets import RETRY_AFTER as AFTER_OVERLOAD
from gatekeeper.runtime.web_server.deadlines import BODY_SECONDS, SLOWEST
from scim.protocol import limits
from scim.rate_limits.bucket import BURST_SECONDS, DEFAULT_RATE, LOWEST_RATE

PATH = "/docs/scim-limits/"  # SCIM_SERVICE_PROVIDER names it


class DocumentedLimit(NamedTuple):
    """One limit: its subject, its value, and the response to a request beyond it."""

    what: str
    most: str
    beyond: str


class Section(NamedTuple):
    title: str
    limits: tuple[DocumentedLimit, ...]


def documented_limits() -> tuple[Section, ...]:
    """All limits, under their headings."""
    return (
        Section("Requests", _requests()),
        Section("Requests of one credential", _rates()),
        Section("Filters and paths", _filters()),
        Section("Pages of a list", _pages()),
        Section("Resources", _resources()),
        Section("Time", _time()),
    )


def _requests() -> tuple[DocumentedLimit, ...]:
    return (
        DocumentedLimit("Body, after decoding gzip", f"{limits.MAX_BODY:,} bytes", "413"),
        DocumentedLimit("Members of a gzip body", f"{limits.MAX_GZIP_MEMBERS:,}", "400 invalidSyntax"),
        DocumentedLimit(
            "Objects and lists inside each other in JSON", f"{limits.MAX_JSON_DEPTH:,}", "400 invalidSyntax"
        ),
        DocumentedLimit("Operations of a Bulk request", f"{limits.MAX_OPERATIONS:,}", "413"),
        DocumentedLimit("Operations of a PATCH", f"{limits.MAX_OPERATIONS:,}", "413"),
        DocumentedLimit(
            "Elements that a PATCH looks at, its operations together",
            f"{limits.MAX_ELEMENT_VISITS:,}",
            "400 invalidValue",
        ),
        DocumentedLimit("Names in attributes or excludedAttributes", f"{limits.MAX_NAMES:,}", "400 invalidValue"),
    )


def _rates() -> tuple[DocumentedLimit, ...]:
    refused = "429 with Retry-After in whole seconds"
    burst = f"{int(BURST_SECONDS)} seconds' worth: {int(BURST_SECONDS * DEFAULT_RATE):,} requests"
    return (
        DocumentedLimit(
            "Sustained",
            f"{DEFAULT_RATE:,} requests a second; an administrator may set less, at least {LOWEST_RATE:,}",
            refused,
        ),
        DocumentedLimit("At once, after a pause", burst, refused),
        DocumentedLimit("A Bulk request", "counts as one request", "–"),
        DocumentedLimit("Client addresses", "any, or the networks that an administrator set", "403"),
    )


def _filters() -> tuple[DocumentedLimit, ...]:
    return (
        DocumentedLimit("Length of a filter", f"{limits.MAX_FILTER_LENGTH:,} characters", "400 tooMany"),
        DocumentedLimit("Terms of a filter, those in brackets included", f"{limits.MAX_FILTER_TERMS:,}", "400 tooMany"),
        DocumentedLimit("Expressions inside each other in a filter", f"{limits.MAX_FILTER_DEPTH:,}", "400 tooMany"),
        DocumentedLimit("Length of a PATCH path", f"{limits.MAX_PATH_LENGTH:,} characters", "400 invalidPath"),
        DocumentedLimit("Terms of the filter in a PATCH path", f"{limits.MAX_FILTER_TERMS:,}", "400 invalidPath"),
        DocumentedLimit(
            "Expressions inside each other in a PATCH path", f"{limits.MAX_FILTER_DEPTH:,}", "400 invalidPath"
        ),
    )


def _pages() -> tuple[DocumentedLimit, ...]:
    return (
        DocumentedLimit("Resources of a page when count is not sent", f"{limits.DEFAULT_COUNT:,}", "–"),
        DocumentedLimit(
            "Resources of a page", f"{limits.MAX_COUNT:,}", "a page of so many, as RFC 7644 §3.4.2.4 allows"
        ),
        DocumentedLimit("Age of a cursor", f"{limits.CURSOR_TIMEOUT:,} seconds", "400 expiredCursor"),
    )


def _resources() -> tuple[DocumentedLimit, ...]:
    return (
        DocumentedLimit(
            "Elements of one multi-valued attribute of a user", f"{limits.MAX_ELEMENTS:,}", "400 invalidValue"
        ),
        DocumentedLimit("All values of one user together", f"{limits.MAX_USER_BYTES:,} bytes", "400 invalidValue"),
        DocumentedLimit(
            "userName, displayName and externalId", f"{limits.MAX_NAME:,} characters each", "400 invalidValue"
        ),
        DocumentedLimit("Members of a group", "no limit but the body's", "413"),
        DocumentedLimit(
            "A number as a value, and as large a negative one", f"{limits.MAX_NUMBER:,}", "400 invalidValue"
        ),
        DocumentedLimit("Custom attributes", f"{limits.MAX_CUSTOM_ATTRIBUTES:,}", "none can be declared any more"),
        DocumentedLimit(
            "Schema URN, colon and name of a custom attribute",
            f"{limits.MAX_CUSTOM_PATH:,} characters",
            "it can't be declared",
        ),
        DocumentedLimit(
            "Description of a custom attribute", f"{limits.MAX_CUSTOM_DESCRIPTION:,} characters", "it can't be declared"
        ),
    )


def _time() -> tuple[DocumentedLimit, ...]:
    again = f"503 with Retry-After: {RETRY_AFTER}"
    return (
        DocumentedLimit("One statement in the database", f"{REQUEST.statement:,} seconds", again),
        DocumentedLimit("Waiting for somebody else's change", f"{REQUEST.lock:,} seconds", again),
        DocumentedLimit(
            "Waiting for a thread of the web server",
            f"{LONGEST_WAIT:,} seconds, and {WAITING_FOR_EACH:,} requests for each thread",
            f"503 with Retry-After: {AFTER_OVERLOAD}",
        ),
        DocumentedLimit(
            "The body of a request, until it has arrived",
            f"{BODY_SECONDS:,} seconds, and a second more for every {SLOWEST:,} bytes",
            "408",
        ),
    )
