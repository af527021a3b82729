"""Conditional requests: what If-Match and If-None-Match ask of a resource (RFC 7644 §3.14, RFC 9110 §13)."""

from django.http import HttpRequest

from scim.http.errors import PreconditionFailed
from scim.protocol.errors import InvalidValue
from scim.protocol.versions import VersionCheck, etag, version_check


def expected_version(request: HttpRequest) -> VersionCheck | None:
    """What If-Match and If-None-Match ask of the present version of a resource that is about to be changed.

    Returns: None when they ask nothing (Entra and Okta never do); else the check, which runs under the lock of the
    write, so nothing can change in between. It raises PreconditionFailed (412) itself when If-None-Match says no.
    Raises:  InvalidValue for a header that can't be read: what the client made sure of would be anybody's guess.
    Spec:    RFC 9110 §13.2.2: If-Match first, then If-None-Match, where ``*`` is any version.
    """
    is_wanted = _read(request, "If-Match")
    is_unwanted = _read(request, "If-None-Match")
    if is_unwanted is None:
        return is_wanted

    def check(version: int) -> bool:
        if is_wanted is not None and not is_wanted(version):
            return False
        if is_unwanted(version):
            raise PreconditionFailed(f"The resource has the version {etag(version)}, which If-None-Match rules out.")
        return True

    return check


def require_version(request: HttpRequest, version: int) -> None:
    """Refuse a read whose If-Match names other versions. Raises: PreconditionFailed."""
    is_wanted = _read(request, "If-Match")
    if is_wanted is not None and not is_wanted(version):
        raise PreconditionFailed(f"The resource has the version {etag(version)} now; If-Match wants another one.")


def is_unchanged(request: HttpRequest, version: int) -> bool:
    """Whether If-None-Match names the present version: the client has it already (304).

    A header that can't be read names none, since answering with the whole resource does no harm.
    """
    try:
        check = _read(request, "If-None-Match")
    except InvalidValue:
        return False
    return check is not None and check(version)


def _read(request: HttpRequest, header: str) -> VersionCheck | None:
    value = request.headers.get(header)
    return None if value is None else version_check(value, header)
