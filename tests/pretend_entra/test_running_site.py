"""The identity provider simulator and the running site: a person who signs in, and out."""

import json
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from lxml import html

from entra_client.directory.company import make_company
from pretend_entra.identity_provider.addresses import ServiceProvider, connect_service_provider
from pretend_entra.identity_provider.application import IdentityProvider
from pretend_entra.identity_provider.server import identity_provider, serve
from tests.site import Site, free_port

COMPANY = make_company(people=14, groups=4, seed=78)  # a seed of its own: other tests share the running site


@pytest.fixture(scope="module")
def provisioned(running_site: Site) -> None:
    """The company's people and groups, provisioned by the command."""
    key = running_site.manage("scim_key", "generate", "--rotate")["api_key"]
    company = ("--users", "14", "--groups", "4", "--cycles", "0", "--seed", "78")
    running_site.manage("simulate_entra", "--base-url", f"{running_site.url}/scim/v2", "--api-key", key, *company)


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    port = free_port()
    application = identity_provider(COMPANY, Path(tmp_path_factory.mktemp("idp")), port)
    server = serve(application, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield application
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def connection(provisioned, running_site: Site, idp: IdentityProvider, tmp_path_factory) -> Iterator[dict[str, Any]]:
    name = "Pretend Entra 78"
    made: dict[str, Any] = running_site.manage(
        "saml_connection", "create", name, "--metadata-url", idp.addresses.metadata_url
    )
    connect_service_provider(
        idp.folder,
        ServiceProvider(entity_id=made["sp_entity_id"], acs_url=made["acs_url"], logout_url=made["logout_url"]),
    )
    mappings = tmp_path_factory.mktemp("configuration") / "mappings.json"
    granted = {"level": "collaborator", "permissions": [], "teams": []}
    mappings.write_text(json.dumps({"group_mappings": {COMPANY.groups[0].display_name: granted}}))
    running_site.manage("configuration", "apply", str(mappings))
    running_site.manage("sync_saml_users")
    yield made
    running_site.manage("saml_connection", "delete", made["id"], "--confirm", name)


def submit(browser: httpx.Client, page: httpx.Response, **choice: str) -> httpx.Response:
    """Send the page's POST form with its hidden fields, as a browser does."""
    form = html.fromstring(page.text).xpath("//form[@method='post']")[0]
    fields = {one.get("name"): unescape(one.get("value", "")) for one in form.xpath(".//input[@type='hidden']")}
    return browser.post(urljoin(str(page.url), form.get("action")), data=fields | choice)


def somebody_of(group: int) -> str:
    return min(COMPANY.groups[group].members)


def test_a_person_who_is_picked_is_signed_in(running_site: Site, connection: dict[str, Any]):
    object_id = somebody_of(0)
    person = next(one for one in COMPANY.people if one.object_id == object_id)
    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(connection["sso_url"])
        assert "Pick a person" in page.text
        submit(browser, submit(browser, page, person=object_id))
        me = browser.get(f"{running_site.url}/api/v1/me").json()
    assert (me["user_name"], me["can_sign_in"]) == (person.user_name, True)
    assert COMPANY.groups[0].display_name in [source["name"] for source in me["sources"]]


def test_a_sign_on_that_entra_begins_ends_signed_in_without_a_second_question(
    running_site: Site, connection: dict[str, Any], idp: IdentityProvider
):
    with httpx.Client(follow_redirects=True) as browser:
        posted = submit(browser, browser.get(idp.addresses.launch_url), person=somebody_of(0))
        asked_again = submit(browser, posted)
        assert "Signing in" in asked_again.text
        submit(browser, asked_again)
        assert browser.get(f"{running_site.url}/api/v1/me").json()["can_sign_in"] is True


def test_a_logout_that_entra_begins_ends_the_session(
    running_site: Site, connection: dict[str, Any], idp: IdentityProvider
):
    with httpx.Client(follow_redirects=True) as browser:
        idp.sessions.clear()
        submit(browser, submit(browser, browser.get(connection["sso_url"]), person=somebody_of(0)))
        (index,) = idp.sessions
        browser.post(urljoin(idp.addresses.launch_url, "sign-out"), data={"session": index})
        after = browser.get(f"{running_site.url}/api/v1/me", follow_redirects=False)
    assert after.status_code != httpx.codes.OK
