"""The columns that a reader chooses of a list: ``?columns=level,groups``, or as they chose the last time."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django_stubs_ext import StrOrPromise

COLUMNS = "columns"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that can be left out. ``by_default``: it is shown to whoever has not chosen."""

    name: str
    title: StrOrPromise
    by_default: bool = False


def stated(offered: Sequence[Column], asked: QueryDict) -> list[str] | None:
    """The columns that an address or a form names, in the order of the list; None where it says nothing of them.

    A name that does not exist is as none.
    """
    if COLUMNS not in asked:
        return None
    names = {name.strip() for text in asked.getlist(COLUMNS) for name in text.split(",")}
    return known(offered, names)


def known(offered: Sequence[Column], names: Sequence[str] | set[str]) -> list[str]:
    """Those of the names that the list has, in its order."""
    return [column.name for column in offered if column.name in names]


def by_default(offered: Sequence[Column]) -> list[str]:
    """What is shown to whoever has not chosen."""
    return [column.name for column in offered if column.by_default]
