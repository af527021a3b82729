"""Verifications of the whole trail as rows: asked for on a page, done by a worker, and what the last one found."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.boundary import boundary
from gatekeeper.audit.chain.head import Head
from gatekeeper.audit.chain.keys import all_keys
from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.chain.verification import Files, Verdict, verify
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import VerificationRun

KEPT: Final = 100  # runs
PROGRESS_EVERY = timedelta(seconds=1)
# Without progress for so long: its worker was stopped. Waiting ones too, which a worker that is busy may leave so long.
GIVEN_UP_AFTER = timedelta(minutes=5)


def verify_and_keep(
    run: VerificationRun,
    *,
    expected_head: Head | None = None,
    former_secret_keys: Iterable[str] = (),
    files: Files | None = None,
) -> Verdict:
    """Link what is not linked yet, verify everything, and keep what came of it."""
    link_new_entries()
    newest = head()
    run.started_at = run.progressed_at = timezone.now()
    run.total = newest.position - (0 if files else boundary(all_keys()).position) if newest else 0
    run.save()
    verdict = verify(
        expected_head=expected_head,
        former_secret_keys=former_secret_keys,
        on_progress=_progress_of(run),
        files=files,
    )
    run.finished_at = run.progressed_at = timezone.now()
    run.checked, run.waiting, run.problems = (
        verdict.checked,
        verdict.waiting,
        [problem.document for problem in verdict.problems],
    )
    run.position, run.digest = (verdict.head.position, verdict.head.digest) if verdict.head else (None, "")
    run.save()
    _forget_old_runs()
    return verdict


def verify_for(run: VerificationRun, *, actor: Actor) -> None:
    """``verify_and_keep`` for somebody who asked on a page; the trail says so, and what was found."""
    record_verification(run, verify_and_keep(run), actor=actor)


def record_verification(run: VerificationRun, verdict: Verdict, *, actor: Actor) -> None:
    """Write into the trail that it was verified, and whether anything was found."""
    record(
        Event.AUDIT_VERIFIED,
        actor=actor,
        kind="audit_trail",
        object_id=run.pk,
        label=run.head_text[:300],
        after={"intact": verdict.intact, "checked": verdict.checked, "problems": len(verdict.problems)},
    )


def run_asked_for() -> tuple[VerificationRun, bool]:
    """The run that goes on, or a new one that a worker has to be given; and whether it is new."""
    current = current_run()
    return (current, False) if current else (VerificationRun.objects.create(), True)


def current_run() -> VerificationRun | None:
    """The run that waits for a worker or goes on; None where there is none, or the last one was given up."""
    newest = VerificationRun.objects.first()
    return newest if newest and goes_on(newest, timezone.now()) else None


def last_finished() -> VerificationRun | None:
    """The last run that came to its end."""
    return VerificationRun.objects.exclude(finished_at=None).order_by("-finished_at").first()


def goes_on(run: VerificationRun, now: datetime) -> bool:
    """Whether a run waits for a worker, or one is at it."""
    return run.finished_at is None and not is_given_up(run, now)


def is_given_up(run: VerificationRun, now: datetime) -> bool:
    """Whether a run that is not finished makes no progress any more."""
    return run.finished_at is None and now - (run.progressed_at or run.asked_at) > GIVEN_UP_AFTER


def _progress_of(run: VerificationRun) -> Callable[[int], None]:
    """Keeps how far a run is, once a second."""

    def keep(checked: int) -> None:
        now = timezone.now()
        if run.progressed_at is None or now - run.progressed_at >= PROGRESS_EVERY:
            run.progressed_at, run.checked = now, checked
            VerificationRun.objects.filter(pk=run.pk).update(progressed_at=now, checked=checked)

    return keep


def _forget_old_runs() -> None:
    newest = VerificationRun.objects.values_list("pk", flat=True)[:KEPT]
    VerificationRun.objects.filter(pk__lt=min(newest)).delete()
