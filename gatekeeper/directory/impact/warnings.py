"""Warnings before a change is saved: codes with what they are about, and their texts."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from gatekeeper.directory.access.loaders import access_under
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.impact.counts import Kind
from gatekeeper.directory.impact.first_names import first_names
from gatekeeper.directory.levels import ADMINISTRATOR_LEVELS, Level
from gatekeeper.directory.lockout_protection import somebody_could_configure
from gatekeeper.directory.models import User
from gatekeeper.errors import NobodyCouldConfigure


class WarningCode(StrEnum):
    """What an administrator is warned of; each is a code of the preview's JSON."""

    LOSE_ACCESS = "lose_access"
    BECOMES_GLOBAL_ADMINISTRATOR = "becomes_global_administrator"
    ADMINISTRATOR_DEFAULT = "administrator_default"
    LEFT_WITHOUT_TEAM = "left_without_team"
    LOSE_OWN_ACCESS = "lose_own_access"
    LOSE_OWN_CONFIGURATION = "lose_own_configuration"
    NOBODY_COULD_CONFIGURE = NobodyCouldConfigure.code


@dataclass(frozen=True, slots=True)
class Consequence:
    """A consequence that an administrator is warned of. ``people``: how many it is about, where it is about a number.

    ``level``: the level that the text names, where it names one. ``kinds``: the people whom it is about.
    """

    code: WarningCode
    people: int = 0
    level: Level | None = None
    kinds: tuple[Kind, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def of_people(cls, code: WarningCode, kinds: Iterable[Kind]) -> Self:
        """A consequence for everybody of these kinds."""
        some = tuple(kinds)
        return cls(code, _people(some), kinds=some)

    @property
    def takes_access(self) -> bool:
        """Whether somebody could no longer sign in."""
        return self.code in {WarningCode.LOSE_ACCESS, WarningCode.LOSE_OWN_ACCESS}

    @property
    def values(self) -> tuple[str | int, ...]:
        """The consequence without any text: what a fingerprint and a confirmation cover."""
        return (self.code.value, self.people, self.level.slug if self.level else "")

    @property
    def text(self) -> str:
        """The consequence in one sentence."""
        if self.code in _COUNTED:
            return _COUNTED[self.code](self.people) % {"people": f"{self.people:,}"}
        return str(_TEXTS[self.code]) % {"level": self.level.label if self.level else ""}

    @property
    def text_with_names(self) -> str:
        """The same with the first names of those whom it is about. The queries of ``first_names``."""
        if not self.kinds:
            return self.text
        names = first_names([user_id for kind in self.kinds for user_id in kind.people])
        return _WITH_NAMES[self.code](self.people) % {"people": f"{self.people:,}", "names": names}


_COUNTED: dict[WarningCode, Callable[[int], str]] = {
    WarningCode.LOSE_ACCESS: lambda people: ngettext(
        "%(people)s person could no longer sign in.", "%(people)s people could no longer sign in.", people
    ),
    WarningCode.BECOMES_GLOBAL_ADMINISTRATOR: lambda people: ngettext(
        "%(people)s person becomes Global Administrator.", "%(people)s people become Global Administrator.", people
    ),
    WarningCode.LEFT_WITHOUT_TEAM: lambda people: ngettext(
        "%(people)s person is left without any team, since there would be no fallback team.",
        "%(people)s people are left without any team, since there would be no fallback team.",
        people,
    ),
}
_WITH_NAMES: dict[WarningCode, Callable[[int], str]] = {
    WarningCode.LOSE_ACCESS: lambda people: ngettext(
        "%(people)s person could no longer sign in: %(names)s.",
        "%(people)s people could no longer sign in: %(names)s.",
        people,
    ),
    WarningCode.BECOMES_GLOBAL_ADMINISTRATOR: lambda people: ngettext(
        "%(people)s person becomes Global Administrator: %(names)s.",
        "%(people)s people become Global Administrator: %(names)s.",
        people,
    ),
    WarningCode.LEFT_WITHOUT_TEAM: lambda people: ngettext(
        "%(people)s person is left without any team, since there would be no fallback team: %(names)s.",
        "%(people)s people are left without any team, since there would be no fallback team: %(names)s.",
        people,
    ),
}
_TEXTS = {
    WarningCode.ADMINISTRATOR_DEFAULT: _("Everybody who has the Default Mapping becomes %(level)s."),
    WarningCode.LOSE_OWN_ACCESS: _("You lose your own access."),
    WarningCode.LOSE_OWN_CONFIGURATION: _("You can no longer configure Gatekeeper yourself."),
    WarningCode.NOBODY_COULD_CONFIGURE: _("Nobody could configure Gatekeeper any more, so it is not saved."),
}


def consequences(before: SiteFacts, after: SiteFacts, kinds: list[Kind], by: User | None) -> Iterator[Consequence]:
    """The warnings about a change from ``before`` to ``after``; ``kinds`` are the people whose access differs."""
    losing = [kind for kind in kinds if _loses_access(kind)]
    if losing:
        yield Consequence.of_people(WarningCode.LOSE_ACCESS, losing)
    becoming = [kind for kind in kinds if _becomes_global_administrator(kind)]
    if becoming:
        yield Consequence.of_people(WarningCode.BECOMES_GLOBAL_ADMINISTRATOR, becoming)
    if before.default_mapping != after.default_mapping and after.default_mapping.level in ADMINISTRATOR_LEVELS:
        yield Consequence(WarningCode.ADMINISTRATOR_DEFAULT, level=after.default_mapping.level)
    left = [kind for kind in kinds if _is_left_without_team(kind)]
    if left:
        yield Consequence.of_people(WarningCode.LEFT_WITHOUT_TEAM, left)
    if by is not None:
        yield from _about(by, before, after)
    if not somebody_could_configure(after) and somebody_could_configure(before):
        yield Consequence(WarningCode.NOBODY_COULD_CONFIGURE)


def losing_access(kinds: Iterable[Kind]) -> int:
    """How many people lose everything."""
    return _people(kind for kind in kinds if _loses_access(kind))


def becoming_global_administrator(kinds: Iterable[Kind]) -> int:
    """How many people become Global Administrator."""
    return _people(kind for kind in kinds if _becomes_global_administrator(kind))


def _loses_access(kind: Kind) -> bool:
    return kind.after.level is Level.NONE and kind.before.level is not Level.NONE


def _becomes_global_administrator(kind: Kind) -> bool:
    top = Level.GLOBAL_ADMINISTRATOR
    return kind.after.level is top and kind.before.level is not top


def _is_left_without_team(kind: Kind) -> bool:
    keeps_level = kind.after.level is not Level.NONE and kind.after.sources[0].kind != "local"
    return bool(kind.before.teams) and not kind.after.teams and keeps_level


def _about(by: User, before: SiteFacts, after: SiteFacts) -> Iterator[Consequence]:
    now, then = access_under(by, before, after)
    if now.can_sign_in and not then.can_sign_in:
        yield Consequence(WarningCode.LOSE_OWN_ACCESS)
    elif now.can_configure and not then.can_configure:
        yield Consequence(WarningCode.LOSE_OWN_CONFIGURATION)


def _people(kinds: Iterable[Kind]) -> int:
    return sum(len(kind.people) for kind in kinds)
