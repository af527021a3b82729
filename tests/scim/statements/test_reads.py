"""Reads by one statement answer as the views do, which serve every other read and are the definition.

Each request is sent twice: as it is, and with the views alone. Answers and headers have to be the same.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.audit.request_counts import start_tracing
from gatekeeper.directory.models import User
from scim.credentials.access_tokens import issue_token
from scim.credentials.api_keys import KEYS, generate_key
from scim.http.views import ListView, OneView
from scim.models import AccessToken, ApiKey, ClientSecret, OAuthClient
from tests.builders import ADMIN

DAY = timedelta(days=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NAMES = ("ada@x.com", "ADA@X.COM", "Straße@x.com", "STRASSE@x.com", "o'hara%_@x.com", "é@x.com", "e\u0301@x.com", "")
TEXTS = (*NAMES, "nobody@x.com", 'a\\"b', "a\\u0062", "x" * 150, "GK Everybody", "E1", "e1", "twice", "gone")
FILTERS = (
    "userName eq {}",
    "USERNAME EQ {}",
    "userName  eq {}",
    "userName eq {} ",
    "userName ne {}",
    "urn:ietf:params:scim:schemas:core:2.0:User:userName eq {}",
    "externalId eq {}",
    "displayName eq {}",
    'emails[type eq "work"].value eq {}',
    'EMAILS[TYPE EQ "WORK"].VALUE EQ {}',
    'emails[type eq "home"].value eq {}',
    'emails[type eq "work" and value eq {}]',
    "emails.value eq {}",
)
PARAMETERS = (
    "",
    "&excludedAttributes=members",
    "&excludedAttributes=groups,members",
    "&attributes=userName,displayName",
    "&attributes=members",
    "&startIndex=1&count=100",
    "&startIndex=2",
    "&count=0",
    "&count=x",
    "&sortBy=userName",
    "&cursor=",
    "&filter=id%20pr",
    "&attributes=id&excludedAttributes=id",
)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"HTTP_ACCEPT": "application/json"},
    {"HTTP_ACCEPT": "text/html"},
    {"HTTP_IF_NONE_MATCH": 'W/"1"'},
    {"HTTP_IF_MATCH": 'W/"7"'},
    {"HTTP_AUTHORIZATION": ""},
    {"HTTP_AUTHORIZATION": "Bearer gk_wrong"},
    {"HTTP_AUTHORIZATION": "Basic eDp5"},
)

Ids = Mapping[str, list[str]]


def filtered(resource: str, condition: str, text: str, parameters: str = "") -> str:
    literal = f'"{text}"'
    return f"/{resource}?filter={quote(condition.format(literal))}{parameters}"


@pytest.fixture(params=["API key", "access token", "access token without a secret"])
def api_key(db: None, request: pytest.FixtureRequest) -> str:
    """Everything in this file holds for every kind of credential."""
    key = generate_key("Entra", actor=ADMIN)[1]
    client = OAuthClient.objects.create(name="Entra")
    secret = ClientSecret.objects.create(client=client, digest="of a secret", expires_at=timezone.now() + DAY)
    if request.param == "API key":
        return key
    return issue_token(client, secret if request.param == "access token" else None)


@pytest.fixture
def ids(scim: Any) -> Ids:
    """People and groups that matches may confuse: folded names, the same externalId, the deleted, a local one."""
    boss = scim.user("boss@x.com", displayName="Boss")["id"]
    users = [
        scim.user(
            name,
            externalId=external_id,
            emails=[{"type": kind, "value": name, "primary": True}, {"type": "home", "value": f"home.{name}"}],
            **{ENTERPRISE: {"department": "R", "manager": {"value": manager}}},
        )["id"]
        for name, external_id, kind, manager in (
            ("Ada@x.com", "E1", "work", boss),
            ("straße@x.com", "twice", "Work", "nobody known"),
            ("O'Hara%_@x.com", "twice", "other", boss.upper()),
            ("É@x.com", "gone", "work", "0"),
            (f"{'x' * 140}@x.com", "e2", "work", boss),
        )
    ]
    gone = scim.user("gone@x.com", externalId="gone")["id"]
    members = (("GK Everybody", users), ("ÄÖ", users[:1]), ("Empty", []))
    groups = [scim.group(name, *of)["id"] for name, of in members]
    scim.request("DELETE", f"/Users/{gone}")
    scim.request("DELETE", f"/Groups/{scim.group('gone')['id']}")
    name = "nobody@x.com"
    local = User.objects.create(origin="local", user_name=name, user_name_folded=name, external_id="e1")
    return {"Users": [*users, gone, str(local.pk), users[0].upper(), "none"], "Groups": [*groups, users[0]]}


@pytest.fixture
def differing(scim: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Sends a request both ways; an empty list where both were answered alike."""

    def send(address: str, headers: Mapping[str, str]) -> list[Any]:
        by_statement = _seen(scim.request("GET", address, **headers))
        with monkeypatch.context() as patched:
            for view in (ListView, OneView):
                patched.setattr(view, "simple_read", lambda *_, **__: None)
            by_view = _seen(scim.request("GET", address, **headers))
        return [] if by_statement == by_view else [address, headers, by_statement, by_view]

    return send


def _seen(answer: Any) -> Any:
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
    return answer.status_code, headers, answer.content.decode()


def test_every_match_is_answered_as_the_view_answers_it(differing, ids):
    addresses = [
        filtered(*each, "&excludedAttributes=members") for each in product(("Users", "Groups"), FILTERS, TEXTS)
    ]

    assert [found for address in addresses if (found := differing(address, {}))] == []


def test_every_parameter_and_header_is_answered_as_the_view_answers_it(differing, ids):
    matches = (("Users", "userName eq {}", "ada@x.com"), ("Groups", "displayName eq {}", "gk everybody"))
    asked = [
        (filtered(*match, parameters), headers) for match, parameters, headers in product(matches, PARAMETERS, HEADERS)
    ]

    assert [found for each in asked if (found := differing(*each))] == []


def test_every_id_is_answered_as_the_view_answers_it(differing, ids):
    asked = [
        (f"/{resource}/{one}?{parameters.lstrip('&')}", headers)
        for resource, parameters, headers in product(("Users", "Groups"), PARAMETERS, HEADERS)
        for one in ids[resource][: None if not headers else 1]
    ]

    assert [found for each in asked if (found := differing(*each))] == []


def test_what_identity_providers_ask_all_day_is_one_statement(scim, ids):
    asked = [
        f"/Users/{ids['Users'][1]}?attributes=userName",
        filtered("Users", "userName eq {}", "ada@x.com", "&excludedAttributes=manager," + ENTERPRISE),
        filtered("Users", "userName eq {}", "new@x.com", "&startIndex=1&count=100"),
        filtered("Users", "externalId eq {}", "e2", "&attributes=id"),
        filtered("Users", 'emails[type eq "work"].value eq {}', "nobody@x.com"),
        f"/Groups/{ids['Groups'][0]}?excludedAttributes=members",
        filtered("Groups", "displayName eq {}", "GK Everybody", "&excludedAttributes=members"),
    ]
    scim.get("/Users?count=1")  # the use of the key is stored once a minute

    assert {address: _statements(lambda: scim.get(address)) for address in asked} == dict.fromkeys(asked, 1)  # noqa: B023
    assert _statements(lambda: scim.get(f"/Users/{ids['Users'][0]}")) == 2, "the manager's name is the second"


def _statements(ask: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert ask().status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    ("rows", "end"),
    [
        (ApiKey, {"revoked_at": LONG_AGO}),
        (ApiKey, {"expires_at": LONG_AGO}),
        (OAuthClient, {"revoked_at": LONG_AGO}),
        (ClientSecret, {"revoked_at": LONG_AGO}),
        (AccessToken, {"expires_at": LONG_AGO}),
    ],
    ids=str,
)
def test_a_credential_that_is_not_active_gets_nothing(scim, differing, ids, rows, end):
    """An access token ends with its client, with the secret that it was issued for, and with its own time."""
    address = f"/Users/{ids['Users'][0]}"
    ended = scim.key.startswith(KEYS.prefix) == (rows is ApiKey)
    if rows is ClientSecret:
        ended = AccessToken.objects.exclude(secret=None).exists()

    rows.objects.update(**end)

    assert scim.get(address).status_code == (401 if ended else 200)
    assert scim.post("/Users", {"userName": "new@x.com"}).status_code == (401 if ended else 201)
    assert differing(address, {}) == []


def test_a_traced_read_is_listed(scim, ids):
    start_tracing(actor=ADMIN)

    scim.get(f"/Users/{ids['Users'][0]}")

    assert ProvisioningEntry.objects.latest("id").outcome == "read"
