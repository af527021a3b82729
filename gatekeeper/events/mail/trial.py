"""A test message, sent at once to one recipient."""

from uuid import UUID

from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.events.mail.recipients import recipient_of, record_test
from gatekeeper.events.mail.sending import send
from gatekeeper.events.models import MailKind, MailMessage, MailState


def send_test(recipient_id: UUID, *, actor: Actor) -> MailMessage:
    """Send a test now, also to a paused recipient; returns its entry in the delivery log. It is tried once.

    It takes as long as the server does, ``backend.LONGEST`` at most. Raises: RecipientNotFound.
    """
    recipient = recipient_of(recipient_id)
    test = MailMessage(recipient=recipient, kind=MailKind.TEST, attempts=1, attempted_at=timezone.now())
    attempt = send(test)
    test.state = MailState.FAILED if attempt.problem else MailState.SENT
    test.problem, test.parameters = attempt.problem, dict(attempt.parameters)
    record_test(test, actor=actor)
    return test
