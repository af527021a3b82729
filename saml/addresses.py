"""The four addresses of a connection, built from PUBLIC_URL only, never from what a request claims."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Addresses:
    """``metadata`` is also the service provider's entityID: Entra's Identifier has to be a URL."""

    metadata: str
    sso: str
    acs: str
    logout: str


def addresses_of(connection_id: UUID) -> Addresses:
    """The addresses to copy into the identity provider."""
    return Addresses(
        *(
            settings.PUBLIC_URL + reverse(f"saml:{name}", args=(connection_id,))
            for name in ("metadata", "sso", "acs", "logout")
        )
    )


@dataclass(frozen=True, slots=True)
class EventAddresses:
    """Where an identity provider sends commands: one request for Universal Logout, and pushed security events."""

    global_token_revocation: str
    security_events: str


def event_addresses_of(connection_id: UUID) -> EventAddresses:
    """The addresses to copy into the identity provider, beside the four."""
    names = ("global_token_revocation", "security_events")
    return EventAddresses(*(settings.PUBLIC_URL + reverse(f"saml:{name}", args=(connection_id,)) for name in names))


def local_path(candidate: str | None) -> str:
    """``candidate`` when it is a path of this site, else "/".

    MessageRefused are absolute and protocol-relative addresses, backslashes (browsers read them as slashes), control
    characters (they split headers) and anything longer than a pending request can keep.
    """
    if not candidate or len(candidate) > 2000 or not candidate.startswith("/") or candidate.startswith("//"):
        return "/"
    if "\\" in candidate or any(ord(character) < 33 or ord(character) == 127 for character in candidate):
        return "/"
    return candidate
