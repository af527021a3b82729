"""Whoever administers Entra follows a set-up link through the whole wizard, in a real Chromium, without an account.

On the other side stands the pretend Entra: its admin center, its provisioning client, its signed answers.
"""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from entra_client.directory.company import Company, make_company
from pretend_entra.identity_provider.application import IdentityProvider
from pretend_entra.identity_provider.server import identity_provider, serve
from tests.browser.axe import complaints_of
from tests.browser.setup_steps import connect, sign_in_there, tick
from tests.browser.signing_in import enter_password
from tests.browser.test_first_visit import MOST_BYTES, cost
from tests.browser.test_help_page import Entra, one_group
from tests.builders import PASSWORD
from tests.once import ONCE
from tests.site import Site, free_port

ADMIN = "sets-up@example.com"
WIDTHS = {"desktop": (1280, 800), "phone": (390, 844)}


@pytest.fixture
def company() -> Company:
    return one_group(make_company(people=20, groups=5, seed=7))


@pytest.fixture
def entra(company: Company, tmp_path: Path) -> Iterator[IdentityProvider]:
    port = free_port()
    made = identity_provider(company, tmp_path, port)
    server = serve(made, port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    site = make_site(processes=("web",))
    site.manage("create_admin", ADMIN, "--password-stdin", input=PASSWORD)
    return site


@pytest.fixture(params=WIDTHS)
def context(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """The browser profile of whoever administers Entra."""
    width, height = WIDTHS[request.param]
    made = browser.new_context(
        base_url=site.url,
        permissions=["clipboard-read", "clipboard-write"],
        viewport={"width": width, "height": height},
    )
    made.set_default_timeout(20_000)  # milliseconds: two cores are busy with other tests
    yield made
    made.close()


def make_link(browser: Browser, site: Site) -> str:
    """The configurator makes a link on the page, and copies it."""
    admin = browser.new_context(base_url=site.url, permissions=["clipboard-read", "clipboard-write"])
    page = admin.new_page()
    enter_password(page, ADMIN, PASSWORD, address="/")
    page.goto("/settings/configuration/")
    page.get_by_role("main").get_by_role("link", name="Set-up links").click()
    page.get_by_label("For whom").fill("Ada Obi")
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_role("textbox", name="Link").input_value()
    page.get_by_role("button", name="Copy & Save").click()
    expect(page.get_by_role("table", name="All links")).to_contain_text("not opened yet")
    admin.close()
    return link


def provision(page: Page, entra: IdentityProvider, company: Company) -> None:
    base_url = page.get_by_role("textbox", name="Base URL").input_value()
    page.get_by_role("button", name="Generate API Key").click()
    dialog = page.get_by_role("dialog")
    key = dialog.get_by_role("textbox", name="API Key").input_value()
    dialog.get_by_role("button", name="Copy & Save").click()
    expect(dialog).to_have_count(0)
    assert key not in page.content()
    portal = page.context.new_page()
    portal.goto(entra.addresses.portal_url("provisioning"))
    portal.get_by_label("Tenant URL").fill(base_url)
    portal.get_by_label("Secret Token").fill(key)
    portal.get_by_role("button", name="Test Connection").click()
    expect(portal.get_by_role("status")).to_contain_text("authorized to enable provisioning")
    portal.close()
    tick(page, "First test connection seen")
    client = Entra(base_url, key, replace(company))
    client.test_connection()
    client.provision()
    tick(page, "First user arrived")
    tick(page, "First group arrived")


def test_the_whole_wizard_without_an_account(
    site: Site, browser: Browser, context: BrowserContext, entra: IdentityProvider, company: Company
) -> None:
    link = make_link(browser, site)
    page, complaints = context.new_page(), []
    page.goto(link)
    complaints += complaints_of(page, "open")
    page.get_by_role("button", name="Start").click()
    expect(page).to_have_url(re.compile(r"/set-up/[0-9a-f-]{36}/$"))  # the token is not in it any more
    complaints += complaints_of(page, "start")
    page.get_by_label("Microsoft Entra").check()
    page.get_by_role("button", name="Go on").click()

    page.get_by_role("button", name="Read the metadata").click()
    complaints += complaints_of(page, "refused metadata")
    connect(page, entra)
    assert "Pretend" not in browser_sees_sign_in(browser, site)
    sign_in_there(page, company)
    tick(page, "Test sign-in succeeded")
    complaints += complaints_of(page, "tested")
    page.get_by_role("button", name="Switch sign-in on").click()
    tick(page, "Sign-in switched on")
    assert page.evaluate("document.cookie") == ""
    page.goto(site.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()  # the test has opened no session
    page.goto(link)

    page.get_by_role("navigation").get_by_role("link", name="Provisioning (SCIM)").click()
    provision(page, entra, company)
    complaints += complaints_of(page, "provisioned")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="What there is to do").click()
    expect(page.locator("[data-done]")).to_have_count(7)
    page.get_by_role("button", name="I am done").click()
    expect(page.get_by_role("heading", name="Thank you, you are done")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="This set-up link does not work any more")).to_be_visible()
    assert complaints + complaints_of(page, "over") == []
    assert link.rsplit("/", 2)[1] not in site.log("web").read_text()


def browser_sees_sign_in(browser: Browser, site: Site) -> str:
    """What the sign-in page offers to anybody."""
    page = browser.new_page()
    page.goto(f"{site.url}/sign-in/")
    text = page.get_by_role("main").inner_text()
    page.close()
    return text


@ONCE
def test_without_scripts_the_forms_work_and_looking_again_shows_the_ticks(site: Site, browser: Browser) -> None:
    made = site.manage("setup_link", "create", "Ada", "--scope", "scim", "--product", "okta")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(made["url"])
    page.get_by_role("button", name="Start").click()
    page.get_by_role("navigation").get_by_role("link", name="Provisioning (SCIM)").click()
    page.get_by_role("button", name="Generate API Key").click()
    expect(page.get_by_role("textbox", name="API Key")).to_be_visible()
    page.goto(page.url.removesuffix("key/"))
    page.get_by_role("link", name="Look again").click()
    expect(page.locator("[data-done]")).to_have_count(1)
    context.close()


@ONCE
def test_a_first_visit_of_each_page_is_light(site: Site, browser: Browser) -> None:
    made = site.manage("setup_link", "create", "Ada", "--scope", "both", "--product", "entra")
    context = browser.new_context()
    costs = {"open": cost(context, made["url"])}
    page = context.new_page()
    page.goto(made["url"])
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    costs |= {path: cost(context, f"{page.url}{path}") for path in ("", "sign-on/", "provisioning/")}
    context.close()

    assert {path: of for path, of in costs.items() if of[1] > MOST_BYTES} == {}
