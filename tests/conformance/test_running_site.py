"""``manage.py conformance`` and the running site: everything passes, and nothing of it is left."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.self_test.own_credentials import NAME
from tests.site import Site, wait_until

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


@pytest.fixture(scope="module")
def document(running_site: Site) -> dict[str, Any]:
    result: dict[str, Any] = running_site.manage("conformance")
    return result


def test_the_site_passes_every_profile(document: dict[str, Any], running_site: Site):
    tests = [(profile["profile"], test) for profile in document["profiles"] for test in profile["tests"]]

    assert {f"{name}: {test['name']}": test["detail"] for name, test in tests if test["status"] == "failed"} == {}
    assert document["failed"] == 0
    assert document["passed"] > 190
    assert document["target"] == f"{running_site.url}/scim/v2"


def test_the_readme_shows_its_result(document: dict[str, Any]):
    """A warning may come and go with the speed of the machine (Okta allows the list of groups 600 ms)."""
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", README.read_text(), re.MULTILINE)
    shown = {
        name: (int(passed) + int(warnings), int(failed), int(skipped))
        for name, passed, failed, warnings, skipped in rows
    }
    found = {
        each["profile"]: (len(each["tests"]) - each["failed"] - each["skipped"], each["failed"], each["skipped"])
        for each in document["profiles"]
    }

    assert shown == found


def test_what_is_skipped_says_why(document: dict[str, Any]):
    tests = [test for profile in document["profiles"] for test in profile["tests"]]

    assert [test["name"] for test in tests if test["status"] == "skipped" and len(test["detail"]) < 20] == []


def test_nothing_of_it_is_left_on_the_site(document: dict[str, Any], running_site: Site):
    assert_nothing_is_left(running_site)


def test_nothing_is_left_when_the_test_of_the_site_is_stopped(running_site: Site):
    """Ctrl-C while users are there: they are deleted, and the keys are revoked."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "conformance", "--profile", "okta"],
        cwd=ROOT,
        env=running_site.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with asking(running_site) as client:
        wait_until(lambda: named(client, "Users", "userName"), what="a user of the run")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)

    assert process.returncode == 1, errors
    assert "The run was stopped; what it made was deleted." in errors
    assert output == ""
    assert_nothing_is_left(running_site)


def assert_nothing_is_left(running_site: Site) -> None:
    """No group, no user, no active credential (other tests of this site may have keys of their own)."""
    keys = running_site.manage("scim_key", "list")["keys"]
    own = [key for key in keys if key["name"].startswith(NAME)]
    assert own
    assert all(key["revoked_at"] for key in own)
    clients = running_site.manage("scim_client", "list")["clients"]
    secrets = [secret for client in clients if client["name"].startswith(NAME) for secret in client["secrets"]]
    assert secrets
    assert all(secret["revoked_at"] for secret in secrets)

    with asking(running_site) as client:
        for kind, name in (("Users", "userName"), ("Groups", "displayName")):
            assert named(client, kind, name) == []


@contextmanager
def asking(site: Site) -> Iterator[httpx.Client]:
    key = site.manage("scim_key", "generate", "--rotate")["api_key"]
    with httpx.Client(base_url=f"{site.url}/scim/v2", headers={"Authorization": f"Bearer {key}"}) as client:
        yield client


def named(client: httpx.Client, kind: str, name: str) -> list[str]:
    """What a run has made on the site and not deleted yet."""
    found = client.get(f"/{kind}", params={"filter": f'{name} co "conformance-"'}).json()
    return [each[name] for each in found["Resources"]]


def test_one_profile_can_be_asked_alone_with_a_key_that_is_given(running_site: Site, tmp_path):
    key = running_site.manage("scim_key", "generate", "--rotate")["api_key"]
    report = tmp_path / "report.html"
    document = running_site.manage(
        "conformance", "--base-url", f"{running_site.url}/scim/v2", "--api-key", key, "--profile", "entra",
        "--html", str(report),
    )  # fmt: skip

    assert [profile["profile"] for profile in document["profiles"]] == ["entra"]
    assert document["failed"] == 0
    assert re.search(r"<td class=\"passed\">.*Create_User_Test", report.read_text())
    assert key not in report.read_text()


@pytest.mark.usefixtures("running_site")
def test_a_site_that_does_not_run_is_started_for_the_test(make_site):
    """Without a web server of its own, the command starts one, and ends it."""
    site: Site = make_site(processes=())
    document = site.manage("conformance", "--profile", "entra")

    assert document["failed"] == 0
    assert document["target"].startswith("http://127.0.0.1:")
    assert document["target"] != f"{site.url}/scim/v2"
