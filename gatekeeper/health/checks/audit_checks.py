"""Is the audit trail as it was written, and does the database refuse to change it?"""

from django.db import connection
from django.utils import timezone

from gatekeeper.audit.chain import links, triggers, verification
from gatekeeper.audit.chain.head import kept_heads
from gatekeeper.audit.models import AuditHead
from gatekeeper.health.checks.result import Check, failed, ok, warning

CHECKED_LINKS = 1000  # of the audit trail's end; manage.py audit verify checks them all


def check_audit_trail() -> Check:
    """Whether the newest entries of the audit trail are as they were written, and whether new ones are being linked."""
    name = "audit_trail"
    verdict = verification.verify(last=CHECKED_LINKS)
    if verdict.problems:
        return failed(name, verdict.problems[0], "Find out who wrote to the database; see manage.py audit verify.")
    since = links.waiting_since()
    if since is not None and timezone.now() - since > links.LATE_AFTER:
        return warning(
            name,
            f"{verdict.waiting} entries are not linked yet.",
            "Start worker and beat, or run manage.py audit head.",
        )
    return _compared(name, verdict.checked)


def _compared(name: str, checked: int) -> Check:
    """All is well as far as the database goes; what does the file on this machine say?"""
    trail = AuditHead.objects.filter(pk=1).values_list("trail", flat=True).first()
    others = [kept.path.name for kept in kept_heads() if kept.trail != trail]
    newest = f"The newest {checked} links are as they were written"
    if others:
        fix = "If you exchanged the database yourself, delete the file; if not, find out who did."
        return warning(name, f"DATA_DIR/{others[0]} keeps the newest link of a trail that is not in the database.", fix)
    ours = [kept for kept in kept_heads() if kept.trail == trail]
    if not ours:
        return ok(name, f"{newest}; this machine keeps no head to compare with.")
    return ok(name, f"{newest}, and so is link {ours[0].head.position}, which this machine keeps.")


def check_audit_triggers() -> Check:
    """Whether the database itself refuses to change or delete audit entries."""
    name = "audit_triggers"
    with connection.cursor() as cursor:
        cursor.execute(triggers.present(connection.vendor))
        (count,) = cursor.fetchone()
    if count < triggers.expected(connection.vendor):
        fix = "Find out who removed it; manage.py migrate audit 0005, then manage.py migrate, make them anew."
        return failed(name, "A trigger that protects the audit trail is missing or switched off.", fix)
    return ok(name, "The database refuses to change or delete audit entries.")
