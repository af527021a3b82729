"""What an administrator chooses about a connection, all of it in one verb, for the page's form and for the command."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.domains import set_domains
from gatekeeper.directory.realms import domains_of
from gatekeeper.directory.sign_in import rename_identity_provider
from saml.acceptance import live_connection, require_no_worse
from saml.fetch import fetch_metadata, site_is_local
from saml.metadata import read_metadata
from saml.metadata_signature import read_pin
from saml.models import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionSettings:
    """``metadata_url``: "" when the document is uploaded by hand. ``sign_requests``: whether what we send is signed.

    ``domains``: none, or those whose people it names. ``pin``: SHA-256 of the certificate that has to have signed the
    metadata, or "".
    """

    name: str
    metadata_url: str
    accept_idp_initiated: bool
    sign_requests: bool
    domains: tuple[str, ...]
    pin: str


def settings_of(connection: Connection) -> ConnectionSettings:
    """What is chosen now."""
    return ConnectionSettings(
        name=connection.name,
        metadata_url=connection.idp_metadata_url,
        accept_idp_initiated=connection.accept_idp_initiated,
        sign_requests=connection.sign_requests,
        domains=domains_of(connection.id),
        pin=connection.metadata_pin,
    )


def edit_connection(connection_id: UUID, wanted: ConnectionSettings, *, actor: Actor) -> Connection:
    """Make the settings what is wanted; what stays the same leaves no trace.

    Another address is asked first, outside the transaction: it must describe the same identity provider, and fit the
    pin. What it says is taken by the next refresh, not now.
    Raises: IdentityProviderNotFound; InvalidValue; MetadataRefused; DomainTaken; NobodyCouldConfigure.
    """
    own: dict[str, Any] = {
        "accept_idp_initiated": wanted.accept_idp_initiated,
        "sign_requests": wanted.sign_requests,
        "idp_metadata_url": wanted.metadata_url.strip(),
        "metadata_pin": read_pin(wanted.pin),
    }
    _ask_new_address(live_connection(connection_id), own["idp_metadata_url"], own["metadata_pin"])
    with transaction.atomic():
        rename_identity_provider(connection_id, wanted.name, actor=actor)
        set_domains(connection_id, wanted.domains, actor=actor)
        return _save(connection_id, own, actor=actor)


def _ask_new_address(connection: Connection, url: str, pin: str) -> None:
    if url in ("", connection.idp_metadata_url):
        return
    facts = read_metadata(fetch_metadata(url), allow_http=site_is_local(), pin=pin)
    require_no_worse(connection, facts, by_hand=False)


def describe_settings(connection: Connection) -> dict[str, Any]:
    """The JSON object of ``saml_connection settings``; ``metadata_signer`` signed the document that is in force."""
    own = read_metadata(bytes(connection.document), allow_http=site_is_local())
    return {
        "id": str(connection.id),
        "name": connection.name,
        "idp_metadata_url": connection.idp_metadata_url or None,
        "accept_idp_initiated": connection.accept_idp_initiated,
        "sign_requests": connection.sign_requests,
        "domains": list(domains_of(connection.id)),
        "metadata_pin": connection.metadata_pin or None,
        "metadata_signer": own.signer or None,
    }


def _save(connection_id: UUID, values: dict[str, Any], *, actor: Actor) -> Connection:
    """Write those fields of the connection's own row that differ."""
    connection = Connection.objects.locked(connection_id)
    before = {name: getattr(connection, name) for name in values}
    if before == values:
        return connection
    for name, value in values.items():
        setattr(connection, name, value)
    connection.save(update_fields=list(values))
    record(
        Event.CONNECTION_CHANGED,
        actor=actor,
        kind="connection",
        object_id=connection.id,
        label=connection.name,
        before=before,
        after=values,
    )
    return connection
