"""Names of 200 characters without a space: on no page does a phone have to be scrolled sideways."""

import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser.site_pages import signed_in, walk
from tests.once import ONCE
from tests.site import Site

pytestmark = ONCE

LONG = "W" * 188  # with what stands around it: 200 characters
NARROW = 390


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """People, a group and a team of long names, and a conflict of two of them."""
    started = make_site(processes=("web",))
    made = started.manage("scim_key", "generate", "--name", LONG[:60])
    headers = {"Authorization": f"Bearer {made['api_key']}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=made["base_url"], headers=headers, timeout=30) as scim:
        people = []
        for letter in ("A", "B"):
            person = {
                "userName": f"{letter}{LONG}@x.example",
                "displayName": f"{letter}{LONG}",
                "emails": [{"type": "work", "value": f"{'s' * 60}@{'d' * 60}.{'e' * 60}.example", "primary": True}],
            }
            people.append(scim.post("/Users", json=person).json()["id"])
        group = {"displayName": f"GK {LONG}", "members": [{"value": each} for each in people]}
        assert scim.post("/Groups", json=group).status_code == 201
        scim.post("/Users", json={"userName": f"A{LONG}@x.example"})  # refused: the log names it
    return started


def test_no_page_is_wider_than_a_phone(site: Site, page: Page, tmp_path: Path) -> None:
    wide = {}
    with signed_in(site, page, tmp_path) as reader:
        site.manage("sync_saml_users")
        page.set_viewport_size({"width": NARROW, "height": 844})
        for name in walk(reader, site):
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > NARROW:
                wide[name] = (width, page.evaluate(WIDEST))
                if "LONG_NAMES_SHOTS" in os.environ:
                    page.screenshot(path=Path(os.environ["LONG_NAMES_SHOTS"]) / f"{name}.png", full_page=True)
        for address in MORE:
            page.goto(f"{site.url}{address}")
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > NARROW:
                wide[address] = (width, page.evaluate(WIDEST))

    assert wide == {}


# Pages whose longest names stand where `walk` does not come by.
EVERYBODY = "/who-had/?wanted=employee_portal"
MORE = ("/", "/search/?q=WWW", EVERYBODY, f"{EVERYBODY}&compare=2026-01-01")
# The first element that reaches beyond the page.
WIDEST = """(() => {
  const beyond = [...document.querySelectorAll("main *")].filter(
    (one) => one.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(one).position !== "absolute");
  const last = beyond.at(-1);
  return last ? `${last.tagName}.${last.className} ${last.textContent.trim().slice(0, 40)}` : "";
})()"""
