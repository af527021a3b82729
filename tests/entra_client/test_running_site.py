"""The Entra provisioning client and the running site: a day of provisioning without a failure."""

import io
import json
from typing import Any

import pytest

from entra_client.management.commands.simulate_entra import Command
from entra_client.run.simulation import Size, simulate
from tests.site import Site

# A seed of its own: other tests share the running site.
NUMBERS = ("--users", "14", "--groups", "4", "--cycles", "2", "--seed", "77")
SIZE_AGAIN = Size(users=14, groups=4, cycles=0, seed=77)


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
