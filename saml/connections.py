"""What may be done with a SAML connection. Facts come only from a metadata document that was found good."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.sign_in import add_identity_provider, end_identity_provider
from gatekeeper.errors import IdentityProviderNotFound, InvalidValue, NeedsConfirmation
from saml.addresses import addresses_of
from saml.errors import MetadataRefused
from saml.fetch import fetch_metadata, site_is_local
from saml.metadata import MetadataFacts, read_metadata, warn_about_address
from saml.models import Certificate, Connection

LONGEST_NAME = 200
UNCHANGED = "unchanged"


def create_connection(
    name: str,
    *,
    actor: Actor,
    metadata_url: str = "",
    document: bytes | None = None,
    accept_idp_initiated: bool = False,
) -> Connection:
    """Begin to believe the identity provider that a metadata document describes.

    Exactly one of ``metadata_url`` (fetched now, outside the transaction, and again by each sync) and ``document``.
    Raises: InvalidValue for the name; MetadataRefused. Then nothing was made.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidValue("name", f"give the connection a name of at most {LONGEST_NAME} characters.")
    if bool(metadata_url) == (document is not None):
        raise InvalidValue("metadata", "give either the address of the metadata or the document itself.")
    if document is None:
        document = fetch_metadata(metadata_url)
    facts = read_metadata(document, allow_http=site_is_local())
    _require_unexpired(facts)
    with transaction.atomic():
        provider = add_identity_provider(name, actor=actor)
        connection = Connection(
            provider=provider, idp_metadata_url=metadata_url, accept_idp_initiated=accept_idp_initiated
        )
        _take(connection, facts, document)
        connection.save(force_insert=True)
        added, _ = _keep_certificates(connection, facts)
        _record_change(connection, Event.CONNECTION_CHANGED, actor, before=None, added=added, withdrawn=[])
    return connection


def refresh_connection(connection_id: UUID, *, actor: Actor, document: bytes | None = None) -> tuple[Connection, str]:
    """Read the metadata again, from its address or from ``document``; returns what came of it in a few words.

    A certificate that is not in it any more stops working now. Another entityID is never taken, and another sign-on
    host only from a document that an administrator handed over.
    Raises: IdentityProviderNotFound; MetadataRefused, and then the last good document stays in force.
    """
    connection = Connection.objects.live().filter(pk=connection_id).first()
    if connection is None:
        raise IdentityProviderNotFound(connection_id)
    by_hand = document is not None
    try:
        if document is None:
            document = _fetch_again(connection)
        facts = read_metadata(document, allow_http=site_is_local())
        _require_no_worse(connection, facts, by_hand=by_hand)
    except MetadataRefused as refusal:
        _note_failure(connection, refusal.reason)
        raise
    return _apply(connection_id, facts, document, actor=actor)


def delete_connection(connection_id: UUID, *, confirm: str, actor: Actor) -> None:
    """Stop believing an identity provider: links and sessions that came through it end now.

    Raises: IdentityProviderNotFound; NeedsConfirmation unless ``confirm`` is the connection's name to the letter;
            NobodyCouldConfigure when nobody else, and no local administrator, could come in.
    """
    connection = Connection.objects.live().filter(pk=connection_id).first()
    if connection is None:
        raise IdentityProviderNotFound(connection_id)
    if confirm != connection.name:
        raise NeedsConfirmation(
            f"Deleting {connection.name} signs out everybody who came through it; confirm with exactly that name."
        )
    end_identity_provider(connection_id, actor=actor)


@transaction.atomic
def set_accept_idp_initiated(connection_id: UUID, accept: bool, *, actor: Actor) -> Connection:
    """Choose whether unsolicited responses are believed at this connection. Raises: IdentityProviderNotFound."""
    connection = Connection.objects.live().filter(pk=connection_id).first()
    if connection is None:
        raise IdentityProviderNotFound(connection_id)
    if connection.accept_idp_initiated != accept:
        before = _facts(connection)
        connection.accept_idp_initiated = accept
        connection.save(update_fields=["accept_idp_initiated"])
        _record_change(connection, Event.CONNECTION_CHANGED, actor, before=before, added=[], withdrawn=[])
    return connection


def describe(connection: Connection) -> dict[str, Any]:
    """The JSON object of the command ``saml_connection``; ``metadata_url`` is ours, one of the four addresses."""
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
        "certificates": [
            {"sha256": each.sha256, "not_after": each.not_after.isoformat()}
            for each in connection.signing_certificates()
        ],
    }


def warnings_about(connection: Connection, now: datetime) -> list[str]:
    """Sentences for the page and doctor: certificates that run out, a last refresh that failed, a doubtful address."""
    found = [warn_about_address(connection.idp_metadata_url)]
    ends = [each.days_left(now) for each in connection.certificates.live()]
    days = max(ends, default=-1)
    if days < 0:
        found.append("Every signing certificate has expired, so nobody can sign in; renew it and refresh the metadata.")
    elif days <= 60:
        found.append(f"The last signing certificate expires in {days} day{'s' if days != 1 else ''}.")
    if connection.refresh_failed:
        found.append(f"The last refresh failed: {connection.refresh_result}")
    facts = read_metadata(bytes(connection.document), allow_http=site_is_local())
    return [warning for warning in (*found, *facts.warnings) if warning]


def _fetch_again(connection: Connection) -> bytes:
    """Uploaded metadata has no address; the document that was uploaded is as good as it was."""
    if not connection.idp_metadata_url:
        return bytes(connection.document)
    return fetch_metadata(connection.idp_metadata_url)


def _require_unexpired(facts: MetadataFacts) -> None:
    if all(certificate.not_after <= timezone.now() for certificate in facts.certificates):
        raise MetadataRefused("all of its signing certificates have expired.")


def _require_no_worse(connection: Connection, facts: MetadataFacts, *, by_hand: bool) -> None:
    if facts.entity_id != connection.idp_entity_id:
        raise MetadataRefused(
            "its entityID is another identity provider's; create a new connection if you mean to change over."
        )
    if not by_hand and _origin(facts.sso_url) != _origin(connection.sso_url):
        raise MetadataRefused("its sign-on address is on another host; upload the document if that is right.")
    if any(certificate.not_after > timezone.now() for certificate in connection.signing_certificates()):
        _require_unexpired(facts)


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].lower()}"


@transaction.atomic
def _apply(connection_id: UUID, facts: MetadataFacts, document: bytes, *, actor: Actor) -> tuple[Connection, str]:
    connection = Connection.objects.live().select_for_update(of=("self",)).get(pk=connection_id)
    before = _facts(connection)
    _take(connection, facts, document)
    connection.save()
    added, withdrawn = _keep_certificates(connection, facts)
    changed = added or withdrawn or before != _facts(connection)
    if changed:
        _record_change(connection, Event.CONNECTION_REFRESHED, actor, before=before, added=added, withdrawn=withdrawn)
    return connection, _result(changed=bool(changed), added=added, withdrawn=withdrawn)


def _result(*, changed: bool, added: list[str], withdrawn: list[str]) -> str:
    if added or withdrawn:
        return f"{len(added)} certificate{'s' if len(added) != 1 else ''} added, {len(withdrawn)} withdrawn"
    return "changed" if changed else UNCHANGED


def _take(connection: Connection, facts: MetadataFacts, document: bytes) -> None:
    now = timezone.now()
    connection.idp_entity_id = facts.entity_id
    connection.sso_url = facts.sso_url
    connection.slo_url = facts.slo_url
    connection.document = document
    connection.document_sha256 = hashlib.sha256(document).hexdigest()
    connection.refreshed_at = connection.tried_at = now
    connection.refresh_failed = False
    connection.refresh_result = "good"


def _note_failure(connection: Connection, reason: str) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        tried_at=timezone.now(), refresh_failed=True, refresh_result=reason[:500]
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
        "slo_url": connection.slo_url,
        "accept_idp_initiated": connection.accept_idp_initiated,
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
    record(
        event,
        actor=actor,
        kind="connection",
        object_id=connection.id,
        label=connection.name,
        before=before,
        after=after,
    )
