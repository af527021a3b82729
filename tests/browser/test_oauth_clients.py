"""OAuth clients on the SCIM page in a real Chromium: added, used, rotated, limited, revoked."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_admin_pages import EMAIL, complaints, open_scim, sign_in, site  # noqa: F401
from tests.builders import PASSWORD
from tests.site import Site

FEDERATION = {
    "Issuer": "https://login.microsoftonline.com/7b1d/v2.0",
    "JWKS URL": "https://login.microsoftonline.com/7b1d/discovery/v2.0/keys",
    "Subject": "0aa11bb2-0000-4000-8000-000000000001",
    "Audience": "api://0aa11bb2/.default",
}


def token(site: Site, client_id: str, secret: str) -> httpx.Response:  # noqa: F811
    form = {"grant_type": "client_credentials"}
    return httpx.post(f"{site.url}/oauth2/token", data=form, auth=(client_id, secret))


def users(site: Site, access_token: str) -> int:  # noqa: F811
    headers = {"Authorization": f"Bearer {access_token}"}
    return httpx.get(f"{site.url}/scim/v2/Users?count=0", headers=headers).status_code


def test_a_client_is_added_used_rotated_limited_and_revoked(
    site: Site,  # noqa: F811
    page: Page,
    complaints: list[str],  # noqa: F811
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, site)
    open_scim(page)
    client_id, secret = _add(page, site)
    issued = token(site, client_id, secret).json()["access_token"]
    assert users(site, issued) == 200

    second = _rotate(page, secret)
    assert token(site, client_id, second).status_code == 200
    _revoke_the_first_secret(page, secret)
    assert users(site, issued) == 401
    assert token(site, client_id, secret).status_code == 401

    issued = token(site, client_id, second).json()["access_token"]
    _allow_another_network_only(page)
    assert users(site, issued) == 403
    _revoke_the_client(page)
    assert token(site, client_id, second).status_code == 401
    assert complaints == []


def _add(page: Page, site: Site) -> tuple[str, str]:  # noqa: F811
    page.get_by_role("button", name="Add OAuth client").click()
    expect(page.get_by_role("radio", name="Client secret")).to_be_checked()
    expect(page.get_by_role("textbox", name="Issuer")).to_be_hidden()
    page.get_by_role("textbox", name="Name").fill("Entra by secret")
    page.get_by_role("button", name="Create").click()
    secret = page.get_by_role("textbox", name="Client secret").input_value()
    client_id = page.get_by_role("textbox", name="Client ID").input_value()
    for name, value in (("Token URL", f"{site.url}/oauth2/token"), ("SCIM URL", f"{site.url}/scim/v2")):
        expect(page.get_by_role("textbox", name=name)).to_have_value(value)
        page.get_by_role("button", name=f"Copy {name}").click()
        assert page.evaluate("navigator.clipboard.readText()") == value
    page.get_by_role("button", name="Copy Client ID").click()
    assert page.evaluate("navigator.clipboard.readText()") == client_id
    _copy_and_save(page, secret)
    return client_id, secret


def _copy_and_save(page: Page, secret: str) -> None:
    """The secret is on the clipboard, and nowhere in the page any more; its address is the client's own."""
    page.get_by_role("button", name="Copy & Save").click()
    expect(page.get_by_role("textbox", name="Client secret")).to_have_count(0)
    assert page.evaluate("navigator.clipboard.readText()") == secret
    assert secret not in page.content()
    page.reload()
    expect(page.get_by_role("textbox", name="Client ID")).to_be_visible()
    assert secret not in page.content()


def _rotate(page: Page, first: str) -> str:
    page.get_by_role("button", name="Rotate").click()
    secret = page.get_by_role("textbox", name="Client secret").input_value()
    assert secret != first
    _copy_and_save(page, secret)
    return secret


def _revoke_the_first_secret(page: Page, first: str) -> None:
    page.get_by_role("button", name="Revoke").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name=f"Only the secret {first[:11]}").check()
    dialog.get_by_role("textbox", name="Confirmation phrase").fill("revoke")
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog.get_by_text("type exactly Revoke")).to_be_visible()
    expect(dialog.get_by_role("radio", name=f"Only the secret {first[:11]}")).to_be_checked()
    dialog.get_by_role("textbox", name="Confirmation phrase").fill("Revoke")
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text(f"The secret {first[:11]}… is revoked")).to_be_visible()


def _allow_another_network_only(page: Page) -> None:
    page.get_by_role("spinbutton", name="Requests a second").fill("25")
    page.get_by_role("textbox", name="Allowed networks").fill("10.1.2.3/8")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("enter the network itself")).to_be_visible()
    page.get_by_role("textbox", name="Allowed networks").fill("203.0.113.0/24")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It holds from the next request on.")).to_be_visible()


def _revoke_the_client(page: Page) -> None:
    open_scim(page)
    table = page.get_by_role("table", name="Credentials")
    expect(table.get_by_text("25 requests/s")).to_be_visible()
    table.get_by_role("button", name="Revoke Entra by secret").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Confirmation phrase").fill("Revoke")
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Entra by secret is revoked")).to_be_visible()
    expect(page.get_by_role("table", name="Credentials").get_by_role("link")).to_have_count(0)


@pytest.fixture
def without_scripts(browser: Browser) -> Callable[[], Page]:
    return lambda: browser.new_context(java_script_enabled=False).new_page()


def test_a_federated_client_is_added_without_scripts(
    site: Site,  # noqa: F811
    without_scripts: Callable[[], Page],
) -> None:
    page = without_scripts()
    page.goto(f"{site.url}/sign-in/")
    page.get_by_text("Sign in with a local account").click()
    page.get_by_label("E-mail").last.fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(f"{site.url}/settings/configuration/scim/")
    page.get_by_role("button", name="Add OAuth client").click()
    page.get_by_role("radio", name="Workload identity federation").check()
    page.get_by_role("textbox", name="Name").fill("Entra federated")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Copy the value that the identity provider shows.")).to_have_count(4)
    for name, value in FEDERATION.items():
        page.get_by_role("textbox", name=name).fill(value)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Entra federated")).to_be_visible()
    for name in ("Client ID", "Token URL", "SCIM URL"):
        assert page.get_by_role("textbox", name=name).input_value()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("textbox", name="Confirmation phrase").fill("Revoke")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Entra federated is revoked")).to_be_visible()
    page.context.close()
