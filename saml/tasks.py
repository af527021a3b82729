"""The clock as a door: beat calls, the sync decides."""

from celery import shared_task

from gatekeeper.audit.actor import Actor
from saml.sync import sync_saml_users


@shared_task(name="saml.sync_users", ignore_result=True, acks_late=True, time_limit=600)  # seconds
def sync_users() -> None:
    """Hourly at minute 45 (gatekeeper/celery.py). Safe to run twice: the second run changes nothing."""
    sync_saml_users(actor=Actor.clock("saml.sync_users"))
