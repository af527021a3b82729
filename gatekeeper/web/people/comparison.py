"""Two states of somebody's access side by side: what is in one of them only is marked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.access.states import State


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that somebody has. ``mark``: "loss" where the later state lacks it, "gain" where the earlier does."""

    name: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of thing, before and after."""

    title: str
    before: list[Item]
    after: list[Item]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``mark``: "gain" or "loss" where somebody can or can't sign in afterwards. ``…_due``: the sync they await."""

    before: State
    after: State
    before_due: datetime | None
    after_due: datetime | None
    rows: list[Row]

    @property
    def mark(self) -> str:
        could, can = self.before is State.CAN_SIGN_IN, self.after is State.CAN_SIGN_IN
        return "" if could == can else "gain" if can else "loss"

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return self.before is self.after and not any(
            item.mark for row in self.rows for item in (*row.before, *row.after)
        )


def compare(
    before: Access, after: Access, states: tuple[State, State], dues: tuple[datetime | None, datetime | None]
) -> Comparison:
    """Level, permissions and teams of both, and whether they can sign in."""
    permissions = [{each.label for each in access.permissions} for access in (before, after)]
    rows = [
        _level_row(before, after),
        _row(_("Permissions"), *permissions),
        _row(_("Teams"), set(before.teams.values()), set(after.teams.values())),
    ]
    return Comparison(*states, *dues, rows)


def _level_row(before: Access, after: Access) -> Row:
    mark = "" if before.level is after.level else "gain" if after.level > before.level else "loss"
    return Row(_("Level"), [Item(before.level.label)], [Item(after.level.label, mark)])


def _row(title: str, before: Collection[str], after: Collection[str]) -> Row:
    def items(names: Collection[str], others: Collection[str], mark: str) -> list[Item]:
        return [Item(name, "" if name in others else mark) for name in sorted(names, key=str.casefold)]

    return Row(title, items(before, after, "loss"), items(after, before, "gain"))
