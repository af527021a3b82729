"""Who may send commands to a connection: what an administrator set, or else what the metadata says."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from lxml import etree

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.errors import InvalidValue
from gatekeeper.outbound.public_addresses import is_usable_address, site_is_local
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.bearer_keys import KeyKind, digest
from saml.addresses import event_addresses_of
from saml.connections.audit_entries import record_about
from saml.errors import UnreadableXml
from saml.metadata import METADATA_LIMIT
from saml.metadata.acceptance import live_connection, origin
from saml.models import Connection, EventSource, SourceKind
from saml.xml.parser import DS, MD, parse, tag, text

SECRETS = KeyKind("gke_")
_OKTA = "http://www.okta.com/"  # how each of its entityIDs begins, whatever the domain of the tenant
_OKTA_KEYS = "/oauth2/v1/keys"
_OIDC_METADATA = "urn:mace:shibboleth:metadata:oidc:1.0"  # its element JwksUri stands inside a KeyInfo
_LONGEST = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Whose tokens are believed. ``audience``: what they have to be for."""

    issuer: str
    jwks_url: str
    audience: str
    secret_digest: str = ""
    from_metadata: bool = False
    is_own_audience: bool = True  # the address itself, and nothing that somebody set


def source_of(connection: Connection, kind: SourceKind) -> Source | None:
    """None when nobody may send commands of this kind."""
    return _source(connection, kind, EventSource.objects.filter(connection=connection, kind=kind).first())


def sources_of(connection: Connection) -> dict[SourceKind, Source | None]:
    """Those of every kind. One query."""
    chosen = {each.kind: each for each in EventSource.objects.filter(connection=connection)}
    return {kind: _source(connection, kind, chosen.get(kind)) for kind in SourceKind}


def _source(connection: Connection, kind: SourceKind, chosen: EventSource | None) -> Source | None:
    own = _own_address(connection.id, kind)
    if chosen is None:
        stated = stated_in_metadata(connection) if kind == SourceKind.REVOCATION else None
        return stated and Source(issuer=stated[0], jwks_url=stated[1], audience=own, from_metadata=True)
    if not chosen.issuer:
        return None
    return Source(
        issuer=chosen.issuer,
        jwks_url=chosen.jwks_url,
        audience=chosen.audience or own,
        secret_digest=chosen.secret_digest,
        is_own_audience=not chosen.audience,
    )


def stated_in_metadata(connection: Connection) -> tuple[str, str] | None:
    """Issuer and JWKS URL, where the document says them: by JwksUri, or because it is Okta's, which has one place."""
    if connection.idp_entity_id.startswith(_OKTA):
        return origin(connection.sso_url), origin(connection.sso_url) + _OKTA_KEYS
    url = _jwks_uri(bytes(connection.document))
    return (connection.idp_entity_id, url) if url else None


def _jwks_uri(document: bytes) -> str:
    if b"JwksUri" not in document:
        return ""
    try:
        root = parse(document, limit=METADATA_LIMIT)
    except UnreadableXml:
        return ""
    path = f"{tag(MD, 'IDPSSODescriptor')}/{tag(MD, 'KeyDescriptor')}/{tag(DS, 'KeyInfo')}/{{{_OIDC_METADATA}}}JwksUri"
    stated = [text(each).strip() for each in _elements(root, path)]
    return stated[0] if len(set(stated)) == 1 and is_usable_address(stated[0], allow_http=site_is_local()) else ""


def _elements(root: etree._Element, path: str) -> list[etree._Element]:
    return list(root.iterfind(path))


@one_transaction()
def set_source(
    connection_id: UUID, kind: SourceKind, *, issuer: str, jwks_url: str, audience: str = "", actor: Actor
) -> None:
    """Believe these commands from now on; with everything empty, nobody's.

    Raises: IdentityProviderNotFound; InvalidValue for half of it, and for an address that would not be fetched.
    """
    issuer, jwks_url, audience = issuer.strip(), jwks_url.strip(), audience.strip()
    check_source(issuer=issuer, jwks_url=jwks_url, audience=audience)
    connection = Connection.objects.locked(connection_id)
    chosen, _ = EventSource.objects.get_or_create(connection=connection, kind=kind)
    before = _facts(chosen)
    chosen.issuer, chosen.jwks_url, chosen.audience = issuer, jwks_url, audience if issuer else ""
    chosen.secret_digest = chosen.secret_digest if issuer else ""
    _save(connection, chosen, before, actor=actor)


def check_source(*, issuer: str, jwks_url: str, audience: str) -> None:
    """Raises: InvalidValue naming the field."""
    if bool(issuer) != bool(jwks_url):
        missing = "jwks_url" if issuer else "issuer"
        raise InvalidValue(missing, _("give both the issuer and the JWKS URL, or neither."))
    if audience and not issuer:
        raise InvalidValue("issuer", _("give the issuer and the JWKS URL too, or leave the audience empty."))
    for name, value in (("issuer", issuer), ("jwks_url", jwks_url), ("audience", audience)):
        if len(value) > _LONGEST or any(ord(character) < 33 for character in value):
            raise InvalidValue(name, _("use at most %(longest)s characters, without spaces."), longest=_LONGEST)
    if jwks_url and not is_usable_address(jwks_url, allow_http=site_is_local()):
        raise InvalidValue("jwks_url", _("the address must begin with https:// and name a host."))


@one_transaction()
def make_secret(connection_id: UUID, *, actor: Actor) -> str:
    """A new value for the Authorization header of pushed events, shown this one time; the former one stops working.

    Raises: IdentityProviderNotFound; InvalidValue while nobody's events are believed.
    """
    secret = SECRETS.new()
    _set_secret(connection_id, digest(f"Bearer {secret}"), actor=actor)
    return f"Bearer {secret}"


def remove_secret(connection_id: UUID, *, actor: Actor) -> None:
    """Believe pushed events by their signature alone."""
    with one_transaction():
        _set_secret(connection_id, "", actor=actor)


def _set_secret(connection_id: UUID, secret_digest: str, *, actor: Actor) -> None:
    connection = Connection.objects.locked(connection_id)
    chosen = EventSource.objects.filter(connection=connection, kind=SourceKind.EVENTS).exclude(issuer="").first()
    if chosen is None:
        raise InvalidValue("secret", _("set the issuer and the JWKS URL of the event stream first."))
    before = _facts(chosen)
    chosen.secret_digest = secret_digest
    _save(connection, chosen, before, actor=actor)


def _save(connection: Connection, chosen: EventSource, before: dict[str, Any], *, actor: Actor) -> None:
    after = _facts(chosen)
    if before == after:
        return
    chosen.save()
    record_about(
        connection,
        Event.EVENT_SOURCE_SET,
        actor=actor,
        before=before,
        after=after,
    )


def _facts(chosen: EventSource) -> dict[str, Any]:
    """For the audit trail; of the secret only which one it is."""
    return {
        "kind": str(chosen.kind),
        "issuer": chosen.issuer,
        "jwks_url": chosen.jwks_url,
        "audience": chosen.audience,
        "authorization_header_sha256": chosen.secret_digest,
    }


def describe_sources(connection_id: UUID) -> dict[str, Any]:
    """The part of ``saml_connection settings`` about commands of the identity provider."""
    connection = live_connection(connection_id)
    addresses = event_addresses_of(connection.id)
    sources = sources_of(connection)
    revocation, events = sources[SourceKind.REVOCATION], sources[SourceKind.EVENTS]
    return {
        "global_token_revocation": {
            "url": addresses.global_token_revocation,
            "issuer": revocation.issuer if revocation else None,
            "jwks_url": revocation.jwks_url if revocation else None,
            "from_metadata": bool(revocation and revocation.from_metadata),
        },
        "security_events": {
            "url": addresses.security_events,
            "issuer": events.issuer if events else None,
            "jwks_url": events.jwks_url if events else None,
            "audience": events.audience if events else None,
            "wants_authorization_header": bool(events and events.secret_digest),
        },
    }


def _own_address(connection_id: UUID, kind: SourceKind) -> str:
    addresses = event_addresses_of(connection_id)
    return addresses.global_token_revocation if kind == SourceKind.REVOCATION else addresses.security_events
