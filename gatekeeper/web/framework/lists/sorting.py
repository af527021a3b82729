"""The orders in which a list can be read: its heads are links to them, ``?order=name`` and ``?order=-name``.

A list offers only orders that an index has, so that each page of each order costs the same, however long the list is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django_stubs_ext import StrOrPromise

from gatekeeper.directory.keyset_pagination import KeysetOrder

ORDER = "order"
_DESCENDING = "-"


@dataclass(frozen=True, slots=True)
class SortedBy:
    """What a list can be sorted by. ``order`` is the one that a first click chooses, the other is its reverse.

    ``title`` is what a choice calls it where there are no heads (on a phone).
    """

    title: StrOrPromise
    order: KeysetOrder

    def towards(self, *, descending: bool) -> KeysetOrder:
        """The order in one direction."""
        return self.order if self.order.descending is descending else self.order.reversed()


@dataclass(frozen=True, slots=True)
class Sorting:
    """The orders of a list by name, and the one that was asked for; one that does not exist is as none."""

    offered: Mapping[str, SortedBy]
    default: KeysetOrder
    asked: str = ""

    @property
    def order(self) -> KeysetOrder:
        """The order of the rows."""
        named = self.offered.get(self.asked.removeprefix(_DESCENDING))
        return named.towards(descending=self.asked.startswith(_DESCENDING)) if named else self.default

    @property
    def stated(self) -> str:
        """What the address has to say for this order; "" for the order that the list has anyway."""
        return "" if self.order == self.default else self.asked

    def direction(self, name: str) -> str:
        """``aria-sort`` of a head: "ascending", "descending", or "" where the list is not sorted by it."""
        sorted_by = self.offered.get(name)
        if sorted_by is None or sorted_by.order.key != self.order.key:
            return ""
        return "descending" if self.order.descending else "ascending"

    def next(self, name: str) -> str:
        """What the link of a head asks for: the other direction of the order in force, or the first click's."""
        direction, first = self.direction(name), self.offered[name].order.descending
        descending = direction == "ascending" if direction else first
        return f"{_DESCENDING if descending else ''}{name}"

    def choices(self) -> Iterator[tuple[str, StrOrPromise, bool, bool]]:
        """Each order: its value in the address, what it sorts by, whether descending, whether it is in force."""
        for name, sorted_by in self.offered.items():
            for descending in (sorted_by.order.descending, not sorted_by.order.descending):
                order = sorted_by.towards(descending=descending)
                value = f"{_DESCENDING if descending else ''}{name}"
                yield value, sorted_by.title, descending, order == self.order
