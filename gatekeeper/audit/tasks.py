"""The audit log's Celery tasks. The schedule stands in ``gatekeeper/celery.py``."""

from celery import shared_task

from gatekeeper.audit.chain.links import link_new_entries, log_head
from gatekeeper.audit.request_counts import forget_old_counts


@shared_task(name="audit.link_new_entries", ignore_result=True)
def link() -> None:
    """Link new entries, every minute. Safe to run twice: the second run finds nothing to link."""
    link_new_entries()


@shared_task(name="audit.forget_old_counts", ignore_result=True)
def forget() -> None:
    """Delete counts of reads that are older than thirty days, once a day."""
    forget_old_counts()


@shared_task(name="audit.log_head", ignore_result=True)
def log_newest_link() -> None:
    """Log the newest link once an hour, for whoever keeps the log elsewhere."""
    log_head()
