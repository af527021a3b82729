"""Conflicts of the SAML user sync: why a person is not linked, as a code with parameters, and the text of each code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


class ConflictCode(StrEnum):
    SAME_EMAIL = "same_email"
    LAST_CONFIGURATOR = "last_configurator"
    NO_EMAIL = "no_email"
    NO_CONNECTION = "no_connection"
    TEXT = "text"  # of a run of an earlier release, whose sentence is kept as it was


@dataclass(frozen=True, slots=True)
class Conflict:
    """A person who could not be linked. ``parameters``: the values in the text of the code.

    ``user_id`` is "" in runs of earlier releases.
    """

    user_name: str
    code: ConflictCode
    parameters: Mapping[str, Any] = field(default_factory=dict)
    user_id: str = ""

    @property
    def reason(self) -> str:
        """Why the person is not linked, and how to correct that."""
        if self.code is ConflictCode.SAME_EMAIL:
            return _same_email(self.parameters)
        if self.code is ConflictCode.LAST_CONFIGURATOR:
            text = _(
                "%(email)s is somebody else's work e-mail too; this link stays, since nobody else could configure "
                "Gatekeeper. Change the other one's address in the identity provider."
            )
        elif self.code is ConflictCode.NO_EMAIL:
            return _('There is no work e-mail to sign in with; map userPrincipalName to emails[type eq "work"].value.')
        elif self.code is ConflictCode.NO_CONNECTION:
            text = _("No connection is for the domain of %(email)s; add it to a connection, or correct the address.")
        else:
            return str(self.parameters["text"])
        return text % self.parameters

    def as_document(self) -> dict[str, Any]:
        """The conflict as a run stores it."""
        known = {"user_id": self.user_id} if self.user_id else {}
        return {"user_name": self.user_name, **known, "code": self.code.value, "parameters": dict(self.parameters)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Conflict":
        """A stored conflict. A process of the release before stores a sentence instead of a code."""
        if "code" not in document:
            return cls(document["user_name"], ConflictCode.TEXT, {"text": document["reason"]})
        code, user_id = ConflictCode(document["code"]), document.get("user_id", "")
        return cls(document["user_name"], code, document["parameters"], user_id)


def _same_email(parameters: Mapping[str, Any]) -> str:
    text = ngettext(
        "%(email)s is the work e-mail of %(count)s active user; change it in the identity provider.",
        "%(email)s is the work e-mail of %(count)s active users; change all but one in the identity provider.",
        parameters["count"],
    )
    return text % parameters
