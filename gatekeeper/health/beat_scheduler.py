"""Celery's beat, with a heartbeat of its own: a dead worker is not mistaken for a dead beat."""

from typing import Any

from celery.beat import PersistentScheduler

from gatekeeper.health.heartbeats import Process, try_to_beat


class Scheduler(PersistentScheduler):
    """Keeps its schedule on disk: a minute 45 that was missed while the site was down is made up for at its start."""

    def setup_schedule(self) -> None:
        """Read the schedule, and record that beat has started."""
        super().setup_schedule()
        try_to_beat(Process.BEAT)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send the task that is due, then record that beat is alive."""
        super().apply_entry(entry, producer=producer)
        try_to_beat(Process.BEAT)
