"""The audit log's Celery tasks. The schedule stands in ``gatekeeper/celery.py``."""

from uuid import UUID

from celery import shared_task

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.links import link_new_entries, log_head
from gatekeeper.audit.chain.verification_runs import verify_for
from gatekeeper.audit.models import VerificationRun
from gatekeeper.audit.stream.delivery import due_streams, send_to


@shared_task(name="audit.link_new_entries", ignore_result=True)
def link() -> None:
    """Link new entries, every minute, and have the SIEM streams sent what is new.

    Safe to run twice: the second run finds nothing to link.
    """
    link_new_entries()
    for stream_id in due_streams():
        send_stream.apply_async(args=(str(stream_id),), expires=55)  # seconds; the next run asks again


@shared_task(name="audit.send_stream", ignore_result=True)
def send_stream(stream_id: str) -> None:
    """Send to one SIEM stream what waits for it; each for itself, since receivers may be slow.

    Safe to run twice, at once, and to kill.
    """
    again = send_to(UUID(stream_id))
    if again is not None:
        send_stream.apply_async(args=(stream_id,), countdown=again.total_seconds(), expires=300)  # seconds


@shared_task(name="audit.log_head", ignore_result=True)
def log_newest_link() -> None:
    """Log the newest link once an hour, for whoever keeps the log elsewhere."""
    log_head()


@shared_task(name="audit.verify", ignore_result=True, time_limit=3600)  # seconds
def verify_trail(run_id: int, asked_by: dict[str, str]) -> None:
    """Verify the whole trail for the run that a page asked for; ``asked_by`` has the fields of an Actor.

    Safe to run twice: it only reads, and one that is finished is left as it is.
    """
    run = VerificationRun.objects.filter(pk=run_id, finished_at=None).first()
    if run is not None:
        verify_for(run, actor=Actor.from_document(asked_by))
