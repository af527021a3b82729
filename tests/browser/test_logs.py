"""The logs in a real Chromium: newer entries without leaving the page, moments as they are written, Verify now."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import complaints_of
from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.site import Site

EMAIL = "logs@example.com"


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    started = make_site(processes=("web", "worker"))
    started.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    return started


@pytest.fixture
def scim(site: Site) -> Iterator[httpx.Client]:
    made = site.manage("scim_key", "generate", "--name", "Entra")
    headers = {"Authorization": f"Bearer {made['api_key']}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=made["base_url"], headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def in_berlin(browser: Browser, site: Site) -> Iterator[Page]:
    """A reader whose zone is not the site's."""
    context = browser.new_context(timezone_id="Europe/Berlin", locale="en-US")
    context.set_default_timeout(10_000)
    page = context.new_page()
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    yield page
    context.close()


def provision(scim: httpx.Client, name: str) -> None:
    assert scim.post("/Users", json={"userName": f"{name}@example.com", "displayName": name}).status_code == 201


def test_newer_entries_are_shown_where_one_reads(in_berlin: Page, site: Site, scim: httpx.Client) -> None:
    page = in_berlin
    provision(scim, "Ada")
    page.goto(f"{site.url}/provisioning-log/?outcome=changed")
    rows = page.locator("tr[data-entry]")
    expect(rows).to_have_count(1)
    page.evaluate("window.stayed = true")

    provision(scim, "Bo")
    provision(scim, "Cy")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as on coming back: it asks at once

    newer = page.get_by_role("link", name="2 new entries")
    expect(newer).to_be_visible()
    expect(rows).to_have_count(1)  # nothing moves by itself
    newer.click()

    expect(rows).to_have_count(3)
    expect(page.locator("tr.entry-new")).to_have_count(2)
    expect(rows.first).to_contain_text("Cy")
    expect(page.locator("#log-facets").get_by_role("link", name=re.compile("Changed.* 3$"))).to_be_visible()
    assert page.evaluate("window.stayed") is True
    assert complaints_of(page, "newer entries") == []


def test_a_moment_is_typed_as_it_is_written_and_means_the_readers_zone(
    in_berlin: Page, site: Site, scim: httpx.Client
) -> None:
    page = in_berlin
    provision(scim, "Ada")
    page.goto(f"{site.url}/provisioning-log/")
    written = page.locator(".row-link time").first
    expect(written).to_have_text(re.compile(r"^\d{1,2} \w+ \d{4}, \d\d:\d\d:\d\d$"))
    expect(written).to_have_attribute("title", re.compile(r"^\d{1,2} \w+ \d{4}, \d\d:\d\d:\d\d \S+$"))
    expect(page.locator(".when-ago").first).to_have_text("just now")

    page.get_by_label("From (Europe/Berlin)").fill(written.inner_text())
    page.get_by_role("button", name="Show").click()

    expect(page.locator("tr[data-entry]")).to_have_count(1)
    assert re.search(r"from=\d{4}-\d\d-\d\d\+\d\d%3A\d\d%3A\d\d\+%2B0[12]%3A00", page.url)
    page.get_by_label("To (Europe/Berlin)").fill("1 Jan 2026, 10:00")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Nothing fits this filter.")).to_be_visible()


def test_the_audit_trail_is_verified_while_one_looks(in_berlin: Page, site: Site, scim: httpx.Client) -> None:
    page = in_berlin
    provision(scim, "Ada")
    page.goto(f"{site.url}/audit-trail/")
    expect(page.get_by_text("It was not verified yet.")).to_be_visible()

    page.get_by_role("button", name="Verify now").click()

    expect(page.get_by_text("Intact")).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile(r"\d+ entries are as they were written\."))).to_be_visible()
    expect(page.get_by_role("button", name="Verify now")).to_be_visible()
    assert complaints_of(page, "verified") == []
