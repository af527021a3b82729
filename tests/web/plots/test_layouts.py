"""Where bars, lines and marks stand."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from gatekeeper.web.plots.horizontal_bars import gains_and_losses, parts, shares
from gatekeeper.web.plots.limit_line import Against, Point, limit_line
from gatekeeper.web.plots.looks import Look, looks_of_reasons
from gatekeeper.web.plots.plot import Plot, Slot, Words
from gatekeeper.web.plots.scales import Label, hour_label
from gatekeeper.web.plots.stacked_bars import Series, stacked_bars

WORDS = Words("people", "People", "Hour")
HOURS = [hour_label(datetime(2026, 3, 3, tzinfo=UTC) + timedelta(hours=hour)) for hour in range(4)]
AGAINST = Against(50, "Requests a second", "the limit: 50", "Beyond")


def number(text: str) -> float:
    return float(text.removesuffix("%"))


def stacked(*columns: list[int], addresses: list[str] | None = None) -> Plot:
    looks = [Look.GOOD, *looks_of_reasons(len(columns) - 1)]
    return stacked_bars(
        WORDS,
        HOURS,
        [
            Series(f"series {index}", column, look, addresses or [])
            for index, (column, look) in enumerate(zip(columns, looks, strict=True))
        ],
    )


def ends(slot: Slot) -> list[tuple[float, float]]:
    return [(number(part.y), number(part.y) + number(part.height)) for part in slot.segments]


def test_segments_stand_one_upon_another_from_the_bottom() -> None:
    plot = stacked([10, 0, 0, 0], [20, 0, 0, 0], [10, 0, 0, 0])

    [slot] = plot.slots
    assert plot.side == ["40", "20", "0"]
    assert ends(slot) == [(75, 100), (25, 75), (0, 25)]
    assert [(row.label, row.numbers) for row in plot.rows] == [("00:00 UTC", ["10", "20", "10"])]


@pytest.mark.parametrize("many", [1, 2, 7, 12])
def test_any_number_of_series_has_looks_that_differ_from_their_neighbours(many: int) -> None:
    plot = stacked(*([1, 2, 3, 4] for _ in range(many)))

    looks = [(entry.tone, entry.fill) for entry in plot.legend]
    assert len(looks) == many
    assert all(one != other for one, other in itertools.pairwise(looks))
    assert {entry.fill for entry in plot.legend if entry.fill} == {f"url(#{each.id})" for each in plot.patterns}
    assert len({each.id for each in plot.patterns}) == len(plot.patterns)


def test_every_look_but_the_first_has_a_pattern_so_that_the_colour_is_not_all() -> None:
    assert [look for look in Look if not look.pattern] == [Look.GOOD]
    assert len({look.value for look in Look}) == len(Look)


def test_bars_stay_inside_whatever_is_stacked() -> None:
    plot = stacked([1_000_000, 1, 0, 5], *([1, 1, 1, 1] for _ in range(8)))

    assert all(-0.01 <= top <= bottom <= 100.01 for slot in plot.slots for top, bottom in ends(slot))
    assert [slot.x for slot in plot.slots] == ["0%", "25%", "50%", "75%"]
    assert {slot.width for slot in plot.slots} == {"25%"}


def test_hours_without_anything_have_no_bar_and_no_line_in_the_table() -> None:
    plot = stacked([0, 3, 0, 1])

    assert [row.stamp for row in plot.rows] == ["2026-03-03T01:00:00Z", "2026-03-03T03:00:00Z"]
    assert [(row.label, row.numbers) for row in plot.rows] == [("01:00 UTC", ["3"]), ("03:00 UTC", ["1"])]
    assert plot.summary == "series 0: 4. Most at 01:00 UTC: 3."


def test_a_segment_may_lead_somewhere() -> None:
    plot = stacked([0, 3, 0, 1], addresses=["", "?hour=1", "", ""])

    assert [[part.address for part in slot.segments] for slot in plot.slots] == [["?hour=1"], [""]]
    assert plot.slots[0].segments[0].text == "01:00 UTC: series 0: 3"
    assert plot.has_links


def test_nothing_is_said_in_words() -> None:
    for plot in (stacked([0, 0, 0, 0]), limit_line(WORDS, [Point(HOURS[0], 0)], AGAINST)):
        assert plot.is_empty
        assert plot.summary == "Nothing in this time."


def test_a_line_is_measured_against_its_limit() -> None:
    below = limit_line(WORDS, [Point(HOURS[0], 20.0), Point(HOURS[1], 0), Point(HOURS[2], 10.5)], AGAINST)
    beyond = limit_line(WORDS, [Point(HOURS[0], 180.0, beyond=7)], AGAINST)

    assert below.limit is not None
    assert beyond.limit is not None
    assert (below.side[0], number(below.limit.y)) == ("60", 16.67)
    assert below.line.startswith("M0 100V66.7h33.333V100.0h33.333V82.5")
    assert below.line.endswith("V100z")
    assert (beyond.side[0], number(beyond.limit.y)) == ("200", 75)
    assert [len(slot.segments) for slot in below.slots] == [0, 0]
    assert [len(slot.segments) for slot in beyond.slots] == [1]
    assert below.rows[1].numbers == ["10.5", "0"]
    assert below.summary == "At most 20 at 00:00 UTC; the limit: 50."


def test_gains_and_losses_lie_on_both_sides_of_the_middle() -> None:
    both, gain, nothing = gains_and_losses([("A", 5, 10), ("B", 10_000, 0), ("C", 0, 0)], 10_000)

    assert (both.gained, both.lost, gain.gained, nothing.gained) == ("5", "10", "10,000", "")
    assert (gain.gain_width, gain.loss_width) == ("50%", "0%")
    assert number(both.loss_x) + number(both.loss_width) == 50
    assert number(both.gain_width) >= 1


def test_shares_are_of_the_largest_and_parts_of_the_whole() -> None:
    assert shares([1_000, 500, 1, 0]) == ["100%", "50%", "1%", "0%"]
    assert shares([]) == []
    assert [(each.x, each.width) for each in parts([3, 1])] == [("0%", "75%"), ("75%", "25%")]
    assert parts([0]) == parts([0])


def test_a_label_without_a_moment_has_no_stamp() -> None:
    plot = stacked_bars(WORDS, [Label("Monday")], [Series("One", [1], Look.GOOD)])

    assert plot.rows[0].stamp == plot.bottom[0].stamp == ""
