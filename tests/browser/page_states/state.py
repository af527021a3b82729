"""One state of one page."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect


@dataclass(frozen=True, slots=True)
class State:
    """What ``page`` shows now. ``part``: a selector of what is new in it; "" for the whole page."""

    name: str
    page: Page
    part: str = ""


def new_secret(page: Page, name: str) -> State:
    """The dialog with a secret that is shown this one time."""
    expect(page.get_by_role("button", name="Copy & Save")).to_be_visible()
    return State(name, page, "dialog[data-keep]")
