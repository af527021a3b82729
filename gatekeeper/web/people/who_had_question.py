"""What the form of the access reports asks."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.directory.access.past import past_moment
from gatekeeper.directory.explanation.who_had import level_or_permission
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import InvalidValue
from gatekeeper.web.people.person_access import picker

AT, OTHER = "at", "compare"  # the parameters that are moments


@dataclass(frozen=True, slots=True)
class TypedMoment:
    """A field for a moment: ``text`` is what it holds, ``fault`` says why that is no moment."""

    at: datetime | None = None
    text: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Nothing is asked before something is chosen; ``refused`` says why it cannot be answered.

    ``at`` None: now. With a moment in ``compared_with`` it is asked what changed between the two.
    """

    name: str = ""
    wanted: Level | Permission | None = None
    as_of: TypedMoment = TypedMoment()
    compared_with: TypedMoment = TypedMoment()
    refused: str = ""

    @property
    def label(self) -> str:
        return self.wanted.label if self.wanted is not None else ""

    @property
    def at(self) -> datetime | None:
        return self.as_of.at

    @property
    def other(self) -> datetime | None:
        return self.compared_with.at

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Both, the earlier first."""
        now = timezone.now()
        earlier, later = sorted((self.at or now, self.other or now))
        return earlier, later


def question_of(request: HttpRequest) -> Question:
    """The question in the address."""
    name = request.GET.get("wanted", "").strip()
    as_of, other = (_typed(request.GET.get(field, "").strip()) for field in (AT, OTHER))
    try:
        wanted = level_or_permission(name) if name else None
    except InvalidValue as refusal:
        return Question(as_of=as_of, compared_with=other, refused=refusal.on_page)
    fault = as_of.fault or other.fault
    return Question(name, None if fault else wanted, as_of, other, fault)


def _typed(text: str) -> TypedMoment:
    if not text:
        return TypedMoment()
    if text.casefold() in ("now", _("now").casefold()):
        return TypedMoment(timezone.now(), text)
    try:
        at = past_moment(text)
    except InvalidValue as refusal:
        return TypedMoment(None, text, refusal.on_page)
    return TypedMoment(at, picker(at)["value"])
