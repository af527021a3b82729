"""The SAML user sync (docs/rules.md#5) refreshes metadata, links people and stores the run, hourly at minute 45."""

import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import structlog
from django.db import DatabaseError
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.identity_linking.linking import link_users
from gatekeeper.directory.people.retention import retention_days
from gatekeeper.errors import IdentityProviderNotFound
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit
from gatekeeper.runtime.transactions import one_transaction
from saml.connections.certificate_health import announce_expiring_certificates
from saml.connections.lifecycle import record_refresh_failure, refresh_connection
from saml.connections.refresh_results import RefreshCode, RefreshResult, result_text
from saml.debugger.attempts import forget_personal_values
from saml.debugger.refusal_counts import announce_counts
from saml.errors import MetadataRefused
from saml.messages.replay_protection import forget_expired
from saml.models import Connection, SyncRun, SyncState
from saml.refusals.metadata_reasons import MetadataReason
from saml.refusals.metadata_texts import Finding
from saml.sync.errors import internal_error
from saml.sync.fetch_delay import FetchDelays, no_delays
from saml.sync.single_flight import single_flight

MOST_SECONDS = 300.0  # for all metadata together; the task has 600, and people have to be linked as well

log = structlog.get_logger(__name__)


def sync_saml_users(*, actor: Actor, now: datetime | None = None, delays: FetchDelays | None = None) -> SyncRun:
    """Run the sync; a second run changes nothing, and a run may be killed anywhere.

    Each connection's metadata is fetched outside any transaction; one that fails keeps its last good document and
    does not keep people from being linked. ``delays``: pauses before the run and between connections, for the schedule.
    Returns: the finished run.
    Raises: SyncAlreadyRunning when another process is at it.
    """
    delays = delays or no_delays()
    delays.before_the_run()
    now = now or timezone.now()
    with single_flight():
        _abandon_orphans(now)
        run = SyncRun.objects.create(started_at=now, actor_kind=actor.kind, actor_name=actor.name)
        try:
            _work(run, actor, now, delays)
        except Exception as error:
            _fail(run, error, actor)
            raise
    log.info("saml_sync_finished", run=str(run.id), linked=run.linked, unlinked=run.unlinked)
    return run


def _work(run: SyncRun, actor: Actor, now: datetime, delays: FetchDelays) -> None:
    run.metadata = _refresh_all(actor, delays)
    report = link_users(actor=actor, now=timezone.now(), progress=partial(_note_progress, run))
    forget_expired(timezone.now())
    forget_personal_values(now)
    announce_counts(now, actor=actor)
    run.linked, run.unlinked = report.linked, report.unlinked
    run.conflicts = [conflict.as_document() for conflict in report.conflicts]
    run.state = SyncState.FINISHED
    run.finished_at = timezone.now()
    with one_transaction():
        run.save()
        record(
            Event.SYNC_FINISHED,
            actor=actor,
            kind="sync_run",
            object_id=run.id,
            label=f"{run.linked} linked, {run.unlinked} unlinked",
            after={"linked": run.linked, "unlinked": run.unlinked, "conflicts": len(run.conflicts)},
        )


def _note_progress(run: SyncRun, linked: int) -> None:
    """For the page, which asks while the run goes on."""
    SyncRun.objects.filter(pk=run.pk).update(linked=linked)


@one_transaction()
def _fail(run: SyncRun, error: Exception, actor: Actor) -> None:
    """The event has the kind of error only: its text may hold names. The run's page and the log of the task have it."""
    SyncRun.objects.filter(pk=run.pk).update(
        state=SyncState.FAILED, finished_at=timezone.now(), **internal_error(error)
    )
    facts = {"scope": "run", "run": {"id": str(run.id)}, "code": type(error).__name__}
    emit(EventCode.SYNC_FAILED, actor=actor, kind="sync", object_id="saml", data=facts)


def _refresh_all(actor: Actor, delays: FetchDelays) -> list[dict[str, Any]]:
    """Each connection is a unit: whatever happens at one of them is its result, and the next one's turn comes.

    Who waited longest comes first, so that many slow ones do not keep the same others from being read again and again.
    """
    results = {}
    ends = time.monotonic() + MOST_SECONDS
    for number, connection in enumerate(sorted(Connection.objects.live(), key=lambda each: each.tried_at)):
        if number:
            delays.before_the_next()
        in_time = time.monotonic() < ends
        results[connection.id] = _refresh(connection, actor) if in_time else RefreshResult(RefreshCode.NOT_READ)
    by_name = Connection.objects.live().filter(pk__in=results)
    return [results[each.id].stored(each.name) for each in by_name]


def _refresh(connection: Connection, actor: Actor) -> RefreshResult:
    try:
        _, result = refresh_connection(connection.id, actor=actor)
    except MetadataRefused as refusal:
        _emit_failure(connection, actor, refusal.code, reason=refusal.reason)
        result = RefreshResult(RefreshCode.KEPT, {"reason": refusal.finding.stored()})
    except IdentityProviderNotFound:
        return RefreshResult(RefreshCode.DELETED)
    except Exception as error:  # noqa: BLE001 - a connection harms itself only
        return _failed(connection, error, actor)
    return _announce_failure(connection, actor) or result


def _announce_failure(connection: Connection, actor: Actor) -> RefreshResult | None:
    """Announce certificates that expire; None when it went well."""
    try:
        announce_expiring_certificates(connection, actor=actor, now=timezone.now())
    except Exception as error:  # noqa: BLE001 - as above
        return _failed(connection, error, actor)
    return None


def _failed(connection: Connection, error: Exception, actor: Actor) -> RefreshResult:
    """What nobody foresaw: the whole of it is in the log, under a reference that the result names."""
    reference = uuid4().hex[:12]
    log.error("saml_refresh_failed", connection=str(connection.id), reference=reference, exc_info=error)
    result = RefreshResult(RefreshCode.INTERNAL_ERROR, {"reference": reference})
    try:
        record_refresh_failure(connection, Finding(MetadataReason.INTERNAL_ERROR, {"reference": reference}))
        _emit_failure(connection, actor, type(error).__name__, reference=reference)
    except DatabaseError:
        log.exception("saml_refresh_failure_not_noted", connection=str(connection.id), reference=reference)
    return result


@one_transaction()
def _emit_failure(connection: Connection, actor: Actor, code: str, **more: str) -> None:
    """``repeated``: the last try failed, too, so subscribers that report a failure one time ignore it."""
    facts = {
        "scope": "connection",
        "connection": {"id": str(connection.id), "name": connection.name},
        "code": code,
        "repeated": connection.refresh_failed,
    }
    emit(EventCode.SYNC_FAILED, actor=actor, kind="connection", object_id=connection.id, data={**facts, **more})


def _abandon_orphans(now: datetime) -> None:
    """The lock is ours, so whatever still says "running" belongs to a process that is gone."""
    SyncRun.objects.filter(state=SyncState.RUNNING).update(state=SyncState.ABANDONED, finished_at=now)


def forget_old_conflicts() -> int:
    """Names in conflicts are personal data too: they go with the time that is kept of deleted people."""
    over = timezone.now() - timedelta(days=retention_days())
    return SyncRun.objects.filter(started_at__lt=over).exclude(conflicts=[]).update(conflicts=[])


def describe_run(run: SyncRun) -> dict[str, Any]:
    """The JSON object of the command ``sync_saml_users``."""
    return {
        "run_id": str(run.id),
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "linked": run.linked,
        "unlinked": run.unlinked,
        "conflicts": [{"user_name": each.user_name, "reason": each.reason} for each in run.found_conflicts],
        "metadata": [{"connection": each["connection"], "result": result_text(each)} for each in run.metadata],
    }
