"""Entry points of the scheduler (gatekeeper/celery.py) and of whoever asks for prompt delivery."""

from celery import shared_task

from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.mail.delivery import deliver_mail, is_mail_due
from gatekeeper.events.webhooks.delivery import deliver_to_webhooks, is_anything_due


@shared_task(name="events.deliver", ignore_result=True)
def deliver() -> None:
    """Every minute, and within seconds after a request with events. Safe to run twice, at once, and to kill."""
    retry = deliver_due()
    if retry is not None:
        # The next scheduled run may come too late for the first retry, which is promised within 60 seconds.
        deliver.apply_async(countdown=retry.total_seconds(), expires=300)  # seconds
    if is_anything_due():
        deliver_webhooks.apply_async(expires=300)  # seconds
    if is_mail_due():
        send_mail.apply_async(expires=300)  # seconds


@shared_task(name="events.deliver_webhooks", ignore_result=True)
def deliver_webhooks() -> None:
    """After each delivery of events for which something is due; another run of its own, since receivers may be slow.

    Safe to run twice, at once, and to kill.
    """
    again = deliver_to_webhooks()
    if again is not None:
        deliver_webhooks.apply_async(countdown=again.total_seconds(), expires=300)  # seconds


@shared_task(name="events.deliver_mail", ignore_result=True)
def send_mail() -> None:
    """After each delivery of events for which a message is due; another run of its own, since the server may be slow.

    Safe to run twice, at once, and to kill.
    """
    deliver_mail()
