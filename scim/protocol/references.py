"""Reading ids and ``$ref``, the address of a user as clients write it (RFC 7643 §2.3.7). Pure."""

from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from scim.protocol.addresses import BASE_PATH, scim_url
from scim.protocol.errors import InvalidValue

_ENDPOINT = "users"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def as_id(text: str) -> UUID | None:
    """An id as this site writes it, or None."""
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def id_in_reference(address: str, label: str) -> str:
    """The id of the user that an address names: absolute, or relative as in ``../Users/ID``.

    Raises: InvalidValue for an address on another host, or of anything but a user.
    """
    try:
        parts = urlsplit(address)
        is_ours = not (parts.scheme or parts.netloc) or _origin(parts) == _origin(urlsplit(scim_url()))
    except ValueError:  # a port that is no number, half of an IPv6 address
        is_ours = False
    if not is_ours:
        raise InvalidValue(f"{label}: {address[:200]} is no address of this site; give the id of the user as value.")
    found = _id_in_path(parts)
    if found is None:
        raise InvalidValue(f"{label}: {address[:200]} is no address of a user; it ends with Users/ID.")
    return found


def _origin(parts: SplitResult) -> tuple[str | None, int | None]:
    """Host and port. http and https are one origin here: a proxy in front may speak either."""
    port = parts.port
    return parts.hostname, None if port == _DEFAULT_PORTS.get(parts.scheme) else port


def _id_in_path(parts: SplitResult) -> str | None:
    steps = [step for step in parts.path.split("/") if step not in ("", ".", "..")]
    base = [step for step in BASE_PATH.split("/") if step]
    if steps[: len(base)] == base:
        steps = steps[len(base) :]
    if parts.query or parts.fragment or not steps:
        return None
    if len(steps) == 1 and not parts.netloc:
        return steps[0] if as_id(steps[0]) else None
    return steps[1] if len(steps) == 2 and steps[0].lower() == _ENDPOINT else None
