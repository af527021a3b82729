"""Whether a metadata document may replace the one in force; asked by refresh, preview and settings."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from gatekeeper.errors import IdentityProviderNotFound
from gatekeeper.outbound.public_addresses import site_is_local
from saml.errors import MetadataRefused
from saml.metadata import MetadataFacts, read_metadata
from saml.metadata.fetch import fetch_metadata
from saml.models import Connection
from saml.refusals.metadata_reasons import MetadataReason
from saml.refusals.metadata_texts import Finding

_SKEW = timedelta(minutes=2)  # between the clock of whoever made a certificate and ours


def live_connection(connection_id: UUID) -> Connection:
    """Raises: IdentityProviderNotFound when it never was, or was deleted."""
    connection = Connection.objects.live().filter(pk=connection_id).first()
    if connection is None:
        raise IdentityProviderNotFound(connection_id)
    return connection


def fetch_document_of(connection: Connection) -> bytes:
    """The document at the connection's address. Uploaded metadata has none, and is as good as it was.

    Raises: MetadataRefused.
    """
    if not connection.idp_metadata_url:
        return bytes(connection.document)
    return fetch_metadata(connection.idp_metadata_url)


def read_initial(document: bytes, *, pin: str = "", entity_id: str = "") -> MetadataFacts:
    """The facts of a document for a new connection. ``entity_id``: whom it has to describe, "" when there is no doubt.

    Raises: MetadataRefused; SeveralIdentityProviders when it was not said which of them is meant.
    """
    facts = read_metadata(document, allow_http=site_is_local(), pin=pin, wanted=entity_id)
    if entity_id and facts.entity_id != entity_id:
        raise MetadataRefused(MetadataReason.ANOTHER_ENTITY, stated=facts.entity_id[:200], entity_id=entity_id[:200])
    now = timezone.now()
    _require_in_its_time(facts, now)
    if all(
        each.not_after <= now for each in facts.certificates
    ):  # One that is not valid yet will be, and is warned of.
        raise MetadataRefused(MetadataReason.CERTIFICATES_EXPIRED)
    return facts


def read_pinned(connection: Connection, document: bytes) -> MetadataFacts:
    """The facts of another document for the same connection, which has to fit its pin. Raises: MetadataRefused."""
    return read_metadata(
        document, allow_http=site_is_local(), pin=connection.metadata_pin, wanted=connection.idp_entity_id
    )


def read_replacement(connection: Connection, document: bytes, *, by_hand: bool) -> MetadataFacts:
    """The facts of a document that may replace the one in force.

    Another entityID is never taken, and another sign-on host only ``by_hand``, from an administrator who saw it.
    Raises: MetadataRefused.
    """
    facts = read_pinned(connection, document)
    require_acceptable(connection, facts, by_hand=by_hand)
    return facts


def facts_in_force(connection: Connection) -> MetadataFacts:
    """What the document in force says. One that would be refused today stays in force: then what is kept of it."""
    try:
        return read_metadata(bytes(connection.document), allow_http=site_is_local(), wanted=connection.idp_entity_id)
    except MetadataRefused as refusal:
        because = {"because": refusal.finding.stored()}
        return MetadataFacts(
            entity_id=connection.idp_entity_id,
            sso_url=connection.sso_url,
            slo_url=connection.slo_url,
            certificates=tuple(connection.signing_certificates()),
            sha256=connection.document_sha256,
            left_out=(Finding(MetadataReason.IN_FORCE_REFUSED, because),),
            unsigned_because=Finding(MetadataReason.SIGNER_UNKNOWN, because),
        )


def require_acceptable(connection: Connection, facts: MetadataFacts, *, by_hand: bool) -> None:
    """Raises: MetadataRefused with what would be worse than before."""
    now = timezone.now()
    if facts.entity_id != connection.idp_entity_id:
        raise MetadataRefused(MetadataReason.ENTITY_ID_CHANGED)
    if not by_hand and origin(facts.sso_url) != origin(connection.sso_url):
        raise MetadataRefused(MetadataReason.SIGN_ON_HOST_CHANGED)
    _require_in_its_time(facts, now)
    if any(_is_valid(each.not_before, each.not_after, now) for each in connection.signing_certificates()):
        _require_valid_certificate(facts, now)


def origin(url: str) -> str:
    """Scheme and host of an address."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].lower()}"


def _require_in_its_time(facts: MetadataFacts, now: datetime) -> None:
    if facts.valid_until is not None and facts.valid_until <= now - _SKEW:
        raise MetadataRefused(MetadataReason.NO_LONGER_VALID, moment=facts.valid_until.isoformat())


def _require_valid_certificate(facts: MetadataFacts, now: datetime) -> None:
    """One that has expired signs nothing any more, and one that is not valid yet signs nothing so far."""
    if any(_is_valid(each.not_before, each.not_after, now) for each in facts.certificates):
        return
    coming = [each.not_before for each in facts.certificates if each.not_after > now]
    if not coming:
        raise MetadataRefused(MetadataReason.CERTIFICATES_EXPIRED)
    raise MetadataRefused(MetadataReason.CERTIFICATES_NOT_YET_VALID, moment=min(coming).isoformat())


def _is_valid(not_before: datetime, not_after: datetime, now: datetime) -> bool:
    return not_before <= now + _SKEW and now < not_after
