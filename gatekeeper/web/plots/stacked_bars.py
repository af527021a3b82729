"""Bars over time, in which any number of series stand one upon another."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from gatekeeper.web.plots.looks import Look
from gatekeeper.web.plots.plot import LegendEntry, Plot, Row, Segment, Slot, Words, fill_of, patterns_of
from gatekeeper.web.plots.scales import (
    Label,
    bottom_ticks,
    height_of,
    percent,
    round_number_from,
    side_ticks,
    stamp_of,
    thousands,
)


@dataclass(frozen=True, slots=True)
class Series:
    """A number for each label. ``addresses``: where each of its segments leads; empty for nowhere."""

    name: str
    amounts: Sequence[int]
    look: Look
    addresses: Sequence[str] = ()


def stacked_bars(words: Words, labels: Sequence[Label], series: Sequence[Series]) -> Plot:
    """To a scale whose upper end is a round number. Series without anything are left out of bars, not of the legend."""
    totals = [sum(column) for column in zip(*(each.amounts for each in series), strict=True)]
    top = round_number_from(max(totals, default=0))
    drawn = [index for index, total in enumerate(totals) if total]
    return Plot(
        words=words,
        summary=_summary(labels, series, totals),
        legend=[
            LegendEntry(each.name, thousands(sum(each.amounts)), each.look.tone, fill_of(words.key, each.look))
            for each in series
        ],
        patterns=patterns_of(words.key, (each.look for each in series)),
        slots=[_slot(words.key, index, labels, series, top) for index in drawn],
        side=side_ticks(top),
        bottom=bottom_ticks(labels),
        columns=[each.name for each in series],
        rows=[
            Row(labels[index].text, stamp_of(labels[index]), [thousands(each.amounts[index]) for each in series])
            for index in drawn
        ],
    )


def _slot(key: str, index: int, labels: Sequence[Label], series: Sequence[Series], top: int) -> Slot:
    place, label = 100 / len(labels), labels[index]
    there = [each for each in series if each.amounts[index]]
    segments, end = [], 100.0
    for each in there:
        height = height_of(each.amounts[index], top)
        end = max(0.0, end - height)
        segments.append(_segment(key, index, each, label, (end, height)))
    return Slot(percent(index * place), percent(place), segments)


def _segment(key: str, index: int, series: Series, label: Label, place: tuple[float, float]) -> Segment:
    y, height = place
    return Segment(
        y=percent(y),
        height=percent(height),
        tone=series.look.tone,
        fill=fill_of(key, series.look),
        text=f"{label.text}: {series.name}: {thousands(series.amounts[index])}",
        address=series.addresses[index] if series.addresses else "",
    )


def _summary(labels: Sequence[Label], series: Sequence[Series], totals: Sequence[int]) -> str:
    """The whole in a sentence, for who does not see it."""
    most = max(totals, default=0)
    if not most:
        return _("Nothing in this time.")
    sums = "; ".join(f"{each.name}: {thousands(sum(each.amounts))}" for each in series)
    return _("%(sums)s. Most at %(time)s: %(most)s.") % {
        "sums": sums,
        "time": labels[totals.index(most)].text,
        "most": thousands(most),
    }
