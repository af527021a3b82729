"""SCIM errors that HTTP adds, and the SCIM error for each refusal of the directory (RFC 7644 §3.12)."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from django_scim.settings import scim_settings

from gatekeeper import errors
from gatekeeper.audit.provisioning_codes import FailureReason
from gatekeeper.runtime.database_limits import RETRY_AFTER as AFTER_THE_DATABASE
from scim.protocol.errors import ScimError


class Unauthorized(ScimError):
    reason = "unauthorized"
    status = HTTPStatus.UNAUTHORIZED
    headers = {"WWW-Authenticate": scim_settings.WWW_AUTHENTICATE_HEADER}


class Forbidden(ScimError):
    reason = "forbidden"
    status = HTTPStatus.FORBIDDEN


class AddressNotAllowed(Forbidden):
    """The credential is right, and the client's address is in none of its networks."""

    reason = FailureReason.ADDRESS_NOT_ALLOWED

    def __init__(self, address: str) -> None:
        super().__init__(
            f"This credential is not accepted from {address or 'an unknown address'}; an administrator of this site "
            "sets its networks on the SCIM page."
        )
        self.parameters = {"address": address}


class TooManyRequests(ScimError):
    """More requests than are served for this credential (RFC 6585 §4). ``seconds``: until one is served again."""

    reason = FailureReason.TOO_MANY_REQUESTS
    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, rate: int, seconds: int) -> None:
        super().__init__(f"This credential sends more than {rate:,} requests a second; nothing was done with this one.")
        self.headers = {"Retry-After": str(seconds)}  # whole seconds: Okta doesn't read a date
        self.parameters = {"rate": rate}


class NotFound(ScimError):
    reason = "not_found"
    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(ScimError):
    reason = "method_not_allowed"
    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        names = ", ".join(sorted(allowed))
        super().__init__(f"{method} is not possible here; possible are {names}.")
        self.headers = {"Allow": names}


class NotAcceptable(ScimError):
    reason = "not_acceptable"
    status = HTTPStatus.NOT_ACCEPTABLE


class Conflict(ScimError):
    reason = "conflict"
    status = HTTPStatus.CONFLICT


class UnsupportedMediaType(ScimError):
    reason = "unsupported_media_type"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class UnsupportedCoding(UnsupportedMediaType):
    """A Content-Encoding that isn't read; the answer says which one is (RFC 9110 §12.5.3)."""

    headers = {"Accept-Encoding": "gzip"}


class PreconditionFailed(ScimError):
    """RFC 9110 §15.5.13."""

    reason = "precondition_failed"
    status = HTTPStatus.PRECONDITION_FAILED


class NotImplementedHere(ScimError):
    reason = "not_implemented"
    status = HTTPStatus.NOT_IMPLEMENTED


class Unavailable(ScimError):
    """The database can't do its work just now; identity providers repeat the request (RFC 9110 §15.6.4).

    ``why``: a word of ``database_limits.reason_of``. A database that is away may have kept what it did not confirm.
    """

    reason = FailureReason.DATABASE_BUSY
    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, why: str) -> None:
        super().__init__(_NO_DATABASE.get(why, "The directory is busy; nothing was changed. Repeat the request."))


_NO_DATABASE = {
    "unavailable": "The directory's database does not answer. Repeat the request.",
    "read_only": "The directory's database takes no changes just now; nothing was changed. Repeat the request.",
}


class Overloaded(ScimError):
    """More requests at once than there are threads and places to wait (RFC 9110 §15.6.4)."""

    reason = "overloaded"
    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("More is asked of this site than it can answer; nothing was changed. Repeat the request.")


class ArrivedTooSlowly(ScimError):
    """The body did not arrive in time (RFC 9110 §15.5.9)."""

    reason = "too_slow"
    status = HTTPStatus.REQUEST_TIMEOUT

    def __init__(self) -> None:
        super().__init__("The body did not arrive in time; nothing was changed. Repeat the request.")


class InternalError(ScimError):
    """An unforeseen failure, which is logged; the client learns nothing of it (RFC 9110 §15.6.1)."""

    reason = FailureReason.INTERNAL_ERROR
    status = HTTPStatus.INTERNAL_SERVER_ERROR


StatusAndType = tuple[HTTPStatus, str | None]

# A subclass is answered like its nearest listed parent, so that a new refusal of the directory is never a 500.
DOMAIN_ERRORS: Mapping[type[errors.DomainError], StatusAndType] = {
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


def scim_error_of(error: errors.DomainError) -> ScimError:
    """The SCIM error that answers a refusal of the directory."""
    status, scim_type = next(DOMAIN_ERRORS[kind] for kind in type(error).__mro__ if kind in DOMAIN_ERRORS)
    answer = ScimError(str(error), status=status, scim_type=scim_type)
    answer.reason, answer.parameters = error.code, error.parameters
    return answer
