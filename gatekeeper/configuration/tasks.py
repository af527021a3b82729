"""The clock as a door: what is due once a day."""

from celery import shared_task

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.retention import erase_due
from saml.sync import forget_old_conflicts


@shared_task(name="configuration.erase_due", ignore_result=True)
def erase() -> None:
    """Once a day (gatekeeper/celery.py). Safe to run twice, and to kill: each person is a transaction."""
    erase_due(actor=Actor.clock("configuration.erase_due"))
    forget_old_conflicts()
