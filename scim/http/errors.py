"""Refusals in SCIM words (RFC 7644 §3.12): our own, and the answer to each refusal of the directory."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django_scim.constants import SchemaURI
from django_scim.exceptions import SCIMException

from gatekeeper import errors
from gatekeeper.runtime.database_limits import RETRY_AFTER as AFTER_THE_DATABASE


class ScimProblem(SCIMException):  # type: ignore[misc]  # django_scim is untyped
    """A request that is refused; knows its status, its scimType (table 9) and the headers that go with them."""

    status = HTTPStatus.BAD_REQUEST
    scim_type: str | None = None

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers: dict[str, str] = {}

    def __str__(self) -> str:
        return str(self.detail)

    def to_dict(self) -> dict[str, Any]:
        """The Error document. ``status`` is a string in JSON (RFC 7644 §3.12)."""
        return error_document(self.status, str(self.detail), self.scim_type)


def error_document(status: int, detail: str, scim_type: str | None = None) -> dict[str, Any]:
    """An Error message (RFC 7644 §3.12)."""
    document: dict[str, Any] = {"schemas": [SchemaURI.ERROR], "status": str(int(status))}
    if scim_type:
        document["scimType"] = scim_type
    document["detail"] = detail
    return document


class InvalidFilter(ScimProblem):
    scim_type = "invalidFilter"


class TooMany(ScimProblem):
    """A filter that asks for more work than is done for one request (RFC 7644 §3.12, table 9)."""

    scim_type = "tooMany"


class InvalidPath(ScimProblem):
    scim_type = "invalidPath"


class InvalidSyntax(ScimProblem):
    scim_type = "invalidSyntax"


class InvalidValue(ScimProblem):
    scim_type = "invalidValue"


class NoTarget(ScimProblem):
    scim_type = "noTarget"


class Mutability(ScimProblem):
    scim_type = "mutability"


class InvalidCursor(ScimProblem):
    """RFC 9865 §2.1."""

    scim_type = "invalidCursor"


class ExpiredCursor(ScimProblem):
    """RFC 9865 §2.3."""

    scim_type = "expiredCursor"


class Unauthorized(ScimProblem):
    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers = {"WWW-Authenticate": 'Bearer realm="Gatekeeper SCIM"'}


class Forbidden(ScimProblem):
    status = HTTPStatus.FORBIDDEN


class NotFound(ScimProblem):
    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(ScimProblem):
    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        names = ", ".join(sorted(allowed))
        super().__init__(f"{method} is not possible here; possible are {names}.")
        self.headers = {"Allow": names}


class NotAcceptable(ScimProblem):
    status = HTTPStatus.NOT_ACCEPTABLE


class Conflict(ScimProblem):
    status = HTTPStatus.CONFLICT


class TooLarge(ScimProblem):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMediaType(ScimProblem):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class UnsupportedCoding(UnsupportedMediaType):
    """A Content-Encoding that isn't read; the answer says which one is (RFC 9110 §12.5.3)."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers = {"Accept-Encoding": "gzip"}


class PreconditionFailed(ScimProblem):
    """RFC 9110 §15.5.13."""

    status = HTTPStatus.PRECONDITION_FAILED


class NotImplementedHere(ScimProblem):
    status = HTTPStatus.NOT_IMPLEMENTED


class Unavailable(ScimProblem):
    """The database is busy; identity providers repeat the request (RFC 9110 §15.6.4)."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


Answer = tuple[HTTPStatus, str | None]

# A subclass answers like its nearest listed parent, so that a new refusal of the directory is never a 500.
SCIM_ANSWER: Mapping[type[errors.DomainError], Answer] = {
    errors.DomainError: (HTTPStatus.BAD_REQUEST, "invalidValue"),
    errors.NotFound: (HTTPStatus.NOT_FOUND, None),
    errors.NameTaken: (HTTPStatus.CONFLICT, "uniqueness"),
    errors.InvalidValue: (HTTPStatus.BAD_REQUEST, "invalidValue"),
    errors.VersionMismatch: (HTTPStatus.PRECONDITION_FAILED, None),
    errors.NobodyCouldConfigure: (HTTPStatus.CONFLICT, None),
    # Not 403, which Entra takes for a wrong key; after 429 it repeats the change until somebody lets it through.
    errors.HeldForApproval: (HTTPStatus.TOO_MANY_REQUESTS, None),
    errors.SignInRefused: (HTTPStatus.FORBIDDEN, None),
}


RETRY_AFTER: Mapping[int, str] = {
    HTTPStatus.TOO_MANY_REQUESTS: "3600",  # whole seconds: Okta doesn't read a date
    HTTPStatus.SERVICE_UNAVAILABLE: AFTER_THE_DATABASE,
}


def answer_to(error: errors.DomainError) -> Answer:
    """Status and scimType for a refusal of the directory."""
    return next(SCIM_ANSWER[kind] for kind in type(error).__mro__ if kind in SCIM_ANSWER)
