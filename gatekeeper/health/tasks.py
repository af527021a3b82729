"""The worker's heartbeat: when it is ready, and then once a minute (gatekeeper/celery.py)."""

from celery import shared_task
from celery.signals import worker_ready

from gatekeeper.health.heartbeats import Process, beat, try_to_beat


@shared_task(name="health.heartbeat", ignore_result=True)
def heartbeat() -> None:
    """That this runs at all is the message: beat sent it, the broker kept it, a worker took it."""
    beat(Process.WORKER)


@worker_ready.connect
def say_that_the_worker_is_ready(**_: object) -> None:
    """Otherwise a site would count as broken during its first minute."""
    try_to_beat(Process.WORKER)
