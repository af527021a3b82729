"""Scheduled tasks: what is due daily or hourly."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.models import SignIn
from gatekeeper.directory.people.retention import erase_due
from gatekeeper.directory.sessions.limits import end_overdue
from gatekeeper.signed_tokens.single_use import forget_used_tokens
from saml.security_events.received import forget_old_events
from saml.sync.run import forget_old_conflicts
from scim.oauth.refused_requests import forget_old_counts
from scim.oauth.token_log import forget_old_requests


@shared_task(name="configuration.erase_due", ignore_result=True)
def erase() -> None:
    """Daily (gatekeeper/celery.py). Safe to run twice, and to kill: each person is a transaction."""
    erase_due(actor=Actor.scheduler("configuration.erase_due"))
    forget_old_conflicts()


@shared_task(name="configuration.end_overdue_sessions", ignore_result=True)
def end_overdue_sessions() -> None:
    """Hourly, for sessions whose browser never came back. They are over already; this records since when."""
    end_overdue(SignIn.objects.all(), timezone.now())
    SessionStore.clear_expired()
    forget_used_tokens(timezone.now())
    forget_old_events(timezone.now())
    forget_old_requests(timezone.now())
    forget_old_counts(timezone.now())
