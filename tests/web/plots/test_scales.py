"""Axes: round numbers at the side, labels that are readable on a phone below."""

import itertools
from datetime import UTC, date, datetime

import pytest
from django.utils.translation import override

from gatekeeper.web.plots.scales import (
    Label,
    bottom_ticks,
    day_label,
    height_of,
    hour_label,
    percent,
    round_number_from,
    side_ticks,
    stamp_of,
    thousands,
)

HOURS = [hour_label(datetime(2026, 3, 3, hour, tzinfo=UTC)) for hour in range(24)]


@pytest.mark.parametrize(
    ("number", "top"),
    [
        (0, 2),
        (1, 2),
        (2, 2),
        (3, 4),
        (4, 4),
        (5, 6),
        (11, 20),
        (21, 30),
        (31, 40),
        (41, 60),
        (218, 300),
        (999_999, 1_000_000),
    ],
)
def test_the_upper_end_is_a_round_number_whose_half_is_whole(number: int, top: int) -> None:
    assert round_number_from(number) == top
    assert top % 2 == 0


@pytest.mark.parametrize("number", range(1, 2_000, 37))
def test_the_upper_end_is_never_below_and_never_far_above(number: int) -> None:
    assert number <= round_number_from(number) <= max(2, 2.5 * number)


def test_numbers_at_the_side_are_written_as_the_language_writes_them() -> None:
    assert side_ticks(20_000) == ["20,000", "10,000", "0"]
    with override("de"):
        assert side_ticks(20_000) == ["20.000", "10.000", "0"]
        assert thousands(2.5) == "2,5"
        assert percent(12.5) == "12.5%"


def test_whatever_is_there_at_all_is_seen() -> None:
    assert height_of(0, 1_000_000) == 0
    assert height_of(1, 1_000_000) == 2
    assert height_of(50, 100) == 50


@pytest.mark.parametrize("number", [1, 2, 3, 7, 24, 30, 96])
def test_labels_below_begin_and_end_with_the_axis_and_do_not_touch(number: int) -> None:
    ticks = bottom_ticks([Label(f"label {index}", "00:00") for index in range(number)])

    assert len(ticks) == min(number, 5)
    places = [float(tick.x.rstrip("%")) for tick in ticks]
    assert places == sorted(places)
    widths = [later - earlier for earlier, later in itertools.pairwise(places)]
    assert all(width * 270 / 100 >= 5 * 6.5 for width in widths)


def test_longer_labels_are_fewer() -> None:
    many = [Label(f"{day} of a month with a long name") for day in range(30)]

    assert [tick.text for tick in bottom_ticks(many)] == [many[0].text, many[-1].text]


def test_labels_at_the_edges_stay_inside() -> None:
    ticks = bottom_ticks(HOURS)

    assert (ticks[0].x, ticks[0].anchor) == ("0%", "start")
    assert (ticks[-1].x, ticks[-1].anchor) == ("100%", "end")
    assert {tick.anchor for tick in ticks[1:-1]} == {"middle"}


def test_an_hour_has_its_moment_and_a_day_has_none() -> None:
    hour, day = HOURS[9], day_label(date(2026, 3, 3))

    assert (hour.text, hour.short, stamp_of(hour)) == ("09:00 UTC", "09:00", "2026-03-03T09:00:00Z")
    assert (day.short, stamp_of(day)) == ("3 Mar", "")
