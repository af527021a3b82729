"""The lists in a real Chromium: columns and views chosen with and without scripts, sorted heads, and on a phone."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import complaints_of
from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.site import Site

EMAIL = "lists@example.com"
SMALLEST_TARGET = 24  # CSS pixels (WCAG 2.2, 2.5.8)


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """Three people in a group."""
    started = make_site(processes=("web",))
    started.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    made = started.manage("scim_key", "generate")
    headers = {"Authorization": f"Bearer {made['api_key']}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=made["base_url"], headers=headers, timeout=30) as scim:
        people = [
            scim.post("/Users", json={"userName": f"{name}@x.example", "displayName": name}).json()["id"]
            for name in ("Ada", "Bo", "Cy")
        ]
        scim.post("/Groups", json={"displayName": "GK All", "members": [{"value": each} for each in people]})
    return started


@pytest.fixture
def without_scripts(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_columns_views_and_order_are_chosen_and_found_again(site: Site, page: Page) -> None:
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    page.goto(f"{site.url}/users/")
    page.get_by_text("Columns", exact=True).first.click()
    page.get_by_role("checkbox", name="Created").check()
    page.get_by_role("checkbox", name="IdP groups").uncheck()
    complaints = complaints_of(page, "columns, open")
    page.get_by_role("button", name="Show these columns").click()
    expect(page.get_by_role("columnheader", name="Created")).to_be_visible()
    expect(page.get_by_role("columnheader", name="IdP groups")).to_have_count(0)
    assert "columns=level,created" in page.url

    page.get_by_role("link", name="Created").click()
    expect(page.get_by_role("columnheader", name="Created")).to_have_attribute("aria-sort", "descending")
    page.get_by_text("Save view", exact=True).click()
    page.get_by_label("Name of the view").first.fill("Newest")
    complaints += complaints_of(page, "view, open")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The view Newest is saved.")).to_be_visible()

    page.goto(f"{site.url}/users/")
    expect(page.get_by_role("columnheader", name="Created")).to_be_visible()  # as chosen the last time
    page.get_by_role("link", name="Newest", exact=True).click()
    expect(page.get_by_role("link", name="Newest", exact=True)).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("columnheader", name="Created")).to_have_attribute("aria-sort", "descending")
    assert not complaints, "\n".join(complaints)


def test_a_menu_closes_by_the_keyboard(site: Site, page: Page) -> None:
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    page.goto(f"{site.url}/users/")
    expect(page.locator("html[data-js]")).to_have_count(1)
    summary = page.locator(".list-menu > summary").last
    summary.press("Enter")
    page.get_by_role("checkbox", name="Created").press("Escape")

    expect(page.get_by_role("checkbox", name="Created")).to_be_hidden()
    expect(summary).to_be_focused()


def test_without_scripts_the_forms_do_the_same(site: Site, without_scripts: Page) -> None:
    page = without_scripts
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    page.goto(f"{site.url}/users/?q=ada")
    page.locator(".list-menu > summary").last.click()
    page.get_by_role("checkbox", name="Department").check()
    page.get_by_role("button", name="Show these columns").click()
    expect(page.get_by_role("columnheader", name="Department")).to_be_visible()
    page.locator(".list-menu > summary").first.click()
    page.get_by_label("Name of the view").first.fill("Ada")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("link", name="Ada", exact=True).first).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("address", ["/users/", "/groups/"])
def test_a_phone_has_one_button_for_the_filters_and_targets_for_fingers(site: Site, page: Page, address: str) -> None:
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}{address}?level=employee_portal")
    button = page.get_by_role("button", name="Filters")
    expect(button).to_contain_text("1")
    level = page.locator("#filter-level")
    expect(level).to_be_hidden()
    button.click()
    expect(level).to_be_visible()
    page.get_by_label("Sorted by").select_option("-name")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**order=-name**")

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate(
        """smallest => [...document.querySelectorAll("#content .list a, #content .list button, .list-menu > summary")]
        .filter(each => each.checkVisibility() && !each.matches(".row-link, .sort-link"))
        .map(each => [each.textContent.trim(), each.getBoundingClientRect()])
        .filter(([, box]) => box.height < smallest || box.width < smallest).map(([text]) => text)""",
        SMALLEST_TARGET,
    )
    assert small == []
    complaints = complaints_of(page, "phone")
    assert not complaints, "\n".join(complaints)
