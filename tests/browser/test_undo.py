"""Dangerous changes look dangerous, and are undone, in a real Chromium: axe on each state, and without scripts."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import complaints_of
from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.site import Site

EMAIL = "undo@example.com"
SCIM = "/settings/configuration/scim/"
GROUP = "GK Everybody in the whole of the company and its subsidiaries"
WIDTHS = {"wide": 1280, "narrow": 390}


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """Five people in a group without a mapping."""
    started = make_site(processes=("web",))
    started.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    made = started.manage("scim_key", "generate")
    headers = {"Authorization": f"Bearer {made['api_key']}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=made["base_url"], headers=headers, timeout=30) as scim:
        people = [
            scim.post("/Users", json={"userName": f"{name}@x.example", "displayName": name}).json()["id"]
            for name in ("Ada", "Bo", "Cy", "Dee", "Eli")
        ]
        scim.post("/Groups", json={"displayName": GROUP, "members": [{"value": each} for each in people]})
    return started


@pytest.fixture
def without_scripts(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def look(page: Page, name: str) -> list[str]:
    """What axe complains of in this state, at both widths. Pictures go to the folder UNDO_SHOTS, if that is set."""
    found = []
    for width, pixels in WIDTHS.items():
        page.set_viewport_size({"width": pixels, "height": 900})
        found += complaints_of(page, f"{name}, {width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= pixels, f"{name} is wider than {pixels} pixels"
        for theme in ("light", "dark") if "UNDO_SHOTS" in os.environ else ():
            page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            page.screenshot(path=Path(os.environ["UNDO_SHOTS"]) / f"{name}-{width}-{theme}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
    return found


def open_mapping(page: Page, site: Site) -> None:
    page.goto(f"{site.url}{SCIM}")
    page.get_by_role("link", name=f"Edit mapping of {GROUP}").click()


def test_losing_access_is_red_asked_about_said_and_undone(site: Site, page: Page) -> None:
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    open_mapping(page, site)
    page.get_by_role("radio", name="No access").check()
    expect(page.get_by_text("Employee Portal → No access").first).to_be_visible()
    complaints = look(page, "preview")

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("5 people could no longer sign in: Ada, Bo, Cy and 2 others.")
    complaints += look(page, "question")

    page.get_by_label("Yes, save it all the same").check()
    page.get_by_role("button", name="Save").click()
    message = page.get_by_role("status").filter(has_text="5 people lost access.")
    expect(message).to_be_visible()
    complaints += look(page, "saved")

    message.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_text(f"Undone: {GROUP}, as it was before.")).to_be_visible()
    complaints += look(page, "undone")

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name=f"Undo: {GROUP}")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("5 people could no longer sign in")
    complaints += look(page, "undo asks")
    undo = page.url

    open_mapping(page, site)
    page.get_by_role("radio", name="Collaborator", exact=True).check()
    page.get_by_role("button", name="Save").click()
    page.goto(undo)
    expect(page.get_by_role("alert")).to_contain_text("was changed again since: open it and set what you want.")
    complaints += look(page, "undo refused")
    assert complaints == []


def test_undo_needs_no_scripts(site: Site, without_scripts: Page) -> None:
    page = without_scripts
    page.goto(f"{site.url}/sign-in/")
    page.locator("summary").first.click()
    page.get_by_label("E-mail").last.fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(f"{site.url}/settings/configuration/teams/")
    page.get_by_label("Team name").fill("Legal")
    page.get_by_role("button", name="Create team").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: Legal, as it was before.")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Legal")).to_be_hidden()

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("rowheader", name="Legal")).to_be_visible()
