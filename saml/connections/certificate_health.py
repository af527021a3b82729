"""What an administrator should look at before a connection stops working: its certificates, its metadata."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry
from saml.certificate_expiry import EXPIRED, Phase, Standing, in_days, lasting, standing
from saml.certificates import SigningCertificate
from saml.connections.key_pairs import warnings_about_keys
from saml.metadata import MetadataFacts, warn_about_address
from saml.metadata.acceptance import facts_in_force
from saml.models import Connection

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Concern:
    """One sentence about a connection's certificates; ``stops_sign_in`` when nobody can come in because of it."""

    text: str
    stops_sign_in: bool = False


def certificate_concerns(certificates: list[SigningCertificate], now: datetime) -> list[Concern]:
    """What is wrong, or will soon be, with the certificates that an identity provider publishes."""
    best = lasting(certificates, now)
    if best is None:
        return [Concern(_nobody_can_sign_in(certificates, now), stops_sign_in=True)]
    found = []
    for each in certificates:
        where = standing(each, now)
        if where.phase is Phase.ENDING:
            found.append(Concern(_ending(each, where, best)))
    return found


def warnings_about(connection: Connection, now: datetime) -> list[str]:
    """Sentences for the page: certificates that run out, a last refresh that failed, a doubtful address or pin."""
    facts = facts_in_force(connection)
    found = [concern.text for concern in certificate_concerns(connection.signing_certificates(), now)]
    if connection.refresh_failed:
        found.append(f"The last refresh failed: {connection.refresh_result} The last good document stays in force.")
    if facts.wants_signed_requests and not connection.sign_requests:
        found.append("The identity provider wants signed sign-on requests; switch on 'Sign our requests' below.")
    found += _out_of_its_time(facts, connection, now)
    doubt = warn_about_address(connection.idp_metadata_url)
    return [*found, *([doubt] if doubt else []), *warnings_about_keys(connection, now)]


def _out_of_its_time(facts: MetadataFacts, connection: Connection, now: datetime) -> list[str]:
    """What the document in force says about its own time; it stays in force, since nobody could sign in without it."""
    if facts.valid_until is not None and facts.valid_until <= now:
        ended = f"{facts.valid_until:%d %B %Y %H:%M} UTC"
        return [f"The metadata was valid until {ended} only (validUntil). It stays in force; have it published again."]
    if facts.cache is not None and connection.refresh_failed and connection.refreshed_at + facts.cache < now:
        return ["The metadata is older than its identity provider wants it to be used for (cacheDuration)."]
    return []


def announce_ending(connection: Connection, *, actor: Actor, now: datetime) -> int:
    """Say once for each certificate and step (``expiry.WARN_AT``, and the end itself) that it is running out.

    In the audit trail and in the log, hourly as the sync may ask. Returns how many entries were made.
    """
    count = 0
    for row in connection.certificates.live():
        where = standing(row, now)
        # One that had ended before it was known is only history in the document: Entra lists inactive ones too.
        news = where.step is not None and (where.step > EXPIRED or row.since < row.not_after)
        if news and not _announced(connection, row.sha256, where.step):
            _announce(connection, row.value(), where, actor=actor)
            count += 1
    return count


def _announced(connection: Connection, sha256: str, step: int | None) -> bool:
    said = AuditEntry.objects.filter(
        event=Event.CERTIFICATE_EXPIRING, object_kind="connection", object_id=str(connection.id)
    )
    return said.filter(after__sha256=sha256, after__step=step).exists()


@transaction.atomic
def _announce(connection: Connection, certificate: SigningCertificate, where: Standing, *, actor: Actor) -> None:
    record(
        Event.CERTIFICATE_EXPIRING,
        actor=actor,
        kind="connection",
        object_id=connection.id,
        label=f"{connection.name}: {where.words}",
        after={
            "sha256": certificate.sha256,
            "subject": certificate.subject,
            "not_after": certificate.not_after,
            "step": where.step,
        },
    )
    log.warning(
        "saml_certificate_expiring",
        connection=str(connection.id),
        sha256=certificate.sha256,
        standing=where.words,
        step=where.step,
    )


def _ending(certificate: SigningCertificate, where: Standing, best: SigningCertificate) -> str:
    ends = f"expires {in_days(where.days)} ({certificate.not_after:%d %B %Y})"
    if certificate.sha256 == best.sha256:
        return f"The last signing certificate {ends}; renew it at the identity provider and refresh the metadata."
    return (
        f"The signing certificate {certificate.sha256[:8]}… {ends}; another one is published already, valid until "
        f"{best.not_after:%d %B %Y}: see that the identity provider signs with it by then."
    )


def _nobody_can_sign_in(certificates: list[SigningCertificate], now: datetime) -> str:
    coming = [each for each in certificates if each.not_before > now]
    if coming:
        begins = min(each.not_before for each in coming)
        return f"No signing certificate is valid yet; nobody can sign in before {begins:%d %B %Y %H:%M} UTC."
    return "Every signing certificate has expired, so nobody can sign in; renew it and refresh the metadata."
