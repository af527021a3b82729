"""The key ``mail_recipients`` of a configuration document: everybody who is written to."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from gatekeeper.audit.actor import Actor
from gatekeeper.config_as_code.changes import ChangeCode
from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.events.mail.recipients import (
    Wish,
    add_recipient,
    change_recipient,
    checked_address,
    remove_recipient,
)
from gatekeeper.events.models import MailRecipient

KEY = "mail_recipients"

_MEMBERS = ("address", "language", "events", "daily_digest")

Note = Callable[..., None]
Stated = tuple[tuple[str, Wish], ...]


def export_recipients() -> list[dict[str, Any]]:
    """Whoever is written to, by address."""
    rows = MailRecipient.objects.values(*_MEMBERS)
    return sorted((dict(each) for each in rows), key=lambda each: str(each["address"]))


def read_recipients(value: Any) -> Stated:
    """Raises: InvalidValue, which names the place."""
    if not isinstance(value, list):
        raise InvalidValue(KEY, _("a list of recipients is needed."))
    read, seen = list[tuple[str, Wish]](), set[str]()
    for position, each in enumerate(value):
        address, wish = _recipient(each, f"{KEY}[{position}]")
        if address.lower() in seen:
            raise InvalidValue(KEY, _("%(path)s is there twice."), path=address)
        seen.add(address.lower())
        read.append((address, wish))
    return tuple(read)


def _recipient(value: Any, place: str) -> tuple[str, Wish]:
    if not isinstance(value, dict) or not isinstance(value.get("address"), str):
        raise InvalidValue(place, _("an object with an address is needed."))
    for key in value:
        if key not in _MEMBERS:
            known = ", ".join(_MEMBERS)
            raise InvalidValue(f"{place}.{key[:60]}", _("there is no such key; known are %(known)s."), known=known)
    events, language, digest = value.get("events", []), value.get("language", ""), value.get("daily_digest", False)
    if not isinstance(events, list) or not all(isinstance(each, str) for each in events):
        raise InvalidValue(f"{place}.events", _("a list of codes of events is needed."))
    if not isinstance(language, str):
        raise InvalidValue(f"{place}.language", _("a text is needed."))
    if not isinstance(digest, bool):
        raise InvalidValue(f"{place}.daily_digest", _("true or false is needed."))
    wish = Wish(events=events, language=language, daily_digest=digest)
    try:
        wish.checked()
        return checked_address(value["address"]), wish
    except InvalidValue as refusal:
        raise InvalidValue(f"{place}.{refusal.attribute}", refusal.reason) from None


def apply_recipients(stated: Stated, note: Note, *, actor: Actor) -> None:
    """Add, change and remove until exactly those are written to; ``note`` gets each change.

    Raises: InvalidValue where there would be too many.
    """
    present = {each.address.lower(): each for each in MailRecipient.objects.all()}
    named = {address.lower() for address, _ in stated}
    for folded, recipient in sorted(present.items()):
        if folded not in named:
            remove_recipient(recipient.pk, actor=actor)
            note(ChangeCode.RECIPIENT_REMOVED, name=recipient.address)
    for address, wish in stated:
        known = present.get(address.lower())
        if known is None:
            _add(address, wish, actor)
            note(ChangeCode.RECIPIENT_ADDED, name=address)
        elif change_recipient(known.pk, wish, actor=actor):
            note(ChangeCode.RECIPIENT_CHANGED, name=known.address)


def _add(address: str, wish: Wish, actor: Actor) -> None:
    try:
        add_recipient(address, wish, actor=actor)
    except DomainError as refusal:
        raise InvalidValue(KEY, f"{address}: {refusal}") from refusal
