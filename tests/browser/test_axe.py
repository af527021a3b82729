"""What axe is asked: at each width, in each theme, and of the part that is new."""

import pytest
from playwright.sync_api import Page

from tests.browser.axe import complaints_of_state
from tests.browser.page_states import State

STYLE = """body { background: #fff; color: #000 } .phone { display: none }
[data-theme=dark] .night { color: #ddd }
@media (width < 400px) { .phone { display: block; color: #ddd } }"""
NARROW = "width: 4em; overflow-wrap: anywhere; table-layout: fixed"
HTML = f"""<!doctype html><html lang="en"><head><title>A page</title><style>{STYLE}</style></head>
<body><main><h1>A page</h1><div id="new">NEW</div><div id="old">OLD</div></main></body></html>"""


@pytest.mark.parametrize(
    ("new", "complaint"),
    [
        ("<p class='night'>Pale in the dark</p>", "wide in dark: color-contrast"),
        ("<p class='phone'>Pale on a phone</p>", "narrow in light: color-contrast"),
        ("<div style='width: 500px'>Wide</div>", "narrow: 110 pixels wider than the window"),
        ("<input>", "wide in light: label"),
        (
            f"<table aria-label='T' style='{NARROW}'><tr><th scope='col'>ada.lovelace@example.com</th></tr></table>",
            "a line ends within ada.lovelace@example.com",
        ),
    ],
)
def test_each_state_is_looked_at_at_both_widths_and_in_both_themes(page: Page, new: str, complaint: str) -> None:
    page.set_content(HTML.replace("NEW", new).replace("<head>", "<head><style>body{margin:0}</style>"))

    assert any(complaint in each for each in complaints_of_state(State("a state", page, "#new")))


def test_only_what_is_new_in_a_state_is_looked_at(page: Page) -> None:
    page.set_content(HTML.replace("OLD", "<input>"))

    assert complaints_of_state(State("a state", page, "#new")) == []
    assert complaints_of_state(State("a state", page)) != []
