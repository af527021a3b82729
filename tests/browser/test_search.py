"""The search field by keyboard, as a person with a keyboard and a screen reader uses it; axe with the list open."""

import re
from collections.abc import Iterator
from itertools import count

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.axe import complaints_of
from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.site import Site

_numbers = count(1)


@pytest.fixture
def word() -> str:
    """What the names of this test have in common, and of no other: the deleted are found too."""
    return f"quill{next(_numbers)}x"


@pytest.fixture
def searching(running_site: Site, page: Page, word: str) -> Iterator[Page]:
    """An administrator's browser on a site with two people of one name and a group."""
    running_site.manage("create_admin", f"{word}@example.com", "--password-stdin", input=PASSWORD)
    made = running_site.manage("scim_key", "generate", "--rotate", "--name", word)
    headers = {"Authorization": f"Bearer {made['api_key']}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=made["base_url"], headers=headers) as scim:
        ada = scim.post("/Users", json={"userName": f"{word}.ada@example.com", "displayName": f"{word} Ada"}).json()
        inactive = {"userName": f"{word}.bob@example.com", "displayName": f"{word} Bob", "active": False}
        scim.post("/Users", json=inactive)
        scim.post("/Groups", json={"displayName": f"GK {word}", "members": [{"value": ada["id"]}]})
    enter_password(page, f"{word}@example.com", PASSWORD, address=running_site.url)
    page.goto(f"{running_site.url}/users/")
    yield page
    running_site.manage("scim_key", "revoke", "--confirm", "Revoke", "--key-id", made["key_id"])


def field_of(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search")


def options_of(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Search results").get_by_role("option")


def active_option(page: Page) -> str:
    """The accessible text of the option that the field names as active; "" for none."""
    active = field_of(page).get_attribute("aria-activedescendant")
    if not active:
        return ""
    option = page.locator(f"[id='{active}']")
    expect(option).to_have_attribute("aria-selected", "true")
    return option.inner_text()


def test_a_person_is_found_and_opened_by_keyboard_alone(searching: Page, word: str) -> None:
    searching.keyboard.press("/")
    field = field_of(searching)
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    expect(field).to_have_attribute("aria-expanded", "false")

    searching.keyboard.type(word)
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(options_of(searching)).to_have_count(4)  # and the administrator
    expect(searching.get_by_role("option", name=re.compile(f"{word} Bob.*can't sign in: deactivated"))).to_be_visible()
    expect(searching.get_by_role("group", name="People").get_by_role("option")).to_have_count(3)
    expect(searching.get_by_role("listbox")).to_contain_text("Assign them to the application there again")
    expect(searching.get_by_role("search", name="Everywhere").get_by_role("status")).to_have_text("4 results")

    assert active_option(searching) == ""
    searching.keyboard.press("ArrowDown")
    assert f"{word} Ada" in active_option(searching)
    searching.keyboard.press("End")
    assert f"GK {word}" in active_option(searching)
    searching.keyboard.press("ArrowDown")
    assert f"{word} Ada" in active_option(searching)
    searching.keyboard.press("ArrowUp")
    assert f"GK {word}" in active_option(searching)
    searching.keyboard.press("Home")
    searching.keyboard.press("ArrowDown")
    assert f"{word} Bob" in active_option(searching)
    searching.keyboard.press("Enter")
    expect(searching.get_by_role("heading", level=1)).to_have_text(f"{word} Bob")


def test_control_and_k_works_in_a_field_and_escape_closes_then_empties(searching: Page, word: str) -> None:
    searching.locator("#searchbar").focus()
    searching.keyboard.type("/?")
    expect(searching.locator("#searchbar")).to_have_value("/?")
    expect(searching.get_by_role("dialog")).to_have_count(0)

    searching.keyboard.press("Control+k")
    field = field_of(searching)
    expect(field).to_be_focused()
    searching.keyboard.type("retent")
    expect(searching.get_by_role("option", name="Retention")).to_be_visible()
    searching.keyboard.press("Escape")
    expect(searching.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("retent")
    searching.keyboard.press("Escape")
    expect(field).to_have_value("")

    searching.keyboard.press("ArrowDown")  # without a text the pages
    expect(options_of(searching).filter(has_text="Users").first).to_be_visible()
    searching.keyboard.press("Tab")
    expect(searching.get_by_role("listbox")).to_be_hidden()


def test_enter_without_a_choice_leads_to_all_results(searching: Page, word: str) -> None:
    searching.keyboard.press("Control+k")
    searching.keyboard.type(word)
    searching.keyboard.press("Enter")
    expect(searching.get_by_role("heading", level=1)).to_have_text("Search")
    expect(searching.get_by_role("link", name=f"GK {word}")).to_be_visible()
    expect(searching.get_by_text("can't sign in: deactivated")).to_be_visible()
    expect(field_of(searching)).to_have_value(word)


def test_an_answer_that_comes_late_is_not_shown(searching: Page, word: str) -> None:
    late: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.url.endswith(f"q={word}"):
            late.append(route)
        else:
            route.continue_()

    searching.route("**/search/options/**", hold)
    searching.keyboard.press("Control+k")
    searching.keyboard.type(word)
    searching.wait_for_timeout(300)
    assert late
    searching.keyboard.type(" bob")
    expect(options_of(searching)).to_have_count(1)
    searching.keyboard.press("ArrowDown")
    assert f"{word} Bob" in active_option(searching)
    searching.unroute_all()


def test_a_search_that_fails_says_so_and_the_form_still_works(searching: Page, word: str) -> None:
    searching.route("**/search/options/**", lambda route: route.abort())
    searching.keyboard.press("Control+k")
    searching.keyboard.type(word)
    expect(searching.get_by_text("The search did not answer").last).to_be_visible()
    searching.keyboard.press("Enter")
    expect(searching.get_by_role("heading", level=1)).to_have_text("Search")
    searching.unroute_all()


def test_the_shortcuts_are_listed_and_those_of_one_character_can_be_switched_off(searching: Page, word: str) -> None:
    searching.keyboard.press("?")
    dialog = searching.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    searching.keyboard.press("/")
    expect(dialog).to_be_visible()
    dialog.get_by_role("checkbox", name="Shortcuts of a single character").uncheck()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    searching.reload()
    searching.keyboard.press("?")
    searching.keyboard.press("/")
    expect(dialog).to_be_hidden()
    expect(field_of(searching)).not_to_be_focused()

    searching.set_viewport_size({"width": 390, "height": 844})  # or 1280 at more than 200 %
    searching.get_by_role("button", name="Keyboard shortcuts").click()
    dialog.get_by_role("checkbox").check()
    searching.keyboard.press("Escape")
    searching.get_by_role("heading", level=1).click()
    searching.keyboard.press("/")
    expect(field_of(searching)).to_be_focused()


def test_without_scripts_the_form_finds_the_same(searching: Page, word: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=searching.context.storage_state())
    page = context.new_page()
    page.goto(searching.url)
    field_of(page).fill(f"{word} bob")
    field_of(page).press("Enter")
    expect(page.get_by_role("link", name=f"{word} Bob")).to_be_visible()
    expect(page.get_by_text("can't sign in: deactivated")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_with_the_list_open(searching: Page, word: str, width: int) -> None:
    searching.set_viewport_size({"width": width, "height": 800})
    field = field_of(searching)
    field.click()
    field.press_sequentially(word)
    expect(options_of(searching)).to_have_count(4)
    searching.keyboard.press("ArrowDown")
    complaints = complaints_of(searching, f"open list at {width}")
    box = searching.get_by_role("listbox").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    field.fill("nobody of this name")
    expect(searching.get_by_text("Nothing found.").last).to_be_visible()
    complaints += complaints_of(searching, f"nothing found at {width}")
    searching.keyboard.press("Enter")
    expect(searching.get_by_role("heading", level=1)).to_have_text("Search")
    complaints += complaints_of(searching, f"results page at {width}")
    field_of(searching).fill(word)
    field_of(searching).press("Enter")
    expect(searching.get_by_role("link", name=f"GK {word}")).to_be_visible()
    complaints += complaints_of(searching, f"results at {width}")
    searching.get_by_role("button", name="Keyboard shortcuts").click()
    complaints += complaints_of(searching, f"shortcuts at {width}")
    assert complaints == []
