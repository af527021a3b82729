"""Is the audit trail as it was written, and does the database refuse to change it?"""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from gatekeeper.audit.chain import links, triggers, verification
from gatekeeper.audit.chain.head import kept_heads
from gatekeeper.audit.chain.problems import problem_text
from gatekeeper.audit.chain.verification_runs import last_finished
from gatekeeper.audit.models import AuditEntry, AuditHead, SealingRun
from gatekeeper.audit.segments.sealing import failure_of
from gatekeeper.audit.segments.state import State, last_run, listed, state_of, summary, waits_for_erasure
from gatekeeper.health.checks.result import Check, failed, ok, warning

SEALING_TAKES = timedelta(hours=1)  # at most: the task's limit
ERASED_WITHIN = timedelta(days=2)  # by a daily run
CHECKED_LINKS = 1000  # of the audit trail's end; the daily verification checks them all
VERIFIED_WITHIN = timedelta(days=3)  # the whole, which is done daily

_FIND_OUT = "Find out who wrote to the database; see manage.py audit verify."
_VERIFY = "Start worker and beat, which do it each night, or run manage.py audit verify."


def check_audit_trail() -> Check:
    """Whether the newest entries of the audit trail are as they were written, and whether new ones are being linked."""
    name = "audit_trail"
    verdict = verification.verify(last=CHECKED_LINKS)
    if verdict.problems:
        return failed(name, str(verdict.problems[0]), _FIND_OUT)
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


def check_audit_verification() -> Check:
    """What did the last verification of the whole trail find, and is one done each day?"""
    name, last = "audit_verification", last_finished()
    if last is None or last.finished_at is None:
        oldest = AuditEntry.objects.order_by("id").values_list("at", flat=True).first()
        if oldest is not None and timezone.now() - oldest > VERIFIED_WITHIN:
            return warning(name, "The whole audit trail was never verified.", _VERIFY)
        return ok(name, "The whole audit trail is verified each night; no night has passed yet.")
    when = f"{last.finished_at:%Y-%m-%d %H:%M} UTC"
    if last.problems:
        more = f" and {len(last.problems) - 1} more" if len(last.problems) > 1 else ""
        detail = f"On {when} the whole audit trail was verified: {problem_text(last.problems[0])}{more}"
        return failed(name, detail, _FIND_OUT)
    if timezone.now() - last.finished_at > VERIFIED_WITHIN:
        return warning(name, f"The whole audit trail was last verified on {when}.", _VERIFY)
    return ok(name, f"On {when} all {last.checked:,} entries were as they were written.")


def check_audit_segments() -> Check:
    """Whether old audit entries go to sealed files as was chosen, and whether those are here."""
    name, segments, run = "audit_segments", listed(), last_run()
    if run is None and not segments:
        return ok(name, "Old audit entries stay in the database; none is in a file.")
    if run and run.failure:
        return failed(name, failure_of(run), "Mend that, and run manage.py audit seal.")
    states = [(segment, state_of(segment)) for segment in segments]
    other = next((each for each, state in states if state is State.SIZE_DIFFERS), None)
    if other:
        return failed(name, f"{other.file} has another size than was sealed.", "Run manage.py audit verify --segments.")
    missing = [each for each, state in states if state is State.MISSING]
    if missing:
        where = f"written on {missing[0].machine}" if missing[0].machine else "written elsewhere"
        fix = "Put them into DATA_DIR/audit_segments, or verify them where they are: audit verify --segments FOLDER."
        return warning(name, f"{len(missing)} files are not here, first {missing[0].file} ({where}).", fix)
    return _sealed_in_time(name, run)


def _sealed_in_time(name: str, run: SealingRun | None) -> Check:
    """All files are here; do runs come to their end, and are people erased in the files?"""
    now, (waiting, since) = timezone.now(), waits_for_erasure()
    if run and run.finished_at is None and now - run.started_at > SEALING_TAKES:
        fix = "manage.py audit seal goes on where it was; its log says why it ended."
        return warning(name, f"The run of {run.started_at:%Y-%m-%d %H:%M} UTC was stopped.", fix)
    if since is not None and now - since > ERASED_WITHIN:
        fix = "Look for audit_segments_not_erased in the log; manage.py retention --erase-due tries again."
        return warning(name, f"{waiting} erased people still have personal data in files.", fix)
    found = summary()
    return ok(name, f"{found.entries:,} audit entries are in {found.segments} sealed files, all of which are here.")


def check_audit_triggers() -> Check:
    """Whether the database itself refuses to change or delete audit entries."""
    name = "audit_triggers"
    with connection.cursor() as cursor:
        cursor.execute(triggers.present(connection.vendor))
        (count,) = cursor.fetchone()
    if count < triggers.expected(connection.vendor):
        fix = "Find out who removed it; manage.py migrate audit 0018, then manage.py migrate, make them anew."
        return failed(name, "A trigger that protects the audit trail is missing or switched off.", fix)
    return ok(name, "The database refuses to change or delete audit entries.")
