"""The preview of a change beside its form, and the confirmation that Save asks for."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.people_pages import START, Place
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.impact.affected_people import AffectedPerson, affected_people
from gatekeeper.directory.impact.counts import Shift
from gatekeeper.directory.impact.preview import Move, Preview, preview_between
from gatekeeper.directory.impact.proposals import ProposedChange
from gatekeeper.directory.impact.warnings import WarningCode
from gatekeeper.directory.levels import Level
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.errors import DomainError, NeedsConfirmation
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.web.framework.permissions import person_of
from gatekeeper.web.plots.horizontal_bars import GainAndLoss, gains_and_losses


class PreviewOutdated(DomainError):
    """Somebody changed something that the preview was worked out from. A matter of these pages only."""

    code = "preview_outdated"
    sentence = gettext_lazy("The facts changed while you were looking; the new preview is beside the form. Save again.")


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview as the form carries it: what it would replace, by what, and what it said that would do."""

    basis: str
    proposal: str
    fingerprint: str

    @classmethod
    def from_form(cls, data: QueryDict) -> "Shown":
        """What the page showed when Save was pressed; empty texts where it showed nothing."""
        parts = data.get("previewed", "").split(":")
        return cls(*parts) if len(parts) == 3 else cls("", "", "")

    @classmethod
    def before(cls, change: ProposedChange, site: SiteFacts) -> "Shown":
        """What a form carries that shows what holds, and no preview yet."""
        return cls(change.replaced_in(site).digest, change.digest, "")

    def is_outdated_by(self, fresh: "Shown") -> bool:
        """Whether facts changed since: what is replaced is something else by now, or the same proposal does more.

        The effect of another proposal says nothing: Save was quicker than the preview of the last click.
        """
        if not self.basis:
            return False
        seen = bool(self.fingerprint) and self.proposal == fresh.proposal
        return self.basis != fresh.basis or (seen and self.fingerprint != fresh.fingerprint)

    def __str__(self) -> str:
        return f"{self.basis}:{self.proposal}:{self.fingerprint}"


@dataclass(frozen=True, slots=True)
class Question:
    """Consequences that Save asks to confirm. ``about``: of each its code and values, which a yes is given to."""

    text: str
    about: tuple[tuple[str | int, ...], ...]

    def __bool__(self) -> bool:
        return bool(self.about)

    @property
    def confirmation(self) -> str:
        """What the checkbox beside the question carries, so that a yes to one consequence is none to another.

        It covers no text: the same question in another language, or put in other words, is the same.
        """
        return hashlib.sha256(json.dumps(self.about).encode()).hexdigest()[:16]


NO_QUESTION = Question("", ())


class NotConfirmed(NeedsConfirmation):
    """Save was pressed without a yes to exactly these consequences; the page asks the question."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question


@dataclass(frozen=True, slots=True)
class Outlook:
    """What saving would do now, and how the form carries that it was shown."""

    preview: Preview
    shown: Shown

    def question(self) -> Question:
        """The consequences that Save asks to confirm; none for a change that is refused whatever is answered."""
        warnings = self.preview.warnings
        if any(warning.code is WarningCode.NOBODY_COULD_CONFIGURE for warning in warnings):
            return NO_QUESTION
        text = " ".join(warning.text_with_names for warning in warnings)
        return Question(text, tuple(warning.values for warning in warnings))


@dataclass(frozen=True, slots=True)
class Saved:
    """What a change did, and the site's facts as they are since."""

    preview: Preview
    site: SiteFacts


def outlook(request: HttpRequest, change: ProposedChange, site: SiteFacts) -> Outlook:
    """What ``change`` would do to these facts, with the warnings for whoever looks at it."""
    preview = preview_between(site, change.applied_to(site), by=person_of(request))
    return Outlook(preview, Shown(change.replaced_in(site).digest, change.digest, preview.fingerprint))


def save_previewed(request: HttpRequest, change: ProposedChange, write: Callable[[SiteFacts], object]) -> Saved:
    """Write, if that would do now what the preview showed. The site lock keeps others from deciding meanwhile.

    ``write`` gets the site's facts, which are read under that lock, a single time.
    Raises: PreviewOutdated when facts changed; NotConfirmed where a warning stands, until exactly that is
            confirmed; whatever ``write`` raises.
    """
    with one_transaction():
        lock_site()
        site = site_facts()
        fresh = outlook(request, change, site)
        if Shown.from_form(request.POST).is_outdated_by(fresh.shown):
            raise PreviewOutdated
        require_confirmation(request, fresh.question())
        write(site)
    return Saved(fresh.preview, change.applied_to(site))


def require_confirmation(request: HttpRequest, question: Question) -> None:
    """Raises NotConfirmed, unless the form confirms these consequences, and no others."""
    if question and request.POST.get("confirmed") != question.confirmation:
        raise NotConfirmed(question)


def preview_fragment(
    request: HttpRequest, found: Outlook, form_id: str, *, warned: bool = False, sentence: str = ""
) -> HttpResponse:
    """The preview alone, for the script that keeps it up to date; without warnings where a question says them.

    ``sentence``: what it says in one, where that is another one than usual.
    """
    shown = {**preview_context(found, form_id, request.POST), "warned": warned, "sentence": sentence}
    return render(request, "web/framework/_preview.html", {"shown": shown})


def refused_preview(refusal: DomainError) -> HttpResponse:
    """In place of a preview: why the change would be refused. The script shows it beside the form."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return HttpResponse(refusal.on_page, status=status, content_type="text/plain; charset=utf-8")


def preview_context(found: Outlook, form_id: str, data: QueryDict | None = None) -> dict[str, Any]:
    """What ``_preview.html`` needs: the counts as bars, and one page of the people."""
    preview = found.preview
    search = data.get("preview_search", "") if data else ""
    place = place_of(data, "preview_") if data else START
    people, page = affected_people(preview, search=search, place=place)
    return {
        "preview": preview,
        "previewed": str(found.shown),
        "form_id": form_id,
        "shift_groups": _shift_groups(preview),
        "people": [_line(person) for person in people],
        "page_of_people": page,
        "searched": search,
    }


def _shift_groups(preview: Preview) -> list[tuple[str, list[GainAndLoss]]]:
    """All bars to one scale, so that they can be compared across the three tables."""
    kinds = {
        _("Levels"): _level_shifts(preview.moves),
        _("Permissions"): preview.permissions,
        _("Teams"): preview.teams,
    }
    largest = max((max(shift.gained, shift.lost) for some in kinds.values() for shift in some), default=0)
    numbers = {title: [(shift.name, shift.gained, shift.lost) for shift in some] for title, some in kinds.items()}
    return [(title, gains_and_losses(some, largest)) for title, some in numbers.items() if some]


def _level_shifts(moves: Sequence[Move]) -> list[Shift]:
    """Who loses and who gains access at all, and each move from one level to another: downwards is a loss.

    A lower level that people come to is nothing that they gain.
    """
    gained = sum(move.people for move in moves if move.before is Level.NONE)
    lost = sum(move.people for move in moves if move.after is Level.NONE)
    access = [Shift(_("Access"), gained, lost)] if gained or lost else []
    down = [move for move in moves if move.after < move.before]
    up = [move for move in moves if move.after > move.before]
    return [
        *access,
        *(Shift(_move_text(move), 0, move.people) for move in down),
        *(Shift(_move_text(move), move.people, 0) for move in up),
    ]


def _move_text(move: Move) -> str:
    return f"{move.before.label} → {move.after.label}"


def place_of(data: QueryDict, prefix: str = "") -> Place:
    """The place in a list of people, after or before somebody; the start for anything that is no id."""
    return Place(after=_id(data.get(f"{prefix}after", "")), before=_id(data.get(f"{prefix}before", "")))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _line(person: AffectedPerson) -> dict[str, Any]:
    """One person: the levels before and after, and what else comes or goes."""
    before, after = person.before, person.after
    return {
        "user": person.user,
        "before": before.level.label,
        "after": after.level.label,
        "is_lower": after.level < before.level,
        "gains": sorted(
            [
                *(permission.label for permission in after.permissions - before.permissions),
                *(name for team, name in after.teams.items() if team not in before.teams),
            ]
        ),
        "loses": sorted(
            [
                *(permission.label for permission in before.permissions - after.permissions),
                *(name for team, name in before.teams.items() if team not in after.teams),
            ]
        ),
    }
