"""The page of custom attributes in a real Chromium, and on both processes of a real site what it declares."""

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.once import ONCE
from tests.site import Site, wait_until

EMAIL = "attributes@example.com"
SCIM = "System for Cross-domain Identity Management (SCIM)"
ACME = "urn:ietf:params:scim:schemas:extension:acme:2.0:User"


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    started = make_site(processes=("web", "worker"), environment={"WEB_WORKERS": "2"})
    started.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    return started


@pytest.fixture
def send(site: Site) -> Callable[..., httpx.Response]:
    """One SCIM request on a connection of its own, so that any process may get it."""
    made = site.manage("scim_key", "generate")
    headers = {"Authorization": f"Bearer {made['api_key']}", "Content-Type": "application/scim+json"}

    def sent(method: str, path: str, body: Any = None) -> httpx.Response:
        return httpx.request(method, f"{made['base_url']}{path}", headers=headers, json=body, timeout=30)

    return sent


@ONCE
def test_an_attribute_is_declared_used_and_removed_by_keyboard(
    site: Site, page: Page, send: Callable[..., httpx.Response]
) -> None:
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    page.goto(f"{site.url}/settings/configuration/scim/")
    page.get_by_role("link", name="Custom attributes").click()
    expect(page.get_by_role("heading", name="No custom attributes yet")).to_be_visible()
    page.get_by_label("Schema URN").fill(ACME)
    page.get_by_label("Name", exact=True).fill("1st")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_have_accessible_description(re.compile("1st can't be one"))
    page.get_by_label("Name", exact=True).fill("badge")
    page.get_by_label("Type").select_option("integer")
    page.get_by_label("Several values").check()
    page.get_by_role("button", name="Declare attribute").press("Enter")
    expect(page.get_by_role("row", name=f"badge {ACME}:badge")).to_contain_text("several values")

    user = send("POST", "/Users", {"userName": "a@x.com", ACME: {"badge": [7, "9"]}}).json()
    assert user[ACME] == {"badge": [7, 9]}
    page.goto(f"{site.url}/users/{user['id']}/")
    expect(page.get_by_role("term").filter(has_text="badge").first).to_be_visible()

    page.goto(f"{site.url}/settings/configuration/scim/attributes/")
    page.get_by_role("link", name="Remove badge").press("Enter")
    expect(page.get_by_text("1 person has a value, which is deleted.")).to_be_visible()
    page.get_by_role("button", name="Remove badge").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Do you mean it?")
    page.get_by_label("Yes, remove it and delete the values").press("Space")
    page.get_by_role("button", name="Remove badge").press("Enter")
    expect(page.get_by_text("badge is removed.")).to_be_visible()

    assert ACME not in send("GET", f"/Users/{user['id']}").json()
    wait_until(lambda: _version(send, user) == 'W/"2"', what="the deletion of the values by the worker")


def _version(send: Callable[..., httpx.Response], user: dict[str, Any]) -> str:
    return str(send("GET", f"/Users/{user['id']}").json()["meta"]["version"])


def test_a_declaration_holds_on_every_process_from_the_next_request_on(
    site: Site, send: Callable[..., httpx.Response]
) -> None:
    """No request after the command, on whichever of the two processes, knows less than it."""
    bodies = ({"userName": f"u{number}@x.com", ACME: {"badge": number}} for number in range(10_000))
    for _ in range(20):
        assert ACME not in send("POST", "/Users", next(bodies)).json()
    for state in (True, False, True):
        if state:
            site.manage("scim_attribute", "add", ACME, "badge", "--type", "integer")
        else:
            site.manage("scim_attribute", "remove", f"{ACME}:badge", "--confirm", "badge")
        began = time.monotonic()
        found = [send("POST", "/Users", next(bodies)).json() for _ in range(30)]
        assert {ACME in each for each in found} == {state}, f"within {time.monotonic() - began:.1f} seconds"
        known = [send("GET", f"/Schemas/{ACME}").status_code for _ in range(10)]
        assert set(known) == {200 if state else 404}
        filtered = [send("GET", f"/Users?filter={ACME}:badge%20pr").status_code for _ in range(10)]
        assert set(filtered) == {200 if state else 400}
