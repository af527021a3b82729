"""Are the connections' certificates valid, our own keys readable, and the user sync on time?"""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from gatekeeper.health.checks.result import Check, failed, ok, warning
from gatekeeper.secrets.expiry_steps import WARN_AT
from gatekeeper.setup_steps import NO_CONNECTION
from saml.certificate_state import certificate_state, longest_valid
from saml.connections.certificate_health import certificate_warnings
from saml.connections.key_pairs import key_pairs, keys_are_readable
from saml.connections.switching_on import Proof, last_proofs
from saml.models import Connection, SyncRun, SyncState

WARN_BEFORE = timedelta(days=max(WARN_AT))  # before a key expires; as for certificates
SYNC_LATE_AFTER = timedelta(minutes=75)  # one missed minute 45 and some slack


def check_certificates() -> list[Check]:
    """What is to be done about each connection's signing certificates, and whether there is a connection."""
    proofs = last_proofs()
    found = [check for saml in Connection.objects.live() for check in _check_certificates_of(saml, proofs[saml.pk])]
    fix = "Create one under Settings > Configuration > Authentication."
    return found or [warning("saml_certificates", str(NO_CONNECTION), fix)]


def _check_certificates_of(saml: Connection, proof: Proof) -> Iterable[Check]:
    """Where nothing is to be done, also whether a sign-in or a test has shown that the connection works."""
    name, now, certificates = "saml_certificates", timezone.now(), saml.signing_certificates()
    concerns = certificate_warnings(certificates, now)
    fix = f"Renew the signing certificate at {saml.name}, then refresh the connection."
    for concern in concerns:
        yield (failed if concern.stops_sign_in else warning)(name, f"{saml.name}: {concern.text}", fix)
    best = longest_valid(certificates, now)
    if best is not None and not concerns:
        works = f"Working: a message was believed on {proof.at:%Y-%m-%d}" if proof.at else "Not tried yet"
        yield ok(name, f"{saml.name}: {certificate_state(best, now).text}. {works}.")


def check_own_certificates() -> list[Check]:
    """Days left of our own certificate at each connection, and whether its private key can be read."""
    name, found = "saml_own_certificates", []
    for saml in Connection.objects.live():
        days = key_pairs(saml)[0].days_left(timezone.now())
        fix = f"Run manage.py saml_connection rotate-key {saml.id}; docs/saml.md, 'Our own keys', says what comes next."
        if not keys_are_readable(saml):
            detail = f"{saml.name}: our private key cannot be read with the present SECRET_KEY."
            found.append(failed(name, detail, f"Restore SECRET_KEY. Or: {fix}"))
        elif days < WARN_BEFORE.days:
            found.append(warning(name, f"{saml.name}: our own certificate has {max(days, 0)} days left.", fix))
        else:
            found.append(ok(name, f"{saml.name}: our own certificate has {days} days left."))
    return found


def check_saml_sync() -> Check:
    """How long ago the last SAML user sync ended well."""
    last = SyncRun.objects.filter(state=SyncState.FINISHED).order_by("-finished_at").first()
    if last is None or last.finished_at is None:
        return warning("saml_sync", "No sync has finished yet.", "Wait for minute 45 or run manage.py sync_saml_users.")
    age = timezone.now() - last.finished_at
    minutes = int(age.total_seconds() // 60)
    if age > SYNC_LATE_AFTER:
        fix = "Look at the sync history and the worker's log; run manage.py sync_saml_users."
        return failed("saml_sync", f"The last sync that finished was {minutes} minutes ago.", fix)
    return ok("saml_sync", f"The last sync finished {minutes} minutes ago.")
