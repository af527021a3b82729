"""Entry points of the scheduler (gatekeeper/celery.py) and of whoever asks for prompt delivery."""

from celery import shared_task

from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.retention import forget_delivered


@shared_task(name="events.deliver", ignore_result=True)
def deliver() -> None:
    """Every minute, and within seconds after a request with events. Safe to run twice, at once, and to kill."""
    retry = deliver_due()
    if retry is not None:
        # The next scheduled run may come too late for the first retry, which is promised within 60 seconds.
        deliver.apply_async(countdown=retry.total_seconds(), expires=300)  # seconds


@shared_task(name="events.forget_delivered", ignore_result=True)
def forget() -> None:
    """Once a day. Safe to run twice, and to kill: each range of ids is a transaction."""
    forget_delivered()
