"""The worker's sign of life, once a minute (gatekeeper/celery.py)."""

from celery import shared_task

from gatekeeper.health.heartbeats import Process, beat


@shared_task(name="health.heartbeat", ignore_result=True)
def heartbeat() -> None:
    """That this runs at all is the message: beat sent it, the broker kept it, a worker took it."""
    beat(Process.WORKER)
