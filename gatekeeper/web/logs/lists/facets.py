"""How many entries of a log have each outcome, reason or kind, under the filters in force."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.formats import number_format
from django_stubs_ext import StrOrPromise

from gatekeeper.runtime.row_counts import COUNTED_ALL, ValueCounts

MOST_VALUES = 8  # of a facet that are shown; the most frequent ones


@dataclass(frozen=True, slots=True)
class Facet:
    """What entries are counted by. ``parameter`` is that of the filter, ``value`` a column or an expression.

    ``label`` makes a value readable; it is "" for a choice of the filter that entries are not counted by. The empty
    value stands for nothing, and is left out.
    """

    parameter: str
    title: StrOrPromise
    value: Any
    label: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class ShownValue:
    """``query`` leads to the list with this value only, or without it where it is ``chosen``."""

    label: str
    number: str
    query: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ShownFacet:
    """``of_newest`` says how many of the newest entries were counted, where there are more; else it is ""."""

    title: StrOrPromise
    values: list[ShownValue]
    of_newest: str


def shown_facet(facet: Facet, counted: ValueCounts, asked: QueryDict) -> ShownFacet:
    """The counts of the entries that all filters but the facet's own leave."""
    chosen = asked.get(facet.parameter, "")
    numbers = {str(value): number for value, number in counted.numbers.items() if value not in (None, "")}
    if chosen and facet.label(chosen):
        numbers.setdefault(chosen, 0)
    order = sorted(numbers, key=lambda value: (value != chosen, -numbers[value], value))[:MOST_VALUES]
    values = [
        ShownValue(
            label=facet.label(value),
            number=number_format(numbers[value], force_grouping=True),
            query=_query(asked, facet.parameter, "" if value == chosen else value),
            chosen=value == chosen,
        )
        for value in order
    ]
    return ShownFacet(facet.title, values, number_format(COUNTED_ALL, force_grouping=True) if counted.is_cut else "")


def _query(asked: QueryDict, parameter: str, value: str) -> str:
    query = asked.copy()
    for name in (parameter, "after", "before", "last"):
        query.pop(name, None)
    if value:
        query[parameter] = value
    return f"?{query.urlencode()}"
