"""What a search finds, as the list below the field and the results page show it, and how well it fits. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from django.db.models import Q

from gatekeeper.directory.access.states import Readiness
from gatekeeper.directory.case_folding import fold

LONGEST = 200  # characters of a search; the rest of a longer one is ignored
_REFERENCE = re.compile(r"(?=.*\d)[\w.:-]{12,60}")


class Fit(IntEnum):
    """How well a name fits; the smaller, the earlier."""

    EXACT = 0
    BEGINS = 1
    WORD_BEGINS = 2
    CONTAINS = 3
    ELSEWHERE = 4  # only by another name: an address, a synonym


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One thing that was found. ``about`` tells apart what has the same name.

    Of a person only: ``state`` says in few words whether they can sign in and why not, ``readiness`` in full.
    """

    name: str
    address: str
    icon: str
    fit: Fit
    about: str = ""
    state: str = ""
    readiness: Readiness | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The options of one kind, the best first. ``more``: where all of them are listed, "" where these are all."""

    title: str
    options: Sequence[Option]
    more: str = ""

    @property
    def fit(self) -> Fit:
        """Of the best of them."""
        return min(option.fit for option in self.options)


def cleaned(text: str) -> str:
    """A search as it is looked for: one line, without NUL, which no database takes, and not endless."""
    return " ".join(text.replace("\x00", " ").split())[:LONGEST].strip()


def is_reference(search: str) -> bool:
    """Whether it has the form of a reference number or an id; an address or a name has not."""
    return _REFERENCE.fullmatch(search) is not None


def has_id(search: str) -> Q:
    """The condition "this is the id of it", ours or the identity provider's; of users and groups."""
    known = uuid_in(search)
    return Q(external_id=search) | Q(pk=known) if known else Q(external_id=search)


def uuid_in(search: str) -> UUID | None:
    """The id that the search is, if it is one."""
    try:
        return UUID(search)
    except ValueError:
        return None


def fit_of(search: str, name: str) -> Fit:
    """How a name fits a search of one or several words."""
    wanted, known = fold(search), fold(name)
    if known == wanted:
        return Fit.EXACT
    if known.startswith(wanted):
        return Fit.BEGINS
    if all(any(word.startswith(part) for word in _words(known)) for part in _words(wanted)):
        return Fit.WORD_BEGINS
    return Fit.CONTAINS if wanted in known else Fit.ELSEWHERE


def best_fit(search: str, name: str, others: Iterable[str | None]) -> Fit:
    """The same over several names, of which ``name`` is the one that is shown: a part of another one counts least."""
    by_others = min((fit_of(search, other) for other in others if other), default=Fit.ELSEWHERE)
    return min(fit_of(search, name), by_others if by_others <= Fit.BEGINS else Fit.ELSEWHERE)


def _words(folded: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in folded).split() or [folded]
