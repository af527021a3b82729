"""The drawing as markup: texts, links, a table of the same numbers, and no style that the policy would refuse."""

import re
from datetime import UTC, datetime, timedelta

from django.template.loader import render_to_string
from lxml import html

from gatekeeper.web.plots.limit_line import Against, Point, limit_line
from gatekeeper.web.plots.looks import Look
from gatekeeper.web.plots.plot import Plot, Words
from gatekeeper.web.plots.scales import hour_label
from gatekeeper.web.plots.stacked_bars import Series, stacked_bars

HOURS = [hour_label(datetime(2026, 3, 3, tzinfo=UTC) + timedelta(hours=hour)) for hour in range(24)]
WORDS = Words("sign-ins", "Sign-ins by hour", "Hour")


def drawn(plot: Plot) -> html.HtmlElement:
    return html.fromstring(render_to_string("web/plots/plot.html", {"plot": plot}))


def of_class(figure: html.HtmlElement, name: str) -> list[html.HtmlElement]:
    return list(figure.find_class(name))


def with_links() -> Plot:
    refused = [hour % 3 for hour in range(24)]
    addresses = [f"?hour={hour}&check=a<b" for hour in range(24)]
    return stacked_bars(
        WORDS,
        HOURS,
        [Series("Accepted", [5] * 24, Look.GOOD), Series("Refused <why>", refused, Look.BAD, addresses)],
    )


def test_each_bar_has_a_row_and_each_link_a_name() -> None:
    figure = drawn(with_links())

    assert len(of_class(figure, "plot-slot")) == len(figure.findall(".//tbody/tr")) == 24
    links = figure.findall(".//a")
    assert len(links) == 16
    assert {link.get("href").split("&")[1] for link in links} == {"check=a<b"}
    assert all(": Refused <why>: " in link.get("aria-label") for link in links)
    assert of_class(figure, "plot-area")[0].get("role") == "group"


def test_the_table_has_the_numbers_of_the_bars() -> None:
    figure = drawn(with_links())

    rows = [[cell.text_content() for cell in row.findall("td")] for row in figure.findall(".//tbody/tr")]
    assert rows == [["5", str(hour % 3)] for hour in range(24)]
    assert [cell.text_content() for cell in figure.findall(".//thead//th")] == ["Hour", "Accepted", "Refused <why>"]
    assert figure.findall(".//tbody//time")[0].get("datetime") == "2026-03-03T00:00:00Z"


def test_every_pattern_that_is_used_is_defined_once() -> None:
    text = render_to_string("web/plots/plot.html", {"plot": with_links()})

    assert set(re.findall(r"url\(#([\w-]+)\)", text)) == set(re.findall(r'pattern id="([\w-]+)"', text))
    assert "style=" not in text


def test_a_plot_without_anything_is_a_sentence() -> None:
    plot = stacked_bars(WORDS, HOURS, [Series("Accepted", [0] * 24, Look.GOOD)])
    other = stacked_bars(WORDS._replace(empty="Nobody yet."), HOURS, [Series("Accepted", [0] * 24, Look.GOOD)])

    assert "Nothing in this time." in drawn(plot).text_content()
    assert "Nobody yet." in drawn(other).text_content()
    assert drawn(plot).findall(".//svg") + drawn(plot).findall(".//table") == []


def test_a_limit_is_drawn_and_named() -> None:
    points = [Point(hour, 2.5, beyond=index % 2) for index, hour in enumerate(HOURS)]
    figure = drawn(limit_line(WORDS, points, Against(50, "Requests a second", "the limit: 50", "Beyond the limit")))

    [area] = of_class(figure, "plot-area")
    assert area.get("role") == "img"
    assert [line.get("y1") for line in of_class(area, "plot-limit")] == ["16.67%"]
    assert "the limit: 50" in of_class(figure, "plot-legend")[0].text_content()
    assert len([rect for rect in area.findall(".//rect") if rect.get("fill")]) == 12


def test_a_day_of_bars_weighs_little() -> None:
    assert len(render_to_string("web/plots/plot.html", {"plot": with_links()})) < 13_000
