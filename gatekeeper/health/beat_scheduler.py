"""Celery's beat, with a heartbeat of its own: a dead worker is not mistaken for a dead beat.

It names the moment at which each task was due, so that of what several beats send one runs
(``maintenance/scheduled_runs.py``).
"""

import dbm
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from celery.beat import PersistentScheduler
from celery.schedules import crontab
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from gatekeeper.health.heartbeats import Process, try_to_beat
from gatekeeper.health.living_processes import say_that_it_lives, take_off
from gatekeeper.maintenance.clock import clock_went_back
from gatekeeper.maintenance.scheduled_runs import CLOCKS_DIFFER_BY, DUE

log = structlog.get_logger(__name__)

MINUTE = timedelta(minutes=1)
_MINUTES_A_YEAR = 366 * 24 * 60


class _InMemory(dict[str, Any]):
    """What Celery's scheduler asks of its store, while the disk takes nothing."""

    def sync(self) -> None:
        """Nothing: there is no file."""

    def close(self) -> None:
        """Nothing: there is no file."""


class Scheduler(PersistentScheduler):
    """Keeps its schedule on disk: a minute 45 that was missed while the site was down is made up for at its start."""

    _store: Any
    _remove_db: Callable[[], None]  # these are Celery's, which says nothing of their types
    _open_schedule: Callable[[], Any]
    _is_closed = False
    _set_back_by = timedelta(0)  # what the database does not know yet

    def setup_schedule(self) -> None:
        """Read the schedule, and record that beat has started."""
        super().setup_schedule()
        try_to_beat(Process.BEAT)
        say_that_it_lives(Process.BEAT)

    def tick(self, *arguments: Any, **options: Any) -> Any:
        """Send one task that is due; returns after how many seconds to look again, a minute at most."""
        self._follow_the_clock()
        return super().tick(*arguments, **options)

    def _follow_the_clock(self) -> None:
        """Runs that lie ahead are those of a clock that was set back since: until then nothing would be due."""
        entries: list[Any] = list(self.schedule.values())
        ahead: timedelta = max((each.last_run_at - each.default_now() for each in entries), default=timedelta(0))
        if ahead > CLOCKS_DIFFER_BY:
            for entry in entries:
                entry.last_run_at = min(entry.last_run_at, entry.default_now())
            self._heap = None
            self._set_back_by += ahead
        if self._set_back_by:
            try:
                close_old_connections()
                clock_went_back(self._set_back_by, timezone.now())
                self._set_back_by = timedelta(0)
            except DatabaseError as error:
                log.warning("clock_not_followed", reason=str(error))

    def sync(self) -> None:
        """Keep the schedule on disk. While that is full it is kept in memory, and tasks are sent all the same."""
        store = self._store
        if store is None:  # it was made without one, and keeps nothing
            return
        try:
            entries = dict(store.items())
        except ValueError:  # it is closed: Celery asks once more at the end
            return
        try:
            if isinstance(store, _InMemory):
                self._remove_db()  # it may be half written
                store = self._open_schedule()
                store.update(entries)
            store.sync()
        except (OSError, *dbm.error) as error:
            log.warning("beat_schedule_not_kept", reason=str(error))
            store.cache = {}
            with suppress(OSError, *dbm.error):
                store.close()
            store = _InMemory(entries)
        self._store = store

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send the task that is due, then record that beat is alive."""
        super().apply_entry(entry, producer=producer)
        try_to_beat(Process.BEAT)
        say_that_it_lives(Process.BEAT)

    def close(self) -> None:
        """Keep the schedule on disk, and stop as asked: nobody has to look for it. Celery calls this twice."""
        if self._is_closed:
            return
        self._is_closed = True
        super().close()
        take_off(Process.BEAT)

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **options: Any) -> Any:
        """Send the task with the moment at which it was due. The entry itself is kept on disk, and stays as it is."""
        entry = self.reserve(entry) if advance else entry
        headers = {**entry.options.get("headers", {}), DUE: last_due(entry.schedule).isoformat()}
        sent = copy(entry)
        sent.options = {**entry.options, "headers": headers}
        return super().apply_async(sent, producer=producer, advance=False, **options)


def last_due(schedule: crontab) -> datetime:
    """The last moment at which the schedule was due, by this machine's clock: the same for every beat."""
    moment: datetime = schedule.now().astimezone(UTC).replace(second=0, microsecond=0)
    for _ in range(_MINUTES_A_YEAR):
        if _is_due_at(schedule, moment):
            return moment
        moment -= MINUTE
    raise ValueError(f"{schedule} is never due.")


def _is_due_at(schedule: Any, moment: datetime) -> bool:
    return (
        moment.minute in schedule.minute
        and moment.hour in schedule.hour
        and moment.isoweekday() % 7 in schedule.day_of_week
        and moment.day in schedule.day_of_month
        and moment.month in schedule.month_of_year
    )
