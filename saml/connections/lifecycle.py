"""What may be done with a SAML connection. Facts come only from a metadata document that was found good."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.directory.identity_linking.identity_providers import add_identity_provider, end_identity_provider
from gatekeeper.directory.models import SignInIdentity
from gatekeeper.errors import InvalidValue, NeedsConfirmation
from gatekeeper.runtime.transactions import one_transaction
from saml.addresses import addresses_of, event_addresses_of
from saml.connections.audit_entries import record_about
from saml.connections.certificate_health import certificate_warnings
from saml.connections.key_pairs import make_first_key_pair, retire_key_pairs
from saml.connections.refresh_results import RefreshCode, RefreshResult
from saml.connections.settings import SWITCHES, choose_settings, describe_settings, settings_of
from saml.errors import MetadataRefused
from saml.metadata import MetadataFacts
from saml.metadata.acceptance import facts_in_force, fetch_document_of, live_connection, read_initial, read_replacement
from saml.metadata.changes import metadata_change
from saml.metadata.fetch import fetch_metadata
from saml.metadata.products import UNKNOWN, recognise_product
from saml.metadata.signature import read_pin
from saml.models import Certificate, Connection
from saml.refusals.metadata_texts import Finding


def create_connection(
    name: str | None,
    *,
    actor: Actor,
    metadata_url: str = "",
    document: bytes | None = None,
    entity_id: str = "",
    pin: str = "",
    and_then: Callable[[Connection], None] | None = None,
    **chosen: Any,
) -> Connection:
    """Begin to believe the identity provider that a metadata document describes.

    What we send is signed from the start when the document asks for signed requests.
    Exactly one of ``metadata_url`` (fetched now, outside the transaction, and again by each sync) and ``document``.
    ``entity_id``: which identity provider is meant, where the document describes several. ``pin`` and ``chosen``: any
    of the ``ConnectionSettings`` by name. ``name``: None takes the product's or the host's.
    ``test_only`` (False): nobody signs in through it until it is switched on (``switching_on.py``).
    ``and_then``: is called with the new connection in its transaction; what it raises undoes everything.
    Raises: InvalidValue for the name or a domain; DomainTaken; MetadataRefused; SeveralIdentityProviders. Then
    nothing was made.
    """
    if bool(metadata_url) == (document is not None):
        raise InvalidValue("metadata", _("give either the address of the metadata or the document itself."))
    pin = read_pin(pin)
    if document is None:
        document = fetch_metadata(metadata_url)
    facts = read_initial(document, pin=pin, entity_id=entity_id)
    switches = {name: chosen.pop(name) for name in SWITCHES if name in chosen}
    test_only = bool(chosen.pop("test_only", False))
    with one_transaction():
        usual = _usual_name(facts) if name is None else name
        provider = add_identity_provider(usual, actor=actor, test_only=test_only)
        connection = Connection(
            provider=provider,
            idp_metadata_url=metadata_url,
            metadata_pin=pin,
            **{"sign_requests": facts.wants_signed_requests, **switches},
        )
        _take(connection, facts, document)
        connection.save(force_insert=True)
        added, _withdrawn = _keep_certificates(connection, facts)
        _record_change(connection, Event.CONNECTION_CHANGED, actor, before=None, added=added, withdrawn=[])
        make_first_key_pair(connection.id, actor=actor)
        if any(chosen.values()):
            connection = choose_settings(connection.id, replace(settings_of(connection), **chosen), actor=actor)
        if and_then is not None:
            and_then(connection)
    return connection


def refresh_connection(
    connection_id: UUID, *, actor: Actor, document: bytes | None = None, confirmed: str | None = None
) -> tuple[Connection, RefreshResult]:
    """Read the metadata again, from its address or from ``document``; returns the connection and the result.

    A certificate that is not in it any more stops working now. Another entityID is never taken, and another sign-on
    host only from a document that an administrator handed over or has seen: ``confirmed`` is the fingerprint of the
    ``MetadataChange`` that they said yes to.
    Raises: IdentityProviderNotFound; NeedsConfirmation when the change is not the confirmed one (any more);
    MetadataRefused, and then the last good document stays in force.
    """
    connection = live_connection(connection_id)
    by_hand = document is not None or confirmed is not None
    try:
        if document is None:
            document = fetch_document_of(connection)
        facts = read_replacement(connection, document, by_hand=by_hand)
    except MetadataRefused as refusal:
        record_refresh_failure(connection, refusal.finding)
        raise
    return _apply(connection_id, facts, document, confirmed, actor=actor)


@one_transaction()
def delete_connection(connection_id: UUID, *, confirm: str, actor: Actor) -> None:
    """Stop believing an identity provider: links and sessions that came through it end now.

    Raises: IdentityProviderNotFound; NeedsConfirmation unless ``confirm`` is the connection's name to the letter;
            NobodyCouldConfigure when nobody else, and no local administrator, could come in.
    """
    connection = live_connection(connection_id)
    if confirm != connection.name:
        raise NeedsConfirmation(
            _("Deleting %(name)s signs out everybody who came through it; confirm with exactly that name."),
            name=connection.name,
        )
    end_identity_provider(connection_id, actor=actor)
    retire_key_pairs(connection)


def describe(connection: Connection) -> dict[str, Any]:
    """What a connection is to the identity provider; ``metadata_url`` is ours, one of the four addresses."""
    addresses = addresses_of(connection.id)
    return {
        "id": str(connection.id),
        "name": connection.name,
        "idp_entity_id": connection.idp_entity_id,
        "sp_entity_id": addresses.metadata,
        "metadata_url": addresses.metadata,
        "sso_url": addresses.sso,
        "acs_url": addresses.acs,
        "logout_url": addresses.logout,
        "global_token_revocation_url": event_addresses_of(connection.id).global_token_revocation,
        "certificates": [
            {"sha256": each.sha256, "not_after": each.not_after.isoformat()}
            for each in connection.signing_certificates()
        ],
    }


def describe_fully(connection: Connection) -> dict[str, Any]:
    """The JSON object of the command ``saml_connection``: beside that what is chosen, and what came of the metadata.

    What begins with ``idp_`` is the identity provider's. ``left_out``: what its metadata has and is not used, and why.
    """
    facts = facts_in_force(connection)
    return {
        **describe(connection),
        "idp_metadata_url": connection.idp_metadata_url or None,
        "idp_sso_url": connection.sso_url,
        "idp_sso_binding": connection.sso_binding,
        "idp_slo_url": connection.slo_url or None,
        "idp_slo_response_url": connection.answer_url or None,
        "settings": describe_settings(connection),
        "people_linked": SignInIdentity.objects.live().filter(provider=connection.pk).count(),
        "wants_signed_requests": facts.wants_signed_requests,
        "test_only": connection.test_only,
        "left_out": [str(each) for each in facts.left_out],
        "warnings": [each.text for each in certificate_warnings(connection.signing_certificates(), timezone.now())],
    }


@one_transaction()
def _apply(
    connection_id: UUID, facts: MetadataFacts, document: bytes, confirmed: str | None, *, actor: Actor
) -> tuple[Connection, RefreshResult]:
    connection = Connection.objects.locked(connection_id)
    if confirmed is not None and metadata_change(connection, facts, document).fingerprint != confirmed:
        raise NeedsConfirmation(_("The metadata is not what was shown any more; look at what would change now."))
    before, same_document = _facts(connection), connection.document_sha256 == facts.sha256
    _take(connection, facts, document)
    connection.save()
    added, withdrawn = _keep_certificates(connection, facts)
    changed = added or withdrawn or before != _facts(connection)
    if changed:
        _record_change(connection, Event.CONNECTION_REFRESHED, actor, before=before, added=added, withdrawn=withdrawn)
    notes: dict[str, Any] = {}
    if facts.left_out and (changed or not same_document):
        notes["not_used"] = [each.stored() for each in facts.left_out]
    if facts.wants_signed_requests and not connection.sign_requests:
        notes["wants_signed_requests"] = True
    return connection, _result(notes, changed=bool(changed), added=len(added), withdrawn=len(withdrawn))


def _usual_name(facts: MetadataFacts) -> str:
    """What the product is called, else its host; with a number when that is taken."""
    product = recognise_product(facts.entity_id, facts.sso_url)
    name = product.name if product is not UNKNOWN else urlsplit(facts.sso_url).hostname or "Identity provider"
    taken = set(Connection.objects.live().values_list("provider__name", flat=True))
    names = (name if number == 1 else f"{name} {number}" for number in range(1, len(taken) + 2))
    return next(each for each in names if each not in taken)


def _result(notes: dict[str, Any], *, changed: bool, added: int, withdrawn: int) -> RefreshResult:
    if added or withdrawn:
        counts = {"added": added, "withdrawn": withdrawn}
        return RefreshResult(RefreshCode.CERTIFICATES_CHANGED, {**counts, **notes})
    return RefreshResult(RefreshCode.CHANGED if changed else RefreshCode.UNCHANGED, notes)


def _take(connection: Connection, facts: MetadataFacts, document: bytes) -> None:
    now = timezone.now()
    connection.idp_entity_id = facts.entity_id
    connection.sso_url = facts.sso_url
    connection.sso_binding = facts.sso_binding.value
    connection.slo_url = facts.slo_url
    connection.slo_binding = facts.slo_binding.value
    connection.slo_response_url = facts.slo_response_url
    connection.document = document
    connection.document_sha256 = facts.sha256
    connection.refreshed_at = connection.tried_at = now
    connection.refresh_failed = False
    connection.refresh_result, connection.refresh_parameters = "good", {}


def record_refresh_failure(connection: Connection, finding: Finding) -> None:
    """Keep why the metadata was not taken this time; the last good document stays in force."""
    Connection.objects.filter(pk=connection.pk).update(
        tried_at=timezone.now(),
        refresh_failed=True,
        refresh_result=finding.code.value,
        refresh_parameters=dict(finding.parameters),
    )


def _keep_certificates(connection: Connection, facts: MetadataFacts) -> tuple[list[str], list[str]]:
    """Make the live certificates exactly those of the document; returns the fingerprints added and withdrawn."""
    live = set(connection.certificates.live().values_list("sha256", flat=True))
    wanted = {certificate.sha256: certificate for certificate in facts.certificates}
    withdrawn = sorted(live - wanted.keys())
    connection.certificates.filter(sha256__in=withdrawn).end(timezone.now())
    Certificate.objects.bulk_create(
        Certificate(
            connection=connection,
            sha256=each.sha256,
            subject=each.subject,
            not_before=each.not_before,
            not_after=each.not_after,
            der=each.der,
        )
        for sha256, each in wanted.items()
        if sha256 not in live
    )
    return sorted(wanted.keys() - live), withdrawn


def _facts(connection: Connection) -> dict[str, Any]:
    return {
        "idp_entity_id": connection.idp_entity_id,
        "sso_url": connection.sso_url,
        "sso_binding": connection.sso_binding,
        "slo_url": connection.slo_url,
        "slo_binding": connection.slo_binding,
        "slo_response_url": connection.slo_response_url,
        "idp_metadata_url": connection.idp_metadata_url,
        "accept_idp_initiated": connection.accept_idp_initiated,
        "sign_requests": connection.sign_requests,
        "metadata_pin": connection.metadata_pin,
    }


def _record_change(
    connection: Connection,
    event: Event,
    actor: Actor,
    *,
    before: dict[str, Any] | None,
    added: list[str],
    withdrawn: list[str],
) -> None:
    after = {**_facts(connection), "certificates_added": added, "certificates_withdrawn": withdrawn}
    record_about(
        connection,
        event,
        actor=actor,
        before=before,
        after=after,
    )
