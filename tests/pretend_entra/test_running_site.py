"""The pretend Entra and the running site: a day of provisioning, and a person who signs in."""

import io
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

from pretend_entra.company import make_company
from pretend_entra.identity_provider.addresses import ServiceProvider, connect_service_provider
from pretend_entra.identity_provider.application import IdentityProvider
from pretend_entra.identity_provider.server import identity_provider, serve
from pretend_entra.management.commands.simulate_entra import Command
from pretend_entra.simulation import Size, simulate
from tests.site import Site, free_port

# A seed of its own: other tests share the running site.
NUMBERS = ("--users", "14", "--groups", "4", "--cycles", "2", "--seed", "77")
SIZE_AGAIN = Size(users=14, groups=4, cycles=0, seed=77)
COMPANY = make_company(people=14, groups=4, seed=77)


@pytest.fixture(scope="module")
def scim(running_site: Site) -> tuple[str, ...]:
    key = running_site.manage("scim_key", "generate", "--rotate")["api_key"]
    return "--base-url", f"{running_site.url}/scim/v2", "--api-key", key


@pytest.fixture(scope="module")
def first_run(running_site: Site, scim: tuple[str, ...]) -> dict[str, Any]:
    document: dict[str, Any] = running_site.manage("simulate_entra", *scim, *NUMBERS)
    return document


def test_the_site_answers_a_day_of_both_of_entras_formats_without_a_failure(first_run: dict[str, Any]):
    assert [step["first_failure"] for step in first_run["steps"] if step["failed"]] == []
    assert first_run["failed"] == 0
    assert first_run["requests"] == sum(step["requests"] for step in first_run["steps"]) > 200
    assert 0 < first_run["latency_ms"]["p50"] <= first_run["latency_ms"]["p95"] <= first_run["latency_ms"]["p99"]
    names = " ".join(step["name"] for step in first_run["steps"])
    assert "without flag" in names
    assert "aadOptscim062020" in names


def test_running_again_finds_everybody_and_creates_nobody(first_run, scim: tuple[str, ...]):
    again = simulate(scim[1], scim[3], SIZE_AGAIN, io.StringIO())
    steps = {step.name: step.requests for step in again.steps}
    assert again.failed == 0
    assert steps["initial cycle: users"] == 14
    assert steps["initial cycle: groups"] == 4
    assert steps["initial cycle: managers"] == 0


def test_the_flag_may_stand_on_the_tenant_url(first_run, scim: tuple[str, ...]):
    assert simulate(f"{scim[1]}/?aadOptscim062020", scim[3], SIZE_AGAIN, io.StringIO()).failed == 0


def command(*arguments: str) -> int:
    """Run the command in this process; returns its exit status."""
    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "simulate_entra", *arguments])
    return int(ended.value.code or 0)


def test_a_wrong_key_ends_with_one_line_and_status_1(scim: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    assert command(*scim[:3], "gk_wrong", "--json") == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["failed"] == 1
    assert "1 of 1 requests failed. The first: GET /Users" in printed.err


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/scim/v2", "nonsense"])
def test_a_server_that_is_not_there_ends_with_one_line_and_status_1(address: str, capsys: pytest.CaptureFixture[str]):
    assert command("--base-url", address, "--api-key", "gk_x") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.strip().splitlines()[-1].startswith("CommandError: ")


@pytest.mark.parametrize("wrong", [("--users", "0"), ("--users", "many"), ("--cycles", "-1"), ("--unknown", "1")])
def test_wrong_usage_ends_with_status_2(wrong: tuple[str, str]):
    assert command("--base-url", "http://127.0.0.1:1", "--api-key", "gk_x", *wrong) == 2


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
def connection(first_run, running_site: Site, idp: IdentityProvider, tmp_path_factory) -> Iterator[dict[str, Any]]:
    name = "Pretend Entra 77"
    made: dict[str, Any] = running_site.manage(
        "saml_connection", "create", name, "--metadata-url", idp.addresses.metadata_url
    )
    connect_service_provider(
        idp.folder,
        ServiceProvider(entity_id=made["sp_entity_id"], acs_url=made["acs_url"], logout_url=made["logout_url"]),
    )
    mappings = tmp_path_factory.mktemp("configuration") / "mappings.json"
    worth = {"level": "collaborator", "permissions": [], "teams": []}
    mappings.write_text(json.dumps({"group_mappings": {COMPANY.groups[0].display_name: worth}}))
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
