"""One attempt to send one message. What it says is read from the database; nothing is written there."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any, Final
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import translation
from django.utils.translation import gettext as _

from gatekeeper.events.mail import texts
from gatekeeper.events.mail.backend import LONGEST
from gatekeeper.events.mail.content import Content, Fact, Written, moment, written
from gatekeeper.events.mail.digest_text import digest
from gatekeeper.events.mail.problems import MailProblem, problem_of
from gatekeeper.events.mail.queueing import is_configured
from gatekeeper.events.models import MailKind, MailMessage

_HEADERS: Final = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}  # RFC 3834 §5; Exchange

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """``problem``: "" when the server took it."""

    problem: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


def send(message: MailMessage) -> Attempt:
    """Send it through Django's mail backend, within the limits of ``backend.py``. Raises nothing of the server's."""
    if not is_configured():
        return Attempt(MailProblem.NOT_CONFIGURED)
    began, connection = time.monotonic(), get_connection()
    try:
        letter = _letter(message)
        letter.connection = connection
        letter.send()
    except Exception as error:
        was_cut_off = time.monotonic() - began >= LONGEST
        host, port = settings.EMAIL_HOST, settings.EMAIL_PORT
        problem, parameters = problem_of(error, host=host, port=port, was_cut_off=was_cut_off)
        if problem is MailProblem.NOT_SENT:
            log.error("mail_attempt_broke", message=str(message.message_id), exc_info=error)
        return Attempt(problem.value, parameters)
    finally:
        _close(connection)
    return Attempt()


def _close(connection: Any) -> None:
    """A conversation that was broken off before the sign-in is still open."""
    try:
        connection.close()
    except Exception:
        log.debug("mail_connection_not_closed", exc_info=True)


def _letter(message: MailMessage) -> EmailMultiAlternatives:
    text = write(message)
    headers = {**_HEADERS, "Message-ID": _message_id(message.message_id)}
    if message.kind == MailKind.OVER:
        began = MailMessage.objects.filter(
            recipient=message.recipient_id, cause=message.cause_id, kind=MailKind.OPENED
        ).first()
        if began is not None:  # mail clients show both as one conversation
            headers["In-Reply-To"] = headers["References"] = _message_id(began.message_id)
    letter = EmailMultiAlternatives(text.subject, text.plain, to=[message.recipient.address], headers=headers)
    letter.attach_alternative(text.html, "text/html")
    return letter


def _message_id(value: UUID) -> str:
    """The same at each attempt, so that what comes twice is recognised."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{value}@{domain}>"


def write(message: MailMessage) -> Written:
    """Subject, plain text and HTML, in the recipient's language."""
    with translation.override(message.recipient.language):
        return written(content_of(message))


def content_of(message: MailMessage) -> Content:
    """What a message says, in the language that is active."""
    if message.kind == MailKind.TEST:
        said = _("This is a test. Messages of this site reach this address.")
        return Content(heading=_("A test"), tone="info", text=(said,))
    if message.kind == MailKind.DIGEST:
        return digest(message.facts)
    if message.kind == MailKind.SUMMARY:
        return _summary(message)
    assert message.cause is not None
    return texts.opening(message.cause) if message.kind == MailKind.OPENED else texts.over(message.cause)


def _summary(message: MailMessage) -> Content:
    """What would have been more messages within an hour than anybody reads: a line for each."""
    parts = [content_of(each) for each in message.parts.select_related("cause__event", "recipient").order_by("pk")]
    moments = message.parts.order_by("pk").values_list("created_at", flat=True)
    facts = tuple(
        Fact(moment(at), part.heading, part.page[0] if part.page else "")
        for at, part in zip(moments, parts, strict=True)
    )
    said = _("So much has happened within an hour that it comes as one message.")
    heading = _("%(count)s more messages as one") % {"count": len(facts)}
    return Content(heading=heading, tone="warn", text=(said,), facts=facts)
