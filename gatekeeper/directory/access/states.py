"""The one state that each person is in, as lists, pages, commands and the API name it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.readiness_texts import NEXT_STEPS, SENTENCES, ReadinessCode
from gatekeeper.directory.access.resolver import Access, Blocked
from gatekeeper.language_forms import long_moment


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
        return str(_LABELS[self])

    @property
    def kind(self) -> str:
        """How it looks: ready, waiting (mends itself) or blocked."""
        return {State.CAN_SIGN_IN: "ready", State.AWAITING_SAML_SYNC: "waiting"}.get(self, "blocked")

    @property
    def verdict(self) -> str:
        """Whether somebody can sign in, and why not, in few words; "%(due)s" stands in the place of a time."""
        return str(_VERDICTS[self])


_LABELS = {
    State.CAN_SIGN_IN: _("Can sign in"),
    State.AWAITING_SAML_SYNC: _("Awaiting the sync"),
    State.NO_WORK_EMAIL: _("No work e-mail"),
    State.NAME_ID_DIFFERS: _("Differs from NameID"),
    State.IDENTITY_CONFLICT: _("Conflict"),
    State.NO_GROUP_ACCESS: _("No access"),
    State.NO_SAML_CONNECTION: _("No SAML connection"),
    State.DEACTIVATED: _("Deactivated"),
    State.DELETED: _("Deleted"),
}
_VERDICTS = {
    State.CAN_SIGN_IN: _("can sign in"),
    State.AWAITING_SAML_SYNC: _("can't sign in: awaiting the sync %(due)s"),
    State.NO_WORK_EMAIL: _("can't sign in: no work e-mail"),
    State.NAME_ID_DIFFERS: _("can't sign in: the work e-mail differs from the NameID"),
    State.IDENTITY_CONFLICT: _("can't sign in: somebody else has the same work e-mail"),
    State.NO_GROUP_ACCESS: _("can't sign in: no group gives access"),
    State.NO_SAML_CONNECTION: _("can't sign in: no SAML connection"),
    State.DEACTIVATED: _("can't sign in: deactivated"),
    State.DELETED: _("can't sign in: deleted"),
}


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
    """A person's state, and why they are in it. ``due``: when the next step happens by itself, if it does.

    ``parameters``: the values in the text of ``code``; moments stay moments, so that a page can show them in the
    reader's own zone.
    """

    state: State
    code: ReadinessCode
    parameters: Mapping[str, str | datetime] = field(default_factory=dict)
    due: datetime | None = None

    @property
    def sentence(self) -> str:
        """What is, in one sentence; its times in the current zone, which is named."""
        values = {
            name: long_moment(value) if isinstance(value, datetime) else value
            for name, value in self.parameters.items()
        }
        return str(SENTENCES[self.code]) % values

    @property
    def next_step(self) -> str:
        """What somebody can do about it; "" where there is nothing to do."""
        return str(NEXT_STEPS.get(self.code, ""))

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
