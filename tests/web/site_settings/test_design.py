"""The page of tokens and parts: every token is on it, and no style sheet uses a colour or a size that is no token."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import include, path

from gatekeeper import urls as site_urls
from gatekeeper.static_bundles import SOURCES
from gatekeeper.web.site_settings.design import design
from gatekeeper.web.site_settings.design_tokens import contrasts, ratio, read_tokens

SHEETS = sorted((SOURCES / "css").glob("*.css"))
TOKENS = read_tokens((SOURCES / "css" / "tokens.css").read_text())
RAW_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|\b(?:rgb|hsl|oklch)a?\(|light-dark\(")
RAW_SIZE = re.compile(r"font-size:\s*(?!var\(|\s)([^;}]+)")
# The document's own size, and code beside text, which is as large as what surrounds it.
RELATIVE_SIZES = {"100%", "0.9em", "inherit"}

urlpatterns = [path("settings/design/", design), path("", include(site_urls))]


def test_without_debug_there_is_no_such_page(admin_client: Client) -> None:
    assert admin_client.get("/settings/design/").status_code == 404


@pytest.mark.urls(__name__)
def test_every_token_is_on_the_page(admin_client: Client) -> None:
    answer = admin_client.get("/settings/design/")
    page = unescape(answer.content.decode())

    assert answer.status_code == 200
    assert len(TOKENS) > 60
    assert [token.name for token in TOKENS if f"--{token.name}" not in page] == []
    parts = (
        "button-main",
        "badge-warn",
        "notice-danger",
        "field-error",
        'class="dialog"',
        'class="empty"',
        "plot-area",
    )
    assert [part for part in parts if part not in page] == []


def test_every_colour_is_readable_where_the_pages_use_it() -> None:
    assert [(each.front.name, each.back.name) for each in contrasts(TOKENS) if not each.is_enough] == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#767676", "#ffffff", 4.54)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert ratio(one, other) == ratio(other, one) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("sheet", [each for each in SHEETS if each.stem != "tokens"], ids=lambda each: each.stem)
def test_colours_and_sizes_are_tokens(sheet: Any) -> None:
    rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    declared = re.findall(r"\{([^{}]*)\}", rules)

    assert [text for text in declared if RAW_COLOUR.search(text)] == []
    sizes = {size.strip() for text in declared for size in RAW_SIZE.findall(text)}
    assert sizes <= RELATIVE_SIZES


def test_a_planted_colour_is_found() -> None:
    assert RAW_COLOUR.search("color: #fff")
    assert RAW_COLOUR.search("background: rgb(0 0 0 / 5%)")
    assert not RAW_COLOUR.search("color: var(--ink)")
    assert RAW_SIZE.findall("font-size: 13px; font-size: var(--text-s)") == ["13px"]
