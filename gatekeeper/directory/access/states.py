"""The one state that each person is in, as lists, pages, commands and the API name it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils import timezone

from gatekeeper.directory.access.resolver import Access, Blocked

# A sentence in pieces: its moments stay moments, so that a page can show them in the reader's own zone.
Words = tuple[str | datetime, ...]


class State(StrEnum):
    """Every value of ``blocked_because``, and what lies behind some of them; in the order in which lists show them."""

    CAN_SIGN_IN = "can_sign_in"
    AWAITING_SAML_SYNC = "awaiting_saml_sync"
    NO_WORK_EMAIL = "no_work_email"
    NAME_ID_DIFFERS = "name_id_differs"
    IDENTITY_CONFLICT = "identity_conflict"
    NO_GROUP_ACCESS = "no_group_access"
    NO_SAML_CONNECTION = "no_saml_connection"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def kind(self) -> str:
        """How it looks: ready, waiting (mends itself) or blocked."""
        return {State.CAN_SIGN_IN: "ready", State.AWAITING_SAML_SYNC: "waiting"}.get(self, "blocked")


_LABELS = {
    State.CAN_SIGN_IN: "Can sign in",
    State.AWAITING_SAML_SYNC: "Awaiting the sync",
    State.NO_WORK_EMAIL: "No work e-mail",
    State.NAME_ID_DIFFERS: "Differs from NameID",
    State.IDENTITY_CONFLICT: "Conflict",
    State.NO_GROUP_ACCESS: "No access",
    State.NO_SAML_CONNECTION: "No SAML connection",
    State.DEACTIVATED: "Deactivated",
    State.DELETED: "Deleted",
}

# The text for a person whose sign-in is refused.
_TO_THE_PERSON = {
    Blocked.DELETED: "Your account was removed. Ask your administrator if you should still have access.",
    Blocked.DEACTIVATED: "Your account is deactivated. Ask your administrator to assign you again.",
    Blocked.NO_GROUP_ACCESS: "You are in no group that gives access. Ask your administrator to add you to one.",
    Blocked.NO_SAML_CONNECTION: "Single sign-on is not set up yet. Ask your administrator.",
    Blocked.IDENTITY_CONFLICT: "Two accounts have your work e-mail address. Ask your administrator to mend it.",
    Blocked.AWAITING_SAML_SYNC: "Your account is ready, but the next sign-in sync has not run yet.",
}


def words_for(blocked: Blocked) -> str:
    """The text for a person who cannot sign in."""
    return _TO_THE_PERSON[blocked]


def state_of(access: Access, received: str | None = None) -> State:
    """The state that follows from access; ``received`` is a NameID that was refused because it differs from theirs.

    ``readiness_lists.py`` says the same in SQL; the tests compare the two.
    """
    blocked = access.blocked_because
    if blocked is Blocked.AWAITING_SAML_SYNC and not access.email:
        return State.NO_WORK_EMAIL
    if received and blocked in (None, Blocked.AWAITING_SAML_SYNC, Blocked.IDENTITY_CONFLICT):
        # Before a conflict: the mapping that mends the one mends the other as well.
        return State.NAME_ID_DIFFERS
    return State(blocked.value) if blocked else State.CAN_SIGN_IN


@dataclass(frozen=True, slots=True)
class Readiness:
    """A person's state in words. ``due`` is when the next step happens by itself, if it does."""

    state: State
    words: Words
    next_step: str = ""
    due: datetime | None = None

    @property
    def sentence(self) -> str:
        """What is, in one sentence; its times in the current zone, which is named."""
        return "".join(moment_text(piece) if isinstance(piece, datetime) else piece for piece in self.words)

    @property
    def in_full(self) -> str:
        """What is, and what to do about it."""
        return f"{self.sentence} {self.next_step}".rstrip()

    def as_document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "state": self.state.value,
            "sentence": self.sentence,
            "next_step": self.next_step,
            "due": self.due.isoformat() if self.due else None,
        }


def moment_text(moment: datetime) -> str:
    """A time for people in the current time zone, with the zone's name."""
    return timezone.localtime(moment).strftime("%d %B %Y %H:%M %Z").lstrip("0")


def listed(names: Iterable[str]) -> str:
    """``"A, B and C"``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
