"""The SAML user sync: metadata is refreshed, people are linked, the run is written down. Minute 45 of every hour."""

from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.retention import retention_days
from gatekeeper.directory.sync import link_users
from saml.attempts import forget_old_attempts
from saml.connections import refresh_connection
from saml.errors import MetadataRefused
from saml.models import Connection, SyncRun, SyncState
from saml.once import forget_expired
from saml.pacing import Pace, no_pace
from saml.single_flight import single_flight
from saml.standing import announce_ending

log = structlog.get_logger(__name__)


def sync_saml_users(*, actor: Actor, now: datetime | None = None, pace: Pace | None = None) -> SyncRun:
    """Run the sync once; a second run changes nothing, and a run may be killed anywhere.

    Each connection's metadata is fetched outside any transaction; one that fails keeps its last good document and
    does not keep people from being linked. ``pace``: pauses before the run and between connections, for the clock.
    Returns: the finished run.
    Raises: SyncAlreadyRunning when another process is at it.
    """
    pace = pace or no_pace()
    pace.before_the_run()
    now = now or timezone.now()
    with single_flight():
        _abandon_orphans(now)
        run = SyncRun.objects.create(started_at=now, actor_kind=actor.kind, actor_name=actor.name)
        try:
            _work(run, actor, now, pace)
        except Exception as error:
            SyncRun.objects.filter(pk=run.pk).update(
                state=SyncState.FAILED, finished_at=timezone.now(), error=f"{type(error).__name__}: {error}"[:500]
            )
            log.exception("saml_sync_failed", run=str(run.id))
            raise
    log.info("saml_sync_finished", run=str(run.id), linked=run.linked, unlinked=run.unlinked)
    return run


def _work(run: SyncRun, actor: Actor, now: datetime, pace: Pace) -> None:
    run.metadata = _refresh_all(actor, pace)
    report = link_users(actor=actor, now=timezone.now())
    forget_expired(timezone.now())
    forget_old_attempts(now)
    run.linked, run.unlinked = report.linked, report.unlinked
    run.conflicts = [asdict(conflict) for conflict in report.conflicts]
    run.state = SyncState.FINISHED
    run.finished_at = timezone.now()
    with transaction.atomic():
        run.save()
        record(
            Event.SYNC_FINISHED,
            actor=actor,
            kind="sync_run",
            object_id=run.id,
            label=f"{run.linked} linked, {run.unlinked} unlinked",
            after={"linked": run.linked, "unlinked": run.unlinked, "conflicts": len(run.conflicts)},
        )


def _refresh_all(actor: Actor, pace: Pace) -> list[dict[str, str]]:
    results = []
    for number, connection in enumerate(Connection.objects.live()):
        if number:
            pace.before_the_next()
        results.append(_refresh(connection, actor))
        announce_ending(connection, actor=actor, now=timezone.now())
    return results


def _refresh(connection: Connection, actor: Actor) -> dict[str, str]:
    try:
        _, result = refresh_connection(connection.id, actor=actor)
    except MetadataRefused as refusal:
        log.warning("saml_metadata_kept", connection=str(connection.id), reason=refusal.reason)
        result = f"kept the last good document: {refusal.reason}"
    return {"connection": connection.name, "result": result}


def _abandon_orphans(now: datetime) -> None:
    """The lock is ours, so whatever still says "running" belongs to a process that is gone."""
    SyncRun.objects.filter(state=SyncState.RUNNING).update(state=SyncState.ABANDONED, finished_at=now)


def forget_old_conflicts() -> int:
    """Names in conflicts are personal data too: they go with the time that is kept of deleted people."""
    over = timezone.now() - timedelta(days=retention_days())
    return SyncRun.objects.filter(started_at__lt=over).exclude(conflicts=[]).update(conflicts=[])
