"""Limit and networks of one credential: 429 and 403 before anything is done, in the log, in the counts and metrics."""

import itertools
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.audit import request_counts
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.audit.provisioning_texts import reason_text
from gatekeeper.audit.request_counts import Counted, requests_since, write_counts
from gatekeeper.directory.models import User
from gatekeeper.errors import InvalidValue
from gatekeeper.health.metrics import render
from scim.credentials.access_tokens import issue_token
from scim.credentials.api_keys import generate_key
from scim.credentials.settings import CredentialNotFound, change_settings
from scim.models import ApiKey, OAuthClient
from scim.rate_limits.limiter import limiter
from scim.request_log.refused_early import MOST_IN_A_MINUTE, early_refusals
from scim.statements.find_credential import find_active
from tests.builders import ADMIN
from tests.scim.conftest import ScimClient

pytestmark = pytest.mark.django_db

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LOWEST, BURST = 25, 125


@pytest.fixture(autouse=True)
def nothing_counted_yet():
    request_counts._counted.clear()
    early_refusals._listed.clear()
    yield
    request_counts._counted.clear()


@pytest.fixture
def key(scim: ScimClient) -> ApiKey:
    return ApiKey.objects.get()


@pytest.fixture(params=["api_key", "access_token"])
def limited(request: pytest.FixtureRequest, scim: ScimClient, key: ApiKey) -> ScimClient:
    """A client whose credential has the lowest limit, of either kind."""
    if request.param == "api_key":
        change_settings(key, actor=ADMIN, changes={"requests_per_second": LOWEST})
        return scim
    client = OAuthClient.objects.create(name="Entra by token", requests_per_second=LOWEST)
    return ScimClient(issue_token(client, None))


def exhaust(client: ScimClient, send: Callable[[], Any] | None = None) -> Any:
    """Send beyond the limit, however slow this machine is at the moment; the first refusal."""
    credential = find_active(client.key)
    assert credential is not None
    for _ in range(200):
        while limiter.seconds_to_wait(str(credential.id), LOWEST) == 0:
            pass  # nobody's requests: they are sent from elsewhere
        answer = send() if send else client.get("/Users?count=0")
        if answer.status_code == 429:
            return answer
    raise AssertionError("nothing was refused")


def test_each_request_is_counted_once_whichever_way_it_is_served(limited: ScimClient):
    user = limited.user("ada@x.com")
    asked = [
        f"/Users/{user['id']}",
        "/Users/6f7c7f0e-0000-4000-8000-000000000000",
        "/Users?filter=userName eq %22ada@x.com%22",
        "/Users?filter=userName eq %22nobody@x.com%22",
        "/Users?filter=nonsense",
        "/Groups?count=1",
        "/nonsense",
    ]
    for path in asked:
        limited.get(path)
    write_counts()

    [counts] = requests_since(timezone.now() - timedelta(hours=1)).values()
    assert counts[Counted.REQUEST] == len(asked) + 1


def test_beyond_the_limit_it_is_429_with_whole_seconds_and_the_error_document(limited: ScimClient):
    """RFC 6585 §4; RFC 7644 §3.12."""
    answer = exhaust(limited)

    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Content-Type"] == "application/scim+json"
    document = answer.json()
    assert (document["schemas"], document["status"]) == ([ERROR], "429")
    assert "25 requests a second" in document["detail"]


def test_a_write_beyond_the_limit_changes_nothing_and_works_after_the_wait(limited: ScimClient):
    names = (f"p{number}@x.com" for number in itertools.count())
    sent = []

    def create() -> Any:
        sent.append(next(names))
        return limited.post("/Users", {"userName": sent[-1]})

    answer = exhaust(limited, create)
    assert not User.objects.filter(user_name=sent[-1]).exists()

    time.sleep(int(answer.headers["Retry-After"]))
    assert limited.post("/Users", {"userName": sent[-1]}).status_code == 201


def test_another_credential_is_not_touched(limited: ScimClient):
    other = ScimClient(generate_key("Other", actor=ADMIN, rotate=True)[1])
    exhaust(limited)

    assert other.get("/Users?count=0").status_code == 200


def test_a_refused_request_costs_one_statement_and_no_entry_once_the_minute_has_some(limited: ScimClient):
    counted: list[int] = []

    def ask() -> Any:
        with CaptureQueriesContext(connection) as queries:
            answer = limited.get("/Users?count=0")
        if answer.status_code == 429:
            counted.append(len(queries))
        return answer

    for _ in range(2 * MOST_IN_A_MINUTE + 5):
        exhaust(limited, ask)
    assert counted.count(1) >= 5  # the test may begin a new minute
    entries = list(ProvisioningEntry.objects.filter(status=429))
    assert len(entries) <= 2 * MOST_IN_A_MINUTE  # the test may begin a new minute
    assert entries[0].key_id
    assert reason_text(entries[0]) == "More than 25 requests a second."


def test_a_bulk_request_is_one_request(scim: ScimClient, key: ApiKey):
    change_settings(key, actor=ADMIN, changes={"requests_per_second": LOWEST})
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": str(number), "data": {"userName": f"p{number}@x.com"}}
        for number in range(BURST + 50)
    ]
    answer = scim.post(
        "/Bulk", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}
    )

    assert {each["status"] for each in answer.json()["Operations"]} == {"201"}
    assert scim.get("/Users?count=0").status_code == 200


def test_from_another_network_it_is_403_and_nothing_changes(scim: ScimClient, key: ApiKey):
    change_settings(key, actor=ADMIN, changes={"allowed_networks": "203.0.113.0/24"})

    refused = scim.post("/Users", {"userName": "ada@x.com"}, REMOTE_ADDR="198.51.100.7")
    found = scim.get("/Users?filter=userName eq %22ada@x.com%22", REMOTE_ADDR="198.51.100.7")
    assert (refused.status_code, found.status_code) == (403, 403)
    assert "198.51.100.7" in refused.json()["detail"]
    assert "203.0.113" not in refused.json()["detail"]
    assert not User.objects.filter(user_name="ada@x.com").exists()
    key.refresh_from_db()
    assert key.last_used_at is None
    entry = ProvisioningEntry.objects.filter(status=403)[0]
    assert reason_text(entry) == "The address 198.51.100.7 is in none of the credential's networks."

    assert scim.post("/Users", {"userName": "ada@x.com"}, REMOTE_ADDR="203.0.113.7").status_code == 201


def test_behind_a_proxy_the_address_is_the_last_one_that_the_proxy_names(scim: ScimClient, key: ApiKey, settings: Any):
    """What stands before it came with the request and may be anything."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    change_settings(key, actor=ADMIN, changes={"allowed_networks": "203.0.113.0/24"})
    asked = {
        "203.0.113.7": 200,
        "198.51.100.1, 203.0.113.7": 200,
        "203.0.113.7, 198.51.100.1": 403,
        "": 403,
    }

    statuses = {named: scim.get("/Users?count=0", HTTP_X_FORWARDED_FOR=named).status_code for named in asked}
    assert statuses == asked
    settings.SECURE_PROXY_SSL_HEADER = None
    assert scim.get("/Users?count=0", HTTP_X_FORWARDED_FOR="203.0.113.7").status_code == 403


def test_everything_is_counted_and_in_the_metrics(limited: ScimClient, key: ApiKey):
    exhaust(limited)
    change_settings(key, actor=ADMIN, changes={"allowed_networks": "203.0.113.0/24", "requests_per_second": None})
    ScimClient(limited.key).get("/Users?count=0")
    write_counts()

    counts = requests_since(timezone.now() - timedelta(hours=1))
    [credential] = [each for each, numbers in counts.items() if numbers[Counted.THROTTLED]]
    assert counts[credential][Counted.THROTTLED] >= 1
    line = f'gatekeeper_scim_requests_last_hour{{credential="{credential}",result="throttled"}}'
    assert line in render().decode()


WRONG = ({"requests_per_second": 24}, {"requests_per_second": 1_001}, {"allowed_networks": "10.1.2.3/8"})


@pytest.mark.parametrize("changes", WRONG)
def test_what_can_not_be_set_changes_nothing(key: ApiKey, changes: Any):
    with pytest.raises(InvalidValue):
        change_settings(key, actor=ADMIN, changes={"is_strict": True, **changes})

    key.refresh_from_db()
    assert (key.is_strict, key.requests_per_second, key.allowed_networks) == (False, None, "")
    assert not AuditEntry.objects.filter(event="scim_credential.set").exists()


def test_a_change_is_audited_with_before_and_after_and_one_that_changes_nothing_is_not(key: ApiKey):
    for _ in range(2):
        change_settings(key, actor=ADMIN, changes={"requests_per_second": 50})

    [entry] = AuditEntry.objects.filter(event="scim_credential.set")
    assert (entry.before, entry.after) == (
        {"is_strict": False, "requests_per_second": None, "allowed_networks": ""},
        {"is_strict": False, "requests_per_second": 50, "allowed_networks": ""},
    )
    assert (entry.object_kind, entry.object_id) == ("api_key", str(key.pk))


def test_what_is_revoked_can_not_be_set(key: ApiKey):
    ApiKey.objects.update(revoked_at=timezone.now())
    with pytest.raises(CredentialNotFound):
        change_settings(key, actor=ADMIN, changes={"is_strict": True})


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    call_command("scim_key", "set", *arguments, "--json")
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_the_command_sets_each_of_them(key: ApiKey, capsys: pytest.CaptureFixture[str]):
    given = ("--requests-per-second", "50", "--allowed-networks", "10.0.0.0/8, 2001:db8::/32", "--strict")
    first = run(capsys, str(key.pk), *given)
    assert (first["requests_per_second"], first["allowed_networks"]) == (50, "10.0.0.0/8 2001:db8::/32")
    assert (first["key_id"], first["is_strict"]) == (str(key.pk), True)

    back = run(capsys, str(key.pk), "--requests-per-second", "default", "--allowed-networks", "anywhere", "--tolerant")
    assert (back["requests_per_second"], back["allowed_networks"], back["is_strict"]) == (None, "", False)


@pytest.mark.parametrize(
    "arguments",
    [("--requests-per-second", "many"), ("--requests-per-second", "-25"), ("--allowed-networks", "0.0.0.0/0")],
)
def test_the_command_refuses_what_can_not_be(key: ApiKey, arguments: tuple[str, ...]):
    with pytest.raises((CommandError, SystemExit)):
        call_command("scim_key", "set", str(key.pk), *arguments)


def test_the_command_refuses_an_unknown_key(db: None):
    with pytest.raises(CommandError, match="no active API key"):
        call_command("scim_key", "set", "6f7c7f0e-0000-4000-8000-000000000000", "--strict")


def test_the_command_sets_the_same_for_a_client(db: None, capsys: pytest.CaptureFixture[str]):
    client = OAuthClient.objects.create(name="Entra")
    call_command("scim_client", "set", str(client.pk), "--requests-per-second", "30", "--strict", "--json")
    document = json.loads(capsys.readouterr().out)
    assert (document["client_id"], document["requests_per_second"]) == (str(client.pk), 30)
    assert document["is_strict"] is True

    with pytest.raises(CommandError, match="no active OAuth client"):
        call_command("scim_client", "set", "6f7c7f0e-0000-4000-8000-000000000000", "--strict")
