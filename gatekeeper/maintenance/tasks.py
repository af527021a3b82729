"""Scheduled tasks: what is due daily or hourly."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.segments.erasing import erase_from_segments
from gatekeeper.directory.models import SignIn
from gatekeeper.directory.people.retention import erase_due
from gatekeeper.directory.sessions.limits import end_overdue
from gatekeeper.maintenance.audit_watch import watch_audit_trail
from gatekeeper.maintenance.digest import queue_digests
from gatekeeper.maintenance.ended_causes import end_causes
from gatekeeper.maintenance.log_retention import prune_logs, seal_old_audit_entries
from gatekeeper.maintenance.scheduled_runs import forget_claims_ahead, forget_old_claims
from gatekeeper.setup_links.lifecycle import forget_ended_links
from gatekeeper.signed_tokens.single_use import forget_used_tokens
from saml.sync.run import forget_old_conflicts
from scim.oauth.token_log import forget_expired_tokens


@shared_task(name="configuration.erase_due", ignore_result=True)
def erase() -> None:
    """Daily (gatekeeper/celery.py). Safe to run twice, and to kill: each person is a transaction."""
    erase_due(actor=Actor.scheduler("configuration.erase_due"))
    erase_from_segments(actor=Actor.scheduler("configuration.erase_due"))
    forget_old_conflicts()
    forget_ended_links(timezone.now())


@shared_task(name="configuration.seal_audit_trail", ignore_result=True, time_limit=3600)  # seconds
def seal_audit_trail() -> None:
    """Daily. Safe to run twice, at once, and to kill: the next run goes on where this one was."""
    seal_old_audit_entries(timezone.now(), actor=Actor.scheduler("configuration.seal_audit_trail"))


@shared_task(name="configuration.verify_audit_trail", ignore_result=True, time_limit=3600)  # seconds
def verify_audit_trail() -> None:
    """Daily. Safe to run twice, at once, and to kill: it only reads, and says what it found at its end."""
    watch_audit_trail(actor=Actor.scheduler("configuration.verify_audit_trail"))


@shared_task(name="configuration.end_overdue_sessions", ignore_result=True)
def end_overdue_sessions() -> None:
    """Hourly, for sessions whose browser never came back. They are over already; this records since when."""
    end_overdue(SignIn.objects.all(), timezone.now())
    SessionStore.clear_expired()
    forget_used_tokens(timezone.now())
    forget_expired_tokens(timezone.now())


@shared_task(name="configuration.prune_logs", ignore_result=True)
def prune() -> None:
    """Hourly. Safe to run twice, at once, and to kill: each batch is a transaction."""
    prune_logs(timezone.now())
    forget_old_claims(timezone.now())
    forget_claims_ahead(timezone.now())


@shared_task(name="configuration.end_mail_causes", ignore_result=True)
def end_mail_causes() -> None:
    """Every minute; one statement while nothing is wrong. Safe to run twice, at once, and to kill."""
    end_causes(timezone.now())


@shared_task(name="configuration.send_digests", ignore_result=True)
def send_digests() -> None:
    """Daily. Safe to run twice, at once, and to kill: whoever had a digest lately is made none."""
    queue_digests(timezone.now())
