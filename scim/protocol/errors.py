"""SCIM errors that reading and applying a request raises, each with its scimType (RFC 7644 §3.12, table 9). Pure.

Which status a refusal of the directory gets, and the errors that only HTTP knows, are in ``scim/http/errors.py``.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django_scim.exceptions import SCIMException


class ScimError(SCIMException):  # type: ignore[misc]  # django_scim is untyped
    """A request that is refused: its status, its scimType where the RFC has one, and the headers that go with them.

    ``reason`` is the code that the provisioning log stores, with ``parameters``; it is the scimType where there is one.
    """

    status = HTTPStatus.BAD_REQUEST
    scim_type: str | None = None
    headers: Mapping[str, str] = {}
    reason = ""
    parameters: Mapping[str, Any] = {}

    def __init__(self, detail: str, *, status: int | None = None, scim_type: str | None = None) -> None:
        super().__init__(detail, status=status, scim_type=scim_type)
        self.reason = self.reason or self.scim_type or ""

    def __str__(self) -> str:
        return str(self.detail)

    def to_dict(self) -> dict[str, Any]:
        """The Error message. ``status`` is a JSON string (RFC 7644 §3.12)."""
        return {**super().to_dict(), "status": str(int(self.status))}


class InvalidFilter(ScimError):
    scim_type = "invalidFilter"


class TooMany(ScimError):
    """A filter that asks for more work than is done for one request."""

    scim_type = "tooMany"


class InvalidPath(ScimError):
    scim_type = "invalidPath"


class UnknownName(InvalidPath):
    """A path that can be read, and names what no schema has."""


class InvalidSyntax(ScimError):
    scim_type = "invalidSyntax"


class InvalidValue(ScimError):
    scim_type = "invalidValue"


class NoTarget(ScimError):
    scim_type = "noTarget"


class Mutability(ScimError):
    scim_type = "mutability"


class InvalidCursor(ScimError):
    """RFC 9865 §2.1."""

    scim_type = "invalidCursor"


class ExpiredCursor(ScimError):
    """RFC 9865 §2.3."""

    scim_type = "expiredCursor"


class TooLarge(ScimError):
    """A body, or a list of operations, that is larger than is read (RFC 7644 §3.7.4, RFC 9110 §15.5.14)."""

    reason = "too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
