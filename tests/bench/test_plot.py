"""The plot of the README: well-formed, with a bar or a dash for each server, in both colour schemes."""

from xml.etree import ElementTree as ET

from bench.hot.plot import LEFT, plot

SVG = "{http://www.w3.org/2000/svg}"
RATES = {"GET <a> user": {"Ours": 480.0, "Theirs": 200.0}, "Bulk": {"Ours": 3.5, "Theirs": None}}


def test_each_rate_has_a_bar_and_its_figure_and_what_cannot_be_done_a_dash():
    picture = ET.fromstring(plot(RATES, title="Requests & more"))
    texts = [each.text for each in picture.iter(f"{SVG}text")]
    bars = [
        each
        for each in picture.iter(f"{SVG}rect")
        if each.get("class", "").startswith("s") and each.get("x") == str(LEFT)
    ]

    assert len(bars) == 3
    assert {"480", "200", "3.5", "–", "GET <a> user", "requests per second", "Ours", "Theirs"} <= set(texts)
    assert int(bars[0].get("width", "")) > int(bars[1].get("width", "")) > 0


def test_it_has_a_title_and_both_colour_schemes():
    text = plot(RATES, title="Requests & more")

    assert '<title id="title">Requests &amp; more</title>' in text
    assert "prefers-color-scheme: dark" in text
