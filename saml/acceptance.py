"""May this metadata document take the place of the one that is in force? Asked by refresh, preview and settings."""

from uuid import UUID

from django.utils import timezone

from gatekeeper.errors import IdentityProviderNotFound
from saml.errors import MetadataRefused
from saml.fetch import fetch_metadata, site_is_local
from saml.metadata import MetadataFacts, read_metadata
from saml.models import Connection


def live_connection(connection_id: UUID) -> Connection:
    """Raises: IdentityProviderNotFound when it never was, or was deleted."""
    connection = Connection.objects.live().filter(pk=connection_id).first()
    if connection is None:
        raise IdentityProviderNotFound(connection_id)
    return connection


def document_of(connection: Connection) -> bytes:
    """The document at the connection's address. Uploaded metadata has none, and is as good as it was.

    Raises: MetadataRefused.
    """
    if not connection.idp_metadata_url:
        return bytes(connection.document)
    return fetch_metadata(connection.idp_metadata_url)


def read_first(document: bytes, *, pin: str = "") -> MetadataFacts:
    """The facts of a document for a new connection. Raises: MetadataRefused."""
    facts = read_metadata(document, allow_http=site_is_local(), pin=pin)
    _require_unexpired(facts)
    return facts


def read_next(connection: Connection, document: bytes, *, by_hand: bool) -> MetadataFacts:
    """The facts of a document that may replace the one in force.

    Another entityID is never taken, and another sign-on host only ``by_hand``, from an administrator who saw it.
    Raises: MetadataRefused.
    """
    facts = read_metadata(document, allow_http=site_is_local(), pin=connection.metadata_pin)
    require_no_worse(connection, facts, by_hand=by_hand)
    return facts


def require_no_worse(connection: Connection, facts: MetadataFacts, *, by_hand: bool) -> None:
    """Raises: MetadataRefused with what would be worse than before."""
    if facts.entity_id != connection.idp_entity_id:
        raise MetadataRefused(
            "its entityID is another identity provider's; create a new connection if you mean to change over."
        )
    if not by_hand and origin(facts.sso_url) != origin(connection.sso_url):
        raise MetadataRefused("its sign-on address is on another host; refresh by hand to see it and take it.")
    if any(certificate.not_after > timezone.now() for certificate in connection.signing_certificates()):
        _require_unexpired(facts)


def origin(url: str) -> str:
    """Scheme and host of an address."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].lower()}"


def _require_unexpired(facts: MetadataFacts) -> None:
    if all(certificate.not_after <= timezone.now() for certificate in facts.certificates):
        raise MetadataRefused("all of its signing certificates have expired.")
