"""The Celery task of the SAML user sync."""

import structlog
from celery import shared_task

from gatekeeper.audit.actor import Actor
from saml.errors import SyncAlreadyRunning
from saml.sync.fetch_delay import FetchDelays
from saml.sync.run import sync_saml_users

log = structlog.get_logger(__name__)


@shared_task(name="saml.sync_users", ignore_result=True, acks_late=True, time_limit=600)  # seconds
def sync_users(asked_by: dict[str, str] | None = None, spread: bool = False) -> None:
    """Hourly at minute 45 (gatekeeper/celery.py), or on demand: then ``asked_by`` has the fields of an Actor.

    ``spread``: with random pauses before metadata is fetched (``sync/fetch_delay.py``), as the schedule asks for it.
    Safe to run twice: the second run changes nothing, and one that meets another leaves the work to it.
    """
    try:
        actor = Actor.from_document(asked_by) if asked_by else Actor.scheduler("saml.sync_users")
        sync_saml_users(actor=actor, delays=FetchDelays() if spread else None)
    except SyncAlreadyRunning:
        log.info("saml_sync_left_to_another_process")
