"""Warnings about a connection before it stops working: certificates that expire, metadata that is out of date."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit
from gatekeeper.language_forms import long_day, long_day_and_time
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.expiry_steps import EXPIRED
from saml.certificate_state import CertificateState, Phase, certificate_state, in_days, longest_valid
from saml.certificates import SigningCertificate
from saml.connections.key_pairs import key_pair_warnings
from saml.metadata import MetadataFacts, warn_about_address
from saml.metadata.acceptance import facts_in_force
from saml.models import Connection


@dataclass(frozen=True, slots=True)
class CertificateWarning:
    """One sentence about a connection's certificates; ``stops_sign_in`` when nobody can sign in because of it."""

    text: str
    stops_sign_in: bool = False


def certificate_warnings(certificates: list[SigningCertificate], now: datetime) -> list[CertificateWarning]:
    """Warnings about the certificates that an identity provider publishes."""
    best = longest_valid(certificates, now)
    if best is None:
        return [CertificateWarning(_no_valid_certificate_text(certificates, now), stops_sign_in=True)]
    found = []
    for each in certificates:
        state = certificate_state(each, now)
        if state.phase is Phase.ENDING:
            found.append(CertificateWarning(_expiry_text(each, state, best)))
    return found


def connection_warnings(connection: Connection, now: datetime) -> list[str]:
    """Sentences for the page: certificates that run out, a last refresh that failed, a doubtful address or pin."""
    facts = facts_in_force(connection)
    found = [concern.text for concern in certificate_warnings(connection.signing_certificates(), now)]
    if connection.refresh_failed:
        found.append(
            _("The last refresh failed: %(reason)s The last good document stays in force.")
            % {"reason": connection.refresh_text}
        )
    if facts.wants_signed_requests and not connection.sign_requests:
        found.append(_("The identity provider wants signed sign-on requests; switch on 'Sign our requests' below."))
    found += _validity_warnings(facts, connection, now)
    doubt = warn_about_address(connection.idp_metadata_url)
    return [*found, *([doubt] if doubt else []), *key_pair_warnings(connection, now)]


def _validity_warnings(facts: MetadataFacts, connection: Connection, now: datetime) -> list[str]:
    """Warnings about validUntil and cacheDuration; an outdated document stays in force so that people can sign in."""
    if facts.valid_until is not None and facts.valid_until <= now:
        text = _(
            "The metadata was valid until %(ended)s UTC only (validUntil). It stays in force; have it published again."
        )
        return [text % {"ended": long_day_and_time(facts.valid_until)}]
    if facts.cache is not None and connection.refresh_failed and connection.refreshed_at + facts.cache < now:
        return [_("The metadata is older than its identity provider wants it to be used for (cacheDuration).")]
    return []


def announce_expiring_certificates(connection: Connection, *, actor: Actor, now: datetime) -> int:
    """Announce certificates that expire, one time for each step (``secrets/expiry_steps.py``, and the end itself).

    Writes to the audit trail, and an event; the hourly sync calls it. Returns how many entries were made.
    """
    count = 0
    for row in connection.certificates.live():
        state = certificate_state(row, now)
        # One that had ended before it was known is only history in the document: Entra lists inactive ones too.
        is_due = state.step is not None and (state.step > EXPIRED or row.since < row.not_after)
        if is_due and not _announced(connection, row.sha256, state.step):
            _announce(connection, row.value(), state, actor=actor)
            count += 1
    return count


def _announced(connection: Connection, sha256: str, step: int | None) -> bool:
    said = AuditEntry.objects.filter(
        event=Event.CERTIFICATE_EXPIRING, object_kind="connection", object_id=str(connection.id)
    )
    return said.filter(after__sha256=sha256, after__step=step).exists()


@one_transaction()
def _announce(
    connection: Connection, certificate: SigningCertificate, state: CertificateState, *, actor: Actor
) -> None:
    facts = {
        "sha256": certificate.sha256,
        "subject": certificate.subject,
        "not_after": certificate.not_after,
        "step": state.step,
    }
    record(
        Event.CERTIFICATE_EXPIRING,
        actor=actor,
        kind="connection",
        object_id=connection.id,
        label=f"{connection.name}: {state.text}",
        after={**facts, "connection": connection.name},
    )
    emit(
        EventCode.CERTIFICATE_EXPIRING,
        actor=actor,
        kind="connection",
        object_id=connection.id,
        data={"connection": {"id": str(connection.id), "name": connection.name}, **facts},
    )


def _expiry_text(certificate: SigningCertificate, state: CertificateState, best: SigningCertificate) -> str:
    end = {"in_days": in_days(state.days), "date": long_day(certificate.not_after)}
    if certificate.sha256 == best.sha256:
        text = _(
            "The last signing certificate expires %(in_days)s (%(date)s); renew it at the identity provider and "
            "refresh the metadata."
        )
        return text % end
    text = _(
        "The signing certificate %(start)s… expires %(in_days)s (%(date)s); another one is published already, valid "
        "until %(other)s: see that the identity provider signs with it by then."
    )
    return text % {**end, "start": certificate.sha256[:8], "other": long_day(best.not_after)}


def _no_valid_certificate_text(certificates: list[SigningCertificate], now: datetime) -> str:
    coming = [each for each in certificates if each.not_before > now]
    if coming:
        begins = min(each.not_before for each in coming)
        text = _("No signing certificate is valid yet; nobody can sign in before %(begins)s UTC.")
        return text % {"begins": long_day_and_time(begins)}
    return _("Every signing certificate has expired, so nobody can sign in; renew it and refresh the metadata.")
