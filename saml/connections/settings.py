"""The settings of a connection, read and changed as a whole by the page's form and by the command."""

from dataclasses import dataclass, fields
from typing import Any, Final
from uuid import UUID

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.directory.identity_linking.domains import set_domains
from gatekeeper.directory.identity_linking.home_realm_discovery import domains_of
from gatekeeper.directory.identity_linking.identity_providers import rename_identity_provider
from gatekeeper.runtime.transactions import one_transaction
from saml.connections.audit_entries import record_about
from saml.connections.claims import set_claim_mapping, set_person_claim
from saml.metadata.acceptance import facts_in_force, live_connection, read_pinned, require_acceptable
from saml.metadata.fetch import fetch_metadata
from saml.metadata.signature import read_pin
from saml.models import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionSettings:
    """``metadata_url``: "" when the document is uploaded by hand. ``sign_requests``: whether what we send is signed.

    ``accept_signed_response``: whether the signature of the Response vouches for an unsigned assertion in it.

    ``domains``: none, or those whose people it names. ``pin``: SHA-256 of the certificate that has to have signed the
    metadata, or "". ``person_claim``: the claim that says who signs in, "" for the NameID. ``claim_mapping``: profile
    field -> claim, None for the usual ones.
    """

    name: str
    metadata_url: str
    accept_idp_initiated: bool
    sign_requests: bool
    accept_signed_response: bool
    domains: tuple[str, ...]
    pin: str
    person_claim: str
    claim_mapping: dict[str, str] | None


# Those that are columns of the connection's own row, by the name of the column; the others have services of their own.
_COLUMNS: Final = {
    "metadata_url": "idp_metadata_url",
    "accept_idp_initiated": "accept_idp_initiated",
    "sign_requests": "sign_requests",
    "accept_signed_response": "accept_signed_response",
    "pin": "metadata_pin",
}
# What can be switched on and off; each is a column of the same name.
SWITCHES: Final = tuple(field.name for field in fields(ConnectionSettings) if field.type is bool)


def settings_of(connection: Connection) -> ConnectionSettings:
    """What is chosen now."""
    return ConnectionSettings(
        name=connection.name,
        domains=domains_of(connection.id),
        person_claim=connection.person_claim,
        claim_mapping=connection.claim_mapping,
        **{name: getattr(connection, column) for name, column in _COLUMNS.items()},
    )


def edit_connection(connection_id: UUID, wanted: ConnectionSettings, *, actor: Actor) -> Connection:
    """Make the settings what is wanted; what stays the same leaves no trace.

    Another address is asked first, outside the transaction: it must describe the same identity provider, and fit the
    pin. What it says is taken by the next refresh, not now.
    Raises: IdentityProviderNotFound; InvalidValue; MetadataRefused; DomainTaken; NobodyCouldConfigure.
    """
    _check_new_address(live_connection(connection_id), wanted.metadata_url.strip(), read_pin(wanted.pin))
    return choose_settings(connection_id, wanted, actor=actor)


@one_transaction()
def choose_settings(connection_id: UUID, wanted: ConnectionSettings, *, actor: Actor) -> Connection:
    """Change the settings without fetching the metadata at a new address."""
    before = settings_of(live_connection(connection_id))
    rename_identity_provider(connection_id, wanted.name, actor=actor)
    set_domains(connection_id, wanted.domains, actor=actor)
    if wanted.person_claim != before.person_claim:
        set_person_claim(connection_id, wanted.person_claim, actor=actor)
    if wanted.claim_mapping != before.claim_mapping:
        set_claim_mapping(connection_id, wanted.claim_mapping, actor=actor)
    values: dict[str, Any] = {column: getattr(wanted, name) for name, column in _COLUMNS.items()}
    values |= {"idp_metadata_url": wanted.metadata_url.strip(), "metadata_pin": read_pin(wanted.pin)}
    return _save(connection_id, values, actor=actor)


def _check_new_address(connection: Connection, url: str, pin: str) -> None:
    if url in ("", connection.idp_metadata_url):
        return
    connection.metadata_pin = pin  # not saved: what the new address says has to fit the new pin
    require_acceptable(connection, read_pinned(connection, fetch_metadata(url)), by_hand=False)


def describe_settings(connection: Connection) -> dict[str, Any]:
    """The JSON object of ``saml_connection settings``; ``metadata_signer`` signed the document that is in force."""
    chosen = settings_of(connection)
    return {
        "id": str(connection.id),
        "name": connection.name,
        "idp_metadata_url": connection.idp_metadata_url or None,
        **{name: getattr(chosen, name) for name in SWITCHES},
        "domains": list(chosen.domains),
        "metadata_pin": connection.metadata_pin or None,
        "metadata_signer": facts_in_force(connection).signer or None,
        "person_claim": connection.person_claim or None,
        "claim_mapping": connection.claim_mapping,
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
    record_about(
        connection,
        Event.CONNECTION_CHANGED,
        actor=actor,
        before=before,
        after=values,
    )
    return connection
