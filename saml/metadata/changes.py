"""What another metadata document would change about a connection, shown before an administrator confirms it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gatekeeper.directory.models import SignInIdentity
from saml.certificate_state import certificate_state
from saml.certificates import SigningCertificate
from saml.errors import MetadataRefused
from saml.metadata import MetadataFacts
from saml.metadata.acceptance import (
    facts_in_force,
    fetch_document_of,
    live_connection,
    origin,
    read_pinned,
    require_acceptable,
)
from saml.models import Connection
from saml.refusals.metadata_texts import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedValue:
    """One value before and after."""

    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, kw_only=True, slots=True)
class MetadataChange:
    """The difference. ``refused`` says why it could not be taken at all; ``linked``: how many people are linked.

    ``left_out``: what the other document has and would not be used. ``offers_signing``: it wants signed requests, and
    ours are not.

    ``fingerprint`` stands for everything that is shown of it, so that a confirmation names exactly what was confirmed.
    """

    connection_id: UUID
    name: str
    document: bytes
    entity_id: ChangedValue
    sso_url: ChangedValue
    sso_binding: ChangedValue
    slo_url: ChangedValue
    slo_response_url: ChangedValue
    wants_signed_requests: ChangedValue
    signer: ChangedValue
    added: tuple[SigningCertificate, ...]
    withdrawn: tuple[SigningCertificate, ...]
    kept: tuple[SigningCertificate, ...]
    left_out: tuple[Finding, ...]
    linked: int
    offers_signing: bool
    refused: Finding | None

    @property
    def changed(self) -> bool:
        return bool(self.added or self.withdrawn) or any(pair.changed for _, pair in self._pairs())

    @property
    def moves_to_another_host(self) -> bool:
        return origin(self.sso_url.before) != origin(self.sso_url.after)

    @property
    def fingerprint(self) -> str:
        shown = self._shown()
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()

    def as_document(self, now: datetime) -> dict[str, Any]:
        """The JSON object of ``saml_connection refresh --dry-run``."""
        return {
            "connection": {"id": str(self.connection_id), "name": self.name},
            "dry_run": True,
            "changed": self.changed,
            "refused": str(self.refused) if self.refused else None,
            **{name: {"before": pair.before, "after": pair.after} for name, pair in self._pairs()},
            "certificates_added": [_certificate(each, now) for each in self.added],
            "certificates_withdrawn": [_certificate(each, now) for each in self.withdrawn],
            "certificates_kept": [_certificate(each, now) for each in self.kept],
            "left_out": [str(each) for each in self.left_out],
            "people_linked": self.linked,
            "fingerprint": self.fingerprint,
        }

    def _pairs(self) -> tuple[tuple[str, ChangedValue], ...]:
        return (
            ("idp_entity_id", self.entity_id),
            ("sso_url", self.sso_url),
            ("sso_binding", self.sso_binding),
            ("slo_url", self.slo_url),
            ("slo_response_url", self.slo_response_url),
            ("wants_signed_requests", self.wants_signed_requests),
            ("metadata_signer", self.signer),
        )

    def _shown(self) -> list[Any]:
        certificates = [[each.sha256 for each in group] for group in (self.added, self.withdrawn, self.kept)]
        pairs = [[name, pair.before, pair.after] for name, pair in self._pairs()]
        return [str(self.connection_id), pairs, certificates, self.refused.stored() if self.refused else None]


def compare_metadata(connection_id: UUID, document: bytes | None = None) -> MetadataChange:
    """What ``document``, or the one at the connection's address now, would change. Nothing is written.

    Raises: IdentityProviderNotFound; MetadataRefused for what cannot be fetched or read, or does not fit the pin.
    """
    connection = live_connection(connection_id)
    if document is None:
        document = fetch_document_of(connection)
    facts = read_pinned(connection, document)
    return metadata_change(connection, facts, document)


def metadata_change(connection: Connection, facts: MetadataFacts, document: bytes) -> MetadataChange:
    """What ``facts``, read from ``document``, would change; the present values are those of the connection's rows."""
    before = {each.sha256: each for each in connection.signing_certificates()}
    after = {each.sha256: each for each in facts.certificates}
    own = facts_in_force(connection)
    return MetadataChange(
        connection_id=connection.id,
        name=connection.name,
        document=document,
        entity_id=ChangedValue(before=connection.idp_entity_id, after=facts.entity_id),
        sso_url=ChangedValue(before=connection.sso_url, after=facts.sso_url),
        sso_binding=ChangedValue(before=connection.sso_binding, after=facts.sso_binding.value),
        slo_url=ChangedValue(before=connection.slo_url, after=facts.slo_url),
        slo_response_url=ChangedValue(before=connection.slo_response_url, after=facts.slo_response_url),
        wants_signed_requests=ChangedValue(before=_yes_no(own), after=_yes_no(facts)),
        signer=ChangedValue(before=own.signer, after=facts.signer),
        added=_sorted(after, after.keys() - before.keys()),
        withdrawn=_sorted(before, before.keys() - after.keys()),
        kept=_sorted(after, after.keys() & before.keys()),
        left_out=facts.left_out,
        offers_signing=facts.wants_signed_requests and not connection.sign_requests,
        linked=SignInIdentity.objects.live().filter(provider=connection.pk).count(),
        refused=_refused(connection, facts),
    )


def _yes_no(facts: MetadataFacts) -> str:
    return "yes" if facts.wants_signed_requests else "no"


def _refused(connection: Connection, facts: MetadataFacts) -> Finding | None:
    try:
        require_acceptable(connection, facts, by_hand=True)
    except MetadataRefused as refusal:
        return refusal.finding
    return None


def _sorted(certificates: dict[str, SigningCertificate], wanted: set[str]) -> tuple[SigningCertificate, ...]:
    return tuple(certificates[sha256] for sha256 in sorted(wanted))


def _certificate(certificate: SigningCertificate, now: datetime) -> dict[str, str]:
    return {
        "sha256": certificate.sha256,
        "subject": certificate.subject,
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
        "state": certificate_state(certificate, now).text,
    }
