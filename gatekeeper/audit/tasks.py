"""The clock as a door: beat calls, the chain does the work."""

from celery import shared_task

from gatekeeper.audit.chain import link_new_entries


@shared_task(name="audit.link_new_entries", ignore_result=True)
def link() -> None:
    """Every minute (gatekeeper/celery.py). Safe to run twice: the second run finds nothing to link."""
    link_new_entries()
