"""The worker's heartbeat: when it is ready, and then once a minute (gatekeeper/celery.py)."""

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone

from gatekeeper.celery import app
from gatekeeper.health.heartbeats import Process, beat, try_to_beat
from gatekeeper.health.living_processes import forget_old
from gatekeeper.health.measured.counting import forget_old_measurements
from gatekeeper.health.worker_heartbeats import WorkerHeartbeats

app.steps["consumer"].add(WorkerHeartbeats)


@shared_task(name="health.heartbeat", ignore_result=True)
def heartbeat() -> None:
    """That this runs at all is the message: beat sent it, the broker kept it, a worker took it."""
    beat(Process.WORKER)


@shared_task(name="health.forget_measurements", ignore_result=True)
def forget_measurements() -> None:
    """Daily. Safe to run twice."""
    forget_old_measurements(timezone.now())
    forget_old(timezone.now())


@worker_ready.connect
def say_that_the_worker_is_ready(**_: object) -> None:
    """Otherwise a site would count as broken during its first minute."""
    try_to_beat(Process.WORKER)
