"""A person's page in its states, what somebody of each role sees, access reports, and the search."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from tests.browser.page_states.of_a_page import NOBODY, SHORTCUTS, UNFOLD, states_of_page
from tests.browser.page_states.state import State, new_secret
from tests.browser.page_states.world import World

FORBIDDEN = "/settings/configuration/"


def roles(world: World) -> Iterator[State]:
    """What is there for whoever may do less: home, profile, and the page that is not theirs."""
    for role, session in world.ask("sessions()").items():
        with world.browser_of(session) as page:
            page.goto(world.address("/"))
            yield State(f"home: {role}", page)
            page.goto(world.address("/profile/"))
            yield from states_of_page(page, f"profile: {role}", world.sent)
            if page.locator("[data-opens=new-token-dialog]").count():
                yield from _api_token(page)
            if role == "ordinary person":
                page.goto(world.address(FORBIDDEN))
                yield State("error: 403", page)


def _api_token(page: Page) -> Iterator[State]:
    page.locator("[data-opens=new-token-dialog]").first.click()
    page.get_by_role("textbox", name="Name").fill("Report")
    page.get_by_role("button", name="Create", exact=True).click()
    yield new_secret(page, "secret: API token")


def persons(world: World) -> Iterator[State]:
    """A moment beside now, and what if."""
    page = world.page
    page.goto(world.address("/users/?q=aardvark"))
    page.locator("tbody").get_by_role("link", name="Aardvark").first.click()
    person = page.url
    page.evaluate(UNFOLD)  # what changed nothing is folded away
    page.get_by_role("link", name="just before").first.click()
    expect(page.get_by_role("heading", name="This is how it was on")).to_be_visible()
    yield State("person: another moment beside now", page)
    page.goto(person)
    page.get_by_role("link", name="What if …").click()
    page.wait_for_load_state("networkidle")
    page.get_by_label("Search groups").fill("GK A")
    expect(page.locator("#what-if-said")).to_contain_text("found.")
    yield State("what if: groups found", page, "main")
    page.get_by_role("checkbox", name="GK Administrators").check()
    expect(page.get_by_role("table", name="Now, and what would result")).to_be_visible()
    yield State("what if: a result", page)


def access_reports(world: World) -> Iterator[State]:
    """Who had a permission, nobody, two moments compared, and a moment that is none."""
    page, now = world.page, datetime.now(UTC)
    before = f"{now - timedelta(days=2):%d %b %Y, %H:%M:%S} UTC"
    for name, query in {
        "who had": {"wanted": "reports"},
        "nobody had": {"wanted": "workflow_administrator", "at": before},
        "comparison": {"wanted": "reports", "at": before, "compare": "now"},
        "nothing changed": {"wanted": "sensitive_data", "at": "now", "compare": "now"},
    }.items():
        page.goto(world.address(f"/who-had/?{urlencode(query)}"))
        page.wait_for_load_state("networkidle")
        yield State(f"access report: {name}", page, "main")


def search(world: World) -> Iterator[State]:
    """The list below the field, the shortcuts, and the page with all results."""
    page = world.page
    page.goto(world.address("/"))
    field = page.get_by_role("combobox", name="Search")
    for text in ("an", NOBODY):
        with page.expect_response("**/search/options/**"):
            field.fill(text)
        expect(page.locator(".everywhere-panel:not([aria-busy])")).to_be_visible()
        yield State(f"search: {text}", page, ".top-bar")
    page.keyboard.press("Escape")
    page.evaluate("key => document.getElementById(key).showModal()", SHORTCUTS)
    yield State("keyboard shortcuts", page, f"#{SHORTCUTS}")
    page.evaluate("key => document.getElementById(key).close()", SHORTCUTS)
    for text in ("an", NOBODY):
        page.goto(world.address(f"/search/?{urlencode({'q': text})}"))
        yield State(f"search: results of {text}", page, "main")
    menu = page.locator("[data-menu-toggle]")
    menu.evaluate("one => one.click()")
    page.locator("[data-nav-toggle]").evaluate("one => one.click()")
    yield State("menu", page, ".side")  # unfolded on a phone too
