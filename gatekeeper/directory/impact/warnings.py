"""What an administrator is warned of before they save."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.impact.counts import Kind
from gatekeeper.directory.levels import ADMINISTRATOR_LEVELS, Level
from gatekeeper.directory.lockout_protection import somebody_could_configure
from gatekeeper.directory.models import User

NOBODY_COULD_CONFIGURE = "nobody_could_configure"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an administrator is warned of. ``code`` is stable; ``text`` names the consequence in one sentence.

    ``takes_access``: somebody could no longer sign in.
    """

    code: str
    text: str
    takes_access: bool = False


def consequences(before: SiteFacts, after: SiteFacts, kinds: list[Kind], by: User | None) -> Iterator[Consequence]:
    """The warnings about a change from ``before`` to ``after``; ``kinds`` are the people whose access differs."""
    losing = losing_access(kinds)
    if losing:
        yield Consequence("lose_access", f"{counted(losing)} could no longer sign in.", takes_access=True)
    top = Level.GLOBAL_ADMINISTRATOR
    becoming = _people(kind for kind in kinds if kind.after.level is top and kind.before.level is not top)
    if becoming:
        who = "1 person becomes" if becoming == 1 else f"{becoming:,} people become"
        yield Consequence("becomes_global_administrator", f"{who} Global Administrator.")
    if before.default_mapping != after.default_mapping and after.default_mapping.level in ADMINISTRATOR_LEVELS:
        label = after.default_mapping.level.label
        yield Consequence("administrator_default", f"Everybody who has the Default Mapping becomes {label}.")
    left = left_without_team(kinds)
    if left:
        who = "1 person is" if left == 1 else f"{left:,} people are"
        yield Consequence("left_without_team", f"{who} left without any team, since there would be no fallback team.")
    if by is not None:
        yield from _about(by, before, after)
    if somebody_could_configure(before) and not somebody_could_configure(after):
        yield Consequence(NOBODY_COULD_CONFIGURE, "Nobody could configure Gatekeeper any more, so it is not saved.")


def left_without_team(kinds: Iterable[Kind]) -> int:
    """How many people keep a level and lose their last team. A local administrator needs none."""
    return _people(
        kind
        for kind in kinds
        if kind.before.teams
        and not kind.after.teams
        and kind.after.level is not Level.NONE
        and kind.after.sources[0].kind != "local"
    )


def losing_access(kinds: Iterable[Kind]) -> int:
    """How many people lose everything."""
    return _people(kind for kind in kinds if kind.after.level is Level.NONE and kind.before.level is not Level.NONE)


def _about(by: User, before: SiteFacts, after: SiteFacts) -> Iterator[Consequence]:
    now = access_of_many([by], site=before)[by.id]
    then = access_of_many([by], site=after)[by.id]
    if now.can_sign_in and not then.can_sign_in:
        yield Consequence("lose_own_access", "You lose your own access.", takes_access=True)
    elif now.can_configure and not then.can_configure:
        yield Consequence("lose_own_configuration", "You can no longer configure Gatekeeper yourself.")


def counted(people: int) -> str:
    """``1 person`` or ``1,200 people``."""
    return "1 person" if people == 1 else f"{people:,} people"


def _people(kinds: Iterable[Kind]) -> int:
    return sum(len(kind.people) for kind in kinds)
