"""Passkeys in a real Chromium with a virtual authenticator (WebAuthn §11), against the running site."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.site import Site

ADMIN = "admin@example.com"


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """A site under a name: browsers make no passkeys for an IP address."""
    site = make_site(processes=("web",), host="localhost")
    site.manage("create_admin", ADMIN, "--password-stdin", input=PASSWORD)
    return site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    context = browser.new_context(base_url=site.url)
    context.set_default_timeout(20_000)  # milliseconds
    page = context.new_page()
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    yield page
    context.close()


def sign_out(page: Page) -> None:
    page.request.get("/profile/")
    page.context.clear_cookies(name="gatekeeper_session")


def test_a_passkey_is_added_asked_for_and_removed(page: Page) -> None:
    enter_password(page, ADMIN, PASSWORD)
    page.goto("/profile/passkeys/")
    page.get_by_label("Name").fill("Key in the safe")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()
    expect(page.get_by_text("Key in the safe", exact=True)).to_be_visible()

    # The same device does not make a second one for this account.
    page.get_by_label("Name").fill("Once more")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_text("has a passkey of this account already")).to_be_visible()

    sign_out(page)
    enter_password(page, ADMIN, PASSWORD)
    expect(page.get_by_role("heading", name="Use your passkey")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)

    page.goto("/profile/passkeys/")
    expect(page.get_by_text("Last used")).to_be_visible()
    page.get_by_role("button", name="Remove Key in the safe").click()
    expect(page.get_by_text("The password alone lets you in from now on.")).to_be_visible()


def test_a_passkey_proves_who_one_is_once_more(page: Page, site: Site) -> None:
    enter_password(page, ADMIN, PASSWORD)
    page.goto("/profile/passkeys/")
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()
    site.manage("shell", "-c", LONG_AGO, as_json=False)

    page.goto("/settings/configuration/scim/default-mapping/")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("heading", name="Default Mapping")).to_be_visible()


LONG_AGO = """
from datetime import timedelta
from django.db.models import F
from gatekeeper.directory.models import SignIn
SignIn.objects.update(since=F("since") - timedelta(hours=1), authenticated_at=None)
"""
