"""OAuth clients at a real site with two web workers: what is revoked is refused everywhere at once."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from bench.credential_switch import play
from entra_client.directory.company import make_company
from entra_client.protocol.workload_identity import WorkloadIdentity
from scim.oauth.refused_requests import MOST_REFUSED
from scim.oauth.token_requests import JWT_BEARER
from tests.site import Site, free_port

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    started = Site(processes=("web",), environment={"WEB_WORKERS": "2"})
    try:
        yield started.start()
    finally:
        started.stop()


def get_token(site: Site, **proof: str) -> httpx.Response:
    return httpx.post(f"{site.url}/oauth2/token", data={**GRANT, **proof}, timeout=30)


def at_once(ask: Any, times: int) -> list[Any]:
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda _: ask(), range(times)))


def statuses_of(site: Site, token: str, times: int = 40) -> Counter[int]:
    """Each over a connection of its own, so that both workers are asked."""
    headers = {"Authorization": f"Bearer {token}"}
    return Counter(
        at_once(lambda: httpx.get(f"{site.url}/scim/v2/Users", headers=headers, timeout=30).status_code, times)
    )


def proof_of(made: dict[str, Any]) -> dict[str, str]:
    return {"client_id": made["client_id"], "client_secret": made["client_secret"]}


def test_a_revoked_secret_s_token_is_refused_by_every_process_at_once(site: Site) -> None:
    made = site.manage("scim_client", "create", "Entra", "--secret")
    second = site.manage("scim_client", "rotate", made["client_id"])
    of_first = get_token(site, **proof_of(made)).json()["access_token"]
    of_second = get_token(site, **proof_of(second)).json()["access_token"]
    assert statuses_of(site, of_first) == statuses_of(site, of_second) == {200: 40}

    first_id = made["secrets"][0]["secret_id"]
    site.manage("scim_client", "revoke", made["client_id"], "--secret-id", first_id, "--confirm", "Revoke")

    assert statuses_of(site, of_first) == {401: 40}
    assert statuses_of(site, of_second) == {200: 40}
    assert Counter(each.status_code for each in at_once(lambda: get_token(site, **proof_of(made)), 8)) == {401: 8}
    assert Counter(each.status_code for each in at_once(lambda: get_token(site, **proof_of(second)), 8)) == {200: 8}

    site.manage("scim_client", "revoke", made["client_id"], "--confirm", "Revoke")

    assert statuses_of(site, of_second) == {401: 40}
    assert Counter(each.status_code for each in at_once(lambda: get_token(site, **proof_of(second)), 8)) == {401: 8}


def test_of_one_assertion_that_comes_many_times_at_once_one_brings_a_token(site: Site) -> None:
    """RFC 7523 §3, item 7: one use of a jti, in all processes."""
    tenant = make_company(people=1, groups=0, seed=94).tenant_id
    identity = WorkloadIdentity(tenant, site.data_dir / "replay", free_port())
    made = site.manage("scim_client", "create", "Federated", *identity.arguments().split())
    proof = {"client_id": made["client_id"], "client_assertion_type": JWT_BEARER}
    with identity.published():
        once = identity.assertion(jti="once")
        answers = at_once(lambda: get_token(site, **proof, client_assertion=once).status_code, 24)

    assert Counter(answers) == {200: 1, 401: 23}


def test_secrets_are_rotated_and_revoked_at_once_and_none_is_left(site: Site) -> None:
    """Whatever the order, a revoked client has no active secret."""
    made = site.manage("scim_client", "create", "Racing", "--secret")

    def act(number: int) -> int:
        revoking = number == 2
        arguments = ("revoke", made["client_id"], "--confirm", "Revoke") if revoking else ("rotate", made["client_id"])
        try:
            site.manage("scim_client", *arguments)
        except AssertionError:  # the client was revoked before
            return 1
        return 0

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(act, range(4)))[2] == 0

    client = next(each for each in site.manage("scim_client", "list")["clients"] if each["name"] == "Racing")
    assert client["revoked_at"]
    assert all(secret["revoked_at"] for secret in client["secrets"])


def test_moving_from_key_to_secret_to_federation_loses_no_request(site: Site) -> None:
    phases = play(site, 3.0)

    assert [phase.name for phase in phases] == ["API key", "client secret", "federation"]
    for phase in phases:
        assert phase.requests > 20
        assert set(phase.statuses) == {200, 201, 204}, phase


def test_refused_requests_are_limited_in_all_processes_and_right_ones_are_not(make_site: Callable[..., Site]) -> None:
    site = make_site(processes=("web",), environment={"WEB_WORKERS": "2"})
    made = site.manage("scim_client", "create", "Patient", "--secret")
    wrong = {"client_id": made["client_id"], "client_secret": "gks_x"}
    answers = Counter(each.status_code for each in at_once(lambda: get_token(site, **wrong), 2 * MOST_REFUSED + 40))

    assert set(answers) == {401, 429}
    assert answers[401] <= 2 * MOST_REFUSED + 16  # a minute may have ended in between; 16 requests at once
    late = get_token(site, **wrong)
    assert late.status_code in (401, 429)
    assert late.status_code != 429 or 0 < int(late.headers["Retry-After"]) <= 60
    assert {each.status_code for each in at_once(lambda: get_token(site, **proof_of(made)), 16)} == {200}


def test_many_first_assertions_at_once_all_find_the_key(site: Site) -> None:
    """One of them fetches the keys, the others wait for it."""
    tenant = make_company(people=1, groups=0, seed=95).tenant_id
    identity = WorkloadIdentity(tenant, site.data_dir / "first", free_port())
    made = site.manage("scim_client", "create", "First", *identity.arguments().split())
    proof = {"client_id": made["client_id"], "client_assertion_type": JWT_BEARER}
    with identity.published():
        answers = at_once(lambda: get_token(site, **proof, client_assertion=identity.assertion()).status_code, 16)

    assert Counter(answers) == {200: 16}
