"""The Celery tasks that watch the identity provider's credentials and requests, and delete removed values."""

from celery import shared_task
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from scim import provisioning_silence
from scim.attributes import removal
from scim.credentials import key_expiry


@shared_task(name="scim.watch_provisioning", ignore_result=True)
def watch_provisioning() -> None:
    """Every ten minutes (gatekeeper/celery.py). Safe to run twice: what is announced is not announced again."""
    provisioning_silence.watch_provisioning(actor=Actor.scheduler("scim.watch_provisioning"), now=timezone.now())


@shared_task(name="scim.announce_expiring_keys", ignore_result=True)
def announce_expiring_keys() -> None:
    """Once a day. Safe to run twice, and to kill: each key is a transaction."""
    key_expiry.announce_expiring_keys(actor=Actor.scheduler("scim.announce_expiring_keys"), now=timezone.now())


@shared_task(name="scim.delete_removed_values", ignore_result=True)
def delete_removed_values() -> None:
    """After a removal, and every ten minutes. Safe to run twice, and to kill: some users are a transaction."""
    removal.delete_removed_values()
