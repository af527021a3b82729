"""The clock as a door: beat calls, the diary does the work."""

from celery import shared_task

from gatekeeper.audit.chain.links import link_new_entries, log_head
from gatekeeper.audit.read_counts import forget_old_counts


@shared_task(name="audit.link_new_entries", ignore_result=True)
def link() -> None:
    """Every minute (gatekeeper/celery.py). Safe to run twice: the second run finds nothing to link."""
    link_new_entries()


@shared_task(name="audit.forget_old_counts", ignore_result=True)
def forget() -> None:
    """Once a day (gatekeeper/celery.py): counts of reads are kept for thirty days."""
    forget_old_counts()


@shared_task(name="audit.log_head", ignore_result=True)
def tell_head() -> None:
    """Once an hour (gatekeeper/celery.py): the newest link, for whoever keeps the log elsewhere."""
    log_head()
