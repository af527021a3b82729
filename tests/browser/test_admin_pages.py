"""The administrators' pages in a real Chromium, under the strict CSP: what scripts add, by mouse and by keyboard."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import APIResponse, ConsoleMessage, Page, Route, expect

from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.site import Site, wait_until

EMAIL = "admin@example.com"
SCIM = "System for Cross-domain Identity Management (SCIM)"


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    started = make_site(processes=("web", "worker"))
    started.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    return started


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complains of: script errors, and what the content security policy stopped."""
    heard: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            heard.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def sign_in(page: Page, site: Site) -> None:
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()


def open_scim(page: Page) -> None:
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("link", name="Configuration", exact=True).click()
    page.get_by_role("link", name=SCIM).click()
    expect(page.get_by_role("heading", name=SCIM)).to_be_visible()


def test_an_administrator_works_on_the_pages(site: Site, page: Page, complaints: list[str]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, site)
    _create_a_team(page, site)
    open_scim(page)
    _choose_the_fallback_team(page)
    _copy_the_base_url(page, site)
    key = _generate_the_key(page)
    _be_asked_before_people_lose_their_team(page, site, key)
    _revoke_the_key_by_keyboard(page)
    _edit_the_default_mapping(page)
    _run_the_sync(page, site)
    _switch_the_theme(page)
    _pages_fit_a_phone(page, site)
    assert complaints == []


def _create_a_team(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/settings/configuration/teams/")
    page.get_by_label("Team name").fill("Operations")
    page.get_by_role("button", name="Create team").click()
    expect(page.get_by_text("The team Operations exists now.")).to_be_visible()


def _choose_the_fallback_team(page: Page) -> None:
    page.get_by_role("combobox", name="Select Fallback Team").select_option(label="Operations")
    expect(page.get_by_text("Saved: Operations is the fallback team.")).to_be_visible()
    expect(page.get_by_text("No fallback team is chosen.")).to_be_hidden()
    page.reload()
    chosen = page.get_by_role("combobox", name="Select Fallback Team").locator("option:checked")
    expect(chosen).to_have_text("Operations")


def _copy_the_base_url(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Copy Base URL").click()
    expect(page.get_by_role("status").filter(has_text="on the clipboard")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()") == f"{site.url}/scim/v2"
    expect(page.get_by_role("textbox", name="Base URL")).to_have_value(f"{site.url}/scim/v2")


def _generate_the_key(page: Page) -> str:
    page.get_by_role("button", name="Generate API Key").click()
    dialog = page.get_by_role("dialog")
    field = dialog.get_by_role("textbox", name="API Key")
    key = field.input_value()
    expect(page.locator("dialog:modal")).to_be_visible()  # the script has made it one: before that Escape does nothing
    page.keyboard.press("Escape")
    expect(dialog.get_by_text("nobody can show it again")).to_be_visible()
    dialog.get_by_role("button", name="Copy & Save").click()
    expect(dialog).to_be_hidden()
    assert page.evaluate("navigator.clipboard.readText()") == key
    assert page.url.endswith("/settings/configuration/scim/")
    assert key not in page.content()
    page.reload()
    assert key not in page.content()
    return key


def _be_asked_before_people_lose_their_team(page: Page, site: Site, key: str) -> None:
    """A choice that saves itself says whom it moved and is undone with a click; where a warning stands it asks."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/scim+json"}
    assert httpx.post(f"{site.url}/scim/v2/Users", json={"userName": "ada@x.com"}, headers=headers).status_code == 201
    combobox = page.get_by_role("combobox", name="Select Fallback Team")
    combobox.select_option(label="— no fallback team —")
    expect(page.get_by_text("1 person is left without any team")).to_be_visible()
    expect(page.get_by_role("list", name="People whose access changes").get_by_text("ada@x.com")).to_be_visible()
    page.get_by_role("button", name="Keep Operations").click()
    expect(combobox.locator("option:checked")).to_have_text("Operations")
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/fallback-team/preview/", lambda route: late.append((route, route.fetch())))
    combobox.select_option(label="— no fallback team —")
    wait_until(lambda: page.wait_for_timeout(20) or late, what="the site's answer, which the page has not got yet")
    page.get_by_role("button", name="Save it all the same").click()
    expect(page.get_by_text("Saved: there is no fallback team. 3 people are in no team now.")).to_be_visible()
    _let_arrive(page, late)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Undone: the fallback team, as it was before.")).to_be_visible()
    expect(combobox.locator("option:checked")).to_have_text("Operations")


def _let_arrive(page: Page, late: list[tuple[Route, APIResponse]]) -> None:
    """The preview of a question that was answered meanwhile arrives: it is not shown, and Undo does not rest on it."""
    for route, answer in late:
        with page.expect_request_finished(lambda request, url=answer.url: request.url == url):
            route.fulfill(response=answer)
    page.unroute_all()
    page.evaluate("new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))")
    expect(page.get_by_role("table", name="What people gain and lose")).to_be_hidden()


def _revoke_the_key_by_keyboard(page: Page) -> None:
    page.get_by_role("button", name="Revoke Key").focus()
    page.keyboard.press("Enter")
    phrase = page.get_by_role("dialog").get_by_role("textbox", name="Confirmation phrase")
    expect(phrase).to_be_focused()
    page.keyboard.type("revoke")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_text("type exactly Revoke")).to_be_visible()
    page.get_by_role("textbox", name="Confirmation phrase").fill("Revoke")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("can never be used again")).to_be_visible()
    expect(page.get_by_role("button", name="Generate API Key")).to_be_visible()


def _edit_the_default_mapping(page: Page) -> None:
    table = page.get_by_role("table", name="IdP groups")
    expect(table.get_by_role("row").nth(1)).to_contain_text("Default Mapping")
    page.get_by_role("link", name="Edit mapping of Default Mapping").click()
    form = page.get_by_role("radiogroup", name="Level")
    form.get_by_role("radio", name="Collaborator", exact=True).check()
    page.get_by_role("checkbox", name="Reports").check()
    page.get_by_role("checkbox", name="Operations").check()
    expect(page.get_by_text("1 person's access changes.")).to_be_visible()
    expect(page.get_by_role("list", name="People whose access changes")).to_contain_text(
        "Employee Portal → Collaborator"
    )
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Default Mapping is now Collaborator with Reports, team Operations.")).to_be_visible()


def _run_the_sync(page: Page, site: Site) -> None:
    page.get_by_role("main").get_by_role("link", name="Sync history").click()
    page.get_by_role("button", name="Run the sync now").click()
    expect(page.get_by_role("cell", name="Finished")).to_be_visible(timeout=30_000)
    assert page.url == f"{site.url}/sync-history/"


def _switch_the_theme(page: Page) -> None:
    toggle = page.get_by_role("button", name="Theme")
    for name in ("light", "dark"):
        toggle.click()
        expect(toggle).to_contain_text(name)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def _pages_fit_a_phone(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for path in (
        "/",
        "/settings/configuration/scim/",
        "/settings/configuration/",
        "/users/",
        "/sync-history/",
        "/profile/",
    ):
        page.goto(f"{site.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Users", exact=True)).to_be_visible()
