"""What may be done to a recipient of e-mail: add, change, resume, test, remove."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.errors import DomainError, InvalidValue, NotFound
from gatekeeper.events.mail.causes import OPENING
from gatekeeper.events.models import MailMessage, MailPauseReason, MailRecipient
from gatekeeper.events.models.mail import LONGEST_ADDRESS
from gatekeeper.events.outbox import news
from gatekeeper.runtime.transactions import one_transaction

MOST_RECIPIENTS = 50  # a list of an organisation's own does more for more people

log = structlog.get_logger(__name__)


class RecipientNotFound(NotFound):
    code = "mail_recipient_not_found"
    sentence = _("There is no recipient %(recipient)s.")

    def __init__(self, recipient: object) -> None:
        super().__init__(recipient=recipient)


class RecipientExists(DomainError):
    code = "mail_recipient_exists"
    sentence = _("%(address)s is a recipient already.")

    def __init__(self, address: str) -> None:
        super().__init__(address=address)


class TooManyRecipients(DomainError):
    code = "too_many_mail_recipients"
    sentence = _("There are %(most)s recipients already, which is the most; remove one first.")

    def __init__(self) -> None:
        super().__init__(most=MOST_RECIPIENTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What somebody is sent, and in which language ("": that of the site)."""

    events: Collection[str] = ()
    daily_digest: bool = False
    language: str = ""

    def checked(self) -> dict[str, Any]:
        """As the columns have it. Raises: InvalidValue for an unknown event or language, or for nothing at all."""
        named = {name.strip() for name in self.events} - {""}
        for name in sorted(named - {code.value for code in OPENING}):
            raise InvalidValue("events", _("no message is sent for %(event)s."), event=name)
        if not named and not self.daily_digest:
            raise InvalidValue("events", _("choose at least one event, or the digest."))
        language = self.language or settings.LANGUAGE_CODE
        if language not in dict(settings.LANGUAGES):
            raise InvalidValue("language", _("there is no language %(language)s."), language=language)
        events = [code.value for code in OPENING if code.value in named]
        return {"events": events, "daily_digest": self.daily_digest, "language": language}


def recipient_of(recipient_id: UUID) -> MailRecipient:
    """Raises: RecipientNotFound."""
    found = MailRecipient.objects.filter(pk=recipient_id).first()
    if found is None:
        raise RecipientNotFound(recipient_id)
    return found


@one_transaction()
def add_recipient(address: str, wish: Wish, *, actor: Actor) -> MailRecipient:
    """Write to an address from now on.

    Raises: InvalidValue for what is no address, and as ``Wish.checked``; RecipientExists; TooManyRecipients.
    """
    address, columns = checked_address(address), wish.checked()
    # The lock of whoever makes messages, so that of two who add the same address the second one sees the first.
    present = {each.address.lower() for each in MailRecipient.objects.select_for_update().order_by("pk")}
    if address.lower() in present:
        raise RecipientExists(address)
    if len(present) >= MOST_RECIPIENTS:
        raise TooManyRecipients
    made = MailRecipient.objects.create(address=address, **columns)
    _record(Event.MAIL_RECIPIENT_ADDED, made, actor, after=columns)
    return made


def checked_address(address: str) -> str:
    """Without blanks around it. Raises: InvalidValue."""
    address = address.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise InvalidValue("address", _("this is no e-mail address.")) from None
    if len(address) > LONGEST_ADDRESS:
        raise InvalidValue("address", _("this is no e-mail address."))
    return address


@one_transaction()
def change_recipient(recipient_id: UUID, wish: Wish, *, actor: Actor) -> bool:
    """Send something else from now on; False when that was so already. Raises: RecipientNotFound, InvalidValue."""
    columns, recipient = wish.checked(), _locked(recipient_id)
    before = {name: getattr(recipient, name) for name in columns}
    if before == columns:
        return False
    MailRecipient.objects.filter(pk=recipient_id).update(**columns)
    _record(Event.MAIL_RECIPIENT_CHANGED, recipient, actor, before=before, after=columns)
    return True


@one_transaction()
def remove_recipient(recipient_id: UUID, *, actor: Actor) -> None:
    """Send nothing more, what waits included; its delivery log goes too. Raises: RecipientNotFound."""
    recipient = _locked(recipient_id)
    _record(Event.MAIL_RECIPIENT_REMOVED, recipient, actor, before={"events": recipient.events})
    recipient.delete()


@one_transaction()
def pause_recipient(recipient_id: UUID, reason: MailPauseReason, *, actor: Actor) -> None:
    """Send nothing to it until somebody resumes it; what happens meanwhile waits. Raises: RecipientNotFound."""
    recipient = _locked(recipient_id)
    if recipient.paused_at is not None:
        return
    recipient.paused_at, recipient.pause_reason = timezone.now(), reason
    recipient.save(update_fields=["paused_at", "pause_reason"])
    _record(Event.MAIL_RECIPIENT_PAUSED, recipient, actor, after={"reason": reason.value})
    log.error("mail_recipient_paused", recipient=str(recipient.id), reason=reason.value)


@one_transaction()
def resume_recipient(recipient_id: UUID, *, actor: Actor) -> bool:
    """Send again, what has waited first. False when it was not paused. Raises: RecipientNotFound."""
    recipient = _locked(recipient_id)
    if recipient.paused_at is None:
        return False
    _record(Event.MAIL_RECIPIENT_RESUMED, recipient, actor, before={"reason": recipient.pause_reason})
    recipient.paused_at, recipient.pause_reason, recipient.refusals = None, "", 0
    recipient.save(update_fields=["paused_at", "pause_reason", "refusals"])
    now = timezone.now()
    # Whatever was put off is tried now, and for as long as a new message would be.
    MailMessage.objects.waiting().filter(recipient=recipient).update(due_at=now, attempts=0, created_at=now)
    transaction.on_commit(news.set)
    return True


def _locked(recipient_id: UUID) -> MailRecipient:
    recipient = MailRecipient.objects.select_for_update().filter(pk=recipient_id).first()
    if recipient is None:
        raise RecipientNotFound(recipient_id)
    return recipient


def record_test(message: MailMessage, *, actor: Actor) -> None:
    """Store a test that was sent, as an entry of the delivery log. Raises: RecipientNotFound."""
    with one_transaction():
        recipient = _locked(message.recipient_id)
        message.save()
        _record(Event.MAIL_TESTED, recipient, actor, after={"problem": message.problem})


def _record(event: Event, recipient: MailRecipient, actor: Actor, **documents: dict[str, Any]) -> None:
    record(event, actor=actor, kind="mail_recipient", object_id=recipient.id, label=str(recipient), **documents)
