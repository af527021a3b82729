"""Plots by the keyboard and under the pointer: a bar has its text beside it, and Tab passes a plot in one step."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.site import Site

EMAIL = "plots@example.com"


@pytest.fixture
def log(running_site: Site, page: Page) -> Page:
    """The provisioning log of a site to which something was written within this hour."""
    running_site.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    made = running_site.manage("scim_key", "generate", "--rotate", "--name", "plots")
    running_site.manage("simulate_entra", "--base-url", made["base_url"], "--api-key", made["api_key"], "--users", "3")
    enter_password(page, EMAIL, PASSWORD, address=running_site.url)
    page.goto(f"{running_site.url}/provisioning-log/")
    expect(page.locator("[data-plot-ready]").first).to_be_visible()
    return page


def test_a_bar_says_its_numbers_under_the_pointer_and_by_the_keyboard(log: Page) -> None:
    plot = log.locator("[data-plot]").first
    tip, bars = plot.locator(".plot-tip"), plot.locator(".plot-slot")
    expect(tip).to_be_hidden()

    bars.last.hover()
    expect(tip).to_have_text(re.compile(r"\d\d:\d\d.*\n.*Went well: \d+", re.DOTALL), use_inner_text=True)
    log.mouse.move(0, 0)
    expect(tip).to_be_hidden()

    bars.last.focus()
    expect(tip).to_be_visible()
    expect(bars.last).to_have_attribute("aria-label", re.compile("Went well"))
    log.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    log.keyboard.press("Home")
    expect(bars.first).to_be_focused()
    assert plot.locator(".plot-area [tabindex='0']").count() == 1  # the table, which scrolls, is folded away
    log.keyboard.press("Tab")
    expect(plot.locator("summary")).to_be_focused()
