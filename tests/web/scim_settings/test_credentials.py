"""Credentials on the SCIM page: OAuth clients added, rotated and revoked; what holds for each; how near its limit."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry, Outcome, ProvisioningEntry, RequestCount
from scim.credentials.api_keys import generate_key
from scim.credentials.oauth_clients import create_client_with_secret
from scim.models import ApiKey, ClientSecret, OAuthClient
from scim.rate_limits.usage import usage_of
from tests.builders import ADMIN
from tests.web.pages import queries_of, text_of

PAGE, ADD = "/settings/configuration/scim/", "/settings/configuration/scim/clients/add/"
FEDERATION = {
    "issuer": "https://login.microsoftonline.com/7b1d/v2.0",
    "jwks_url": "https://login.microsoftonline.com/7b1d/discovery/v2.0/keys",
    "subject": "0aa11bb2-0000-4000-8000-000000000001",
    "audience": "api://0aa11bb2/.default",
}


def value_of(page: str, field: str) -> str:
    return page.split(f'id="{field}"')[1].split('value="')[1].split('"', maxsplit=1)[0]


def address_of(credential: Any, action: str = "") -> str:
    return f"{PAGE}credentials/{credential.pk}/{action}"


@pytest.fixture
def entra(db: None) -> OAuthClient:
    return create_client_with_secret("Entra", actor=ADMIN)[0]


@pytest.fixture
def key(db: None) -> ApiKey:
    return generate_key("Old key", actor=ADMIN)[0]


def test_a_client_secret_is_shown_in_the_answer_to_its_creation_and_never_again(admin_client: Client) -> None:
    made = text_of(admin_client.post(ADD, {"kind": "secret", "name": "Entra", "ends_on": "2028-03-04"}))

    client, secret = OAuthClient.objects.get(), ClientSecret.objects.get()
    shown = value_of(made, "client-secret")
    assert shown.startswith(secret.hint)
    assert secret.expires_at == datetime(2028, 3, 5, tzinfo=UTC)
    assert value_of(made, "client-id") == str(client.pk)
    assert value_of(made, "token-url").endswith("/oauth2/token")
    assert value_of(made, "scim-url").endswith("/scim/v2")
    for page in (PAGE, address_of(client)):
        assert shown not in text_of(admin_client.get(page))


def test_a_federated_client_has_no_secret(admin_client: Client) -> None:
    made = text_of(admin_client.post(ADD, {"kind": "federation", "name": "Entra", **FEDERATION}, follow=True))

    client = OAuthClient.objects.get()
    assert {name: getattr(client, name) for name in FEDERATION} == FEDERATION
    assert value_of(made, "client-id") == str(client.pk)
    assert 'id="client-secret"' not in made
    assert "Rotate" not in made.split("</nav>")[-1]
    assert all(each in made for each in FEDERATION.values())


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"kind": "secret"}, "Say which client it is."),
    ({"kind": "secret", "name": "  "}, "Say which client it is."),
    ({"kind": "secret", "name": "x" * 101}, "at most 100 characters"),
    ({"kind": "secret", "name": "Entra", "ends_on": "2099-01-01"}, "from one day to three years"),
    ({"kind": "secret", "name": "Entra", "ends_on": "2001-01-01"}, "from one day to three years"),
    ({"kind": "secret", "name": "Entra", "ends_on": "soon"}, "Enter a day"),
    ({"kind": "nonsense", "name": "Entra"}, "Choose one of the two."),
    ({"name": "Entra"}, "Choose one of the two."),
    ({"kind": "federation", "name": "Entra"}, "Copy the value that the identity provider shows."),
    ({"kind": "federation", "name": "Entra", **FEDERATION, "issuer": "http://idp.example.com"}, "https://"),
    ({"kind": "federation", "name": "Entra", **FEDERATION, "subject": "a b"}, "without spaces"),
]


@pytest.mark.parametrize(("sent", "said"), REFUSED)
def test_what_can_not_be_added_is_said_at_its_field_and_nothing_is_made(
    admin_client: Client, sent: dict[str, str], said: str
) -> None:
    answer = admin_client.post(ADD, sent)

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not OAuthClient.objects.exists()


def test_rotating_makes_one_more_secret_and_shows_it_once(admin_client: Client, entra: OAuthClient) -> None:
    made = text_of(admin_client.post(address_of(entra, "rotate/"), {"ends_on": ""}))

    newest = ClientSecret.objects.first()
    assert newest
    assert value_of(made, "client-secret").startswith(newest.hint)
    assert ClientSecret.objects.filter(revoked_at=None).count() == 2
    refused = admin_client.post(address_of(entra, "rotate/"), {"ends_on": "2001-01-01"})
    assert (refused.status_code, ClientSecret.objects.count()) == (422, 2)
    assert "from one day to three years" in text_of(refused)


@pytest.mark.parametrize("phrase", ["revoke", "Revoke ", ""])
def test_nothing_but_the_phrase_revokes(admin_client: Client, entra: OAuthClient, phrase: str) -> None:
    answer = admin_client.post(address_of(entra, "revoke/"), {"phrase": phrase, "secret_id": ""})

    assert answer.status_code == 422
    assert "type exactly Revoke" in text_of(answer)
    entra.refresh_from_db()
    assert entra.revoked_at is None


def test_one_secret_is_revoked_and_then_the_client(admin_client: Client, entra: OAuthClient) -> None:
    secret = ClientSecret.objects.get()
    said = text_of(
        admin_client.post(address_of(entra, "revoke/"), {"phrase": "Revoke", "secret_id": str(secret.pk)}, follow=True)
    )
    secret.refresh_from_db()
    assert secret.revoked_at
    assert f"The secret {secret.hint}… is revoked" in said
    assert "None that works." in said

    said = text_of(admin_client.post(address_of(entra, "revoke/"), {"phrase": "Revoke"}, follow=True))
    entra.refresh_from_db()
    assert entra.revoked_at
    assert "Entra is revoked" in said
    assert f"credentials/{entra.pk}" not in said
    after = text_of(admin_client.get(address_of(entra)))
    assert "It can never be used again." in after
    assert 'id="settings"' not in after


@pytest.mark.parametrize("action", ["rotate/", "revoke/"])
def test_an_api_key_is_no_client_and_nobody_is_nobody(admin_client: Client, key: ApiKey, action: str) -> None:
    assert admin_client.post(address_of(key, action), {"phrase": "Revoke"}).status_code == 404
    assert admin_client.get(f"{PAGE}credentials/{uuid4()}/{action}").status_code == 404


@pytest.mark.parametrize("secret_id", ["nonsense", str(UUID(int=0))])
def test_a_secret_that_is_not_there_is_not_revoked(admin_client: Client, entra: OAuthClient, secret_id: str) -> None:
    sent = {"phrase": "Revoke", "secret_id": secret_id}

    assert admin_client.post(address_of(entra, "revoke/"), sent).status_code in {302, 404}
    assert ClientSecret.objects.filter(revoked_at=None).exists()


@pytest.mark.parametrize("kind", ["key", "entra"])
def test_limit_networks_and_strictness_are_set_on_its_page(
    admin_client: Client, request: pytest.FixtureRequest, kind: str
) -> None:
    credential = request.getfixturevalue(kind)
    sent = {"requests_per_second": "25", "allowed_networks": "203.0.113.0/24\r\n2001:db8::/32", "is_strict": "on"}
    assert "Saved." in text_of(admin_client.post(address_of(credential), sent, follow=True))

    credential.refresh_from_db()
    assert (credential.requests_per_second, credential.is_strict) == (25, True)
    assert credential.allowed_networks == "203.0.113.0/24 2001:db8::/32"
    [entry] = AuditEntry.objects.filter(event="scim_credential.set")
    assert entry.actor_kind == "person"
    page = text_of(admin_client.get(PAGE))
    assert "25 requests/s" in page
    assert "strict" in page
    assert ">203.0.113.0/24</span>" in page

    admin_client.post(address_of(credential), {"requests_per_second": "", "allowed_networks": ""})
    credential.refresh_from_db()
    assert (credential.requests_per_second, credential.allowed_networks, credential.is_strict) == (None, "", False)


SETTINGS: list[tuple[dict[str, str], str]] = [
    ({"requests_per_second": "24"}, "greater than or equal to 25"),
    ({"requests_per_second": "1001"}, "less than or equal to 1000"),
    ({"requests_per_second": "many"}, "whole number"),
    ({"allowed_networks": "10.1.2.3/8"}, "the network 10.0.0.0/8"),
    ({"allowed_networks": "0.0.0.0/0"}, "every address"),
    ({"allowed_networks": "x" * 20_000}, "at most 10000 characters"),
]


@pytest.mark.parametrize(("sent", "said"), SETTINGS, ids=lambda each: str(each)[:40])
def test_what_can_not_be_set_is_said_at_its_field(
    admin_client: Client, key: ApiKey, sent: dict[str, str], said: str
) -> None:
    answer = admin_client.post(address_of(key), {**sent, "is_strict": "on"})

    assert answer.status_code == 422
    assert said in text_of(answer)
    key.refresh_from_db()
    assert not key.is_strict


def test_the_table_says_what_each_is_when_it_ends_and_what_it_did_last(
    admin_client: Client, key: ApiKey, entra: OAuthClient
) -> None:
    generate_key("Soon", actor=ADMIN, rotate=True, expires_at=timezone.now() + timedelta(days=3, hours=1))
    ClientSecret.objects.update(expires_at=timezone.now() + timedelta(days=23, hours=1))
    changed = [{"code": "user_created", "name": "ada@x.com"}]
    entry = ProvisioningEntry.objects.create(
        outcome=Outcome.CHANGED, method="POST", path="/Users", status=201, key_id=str(entra.pk), changed=changed
    )

    page = text_of(admin_client.get(PAGE))
    rows = re.split("<tr", page.split('id="credentials"')[1].split("</table>")[0])[2:]
    assert [re.sub(r"\s+", " ", row.split("<a")[1].split("</a>")[0]).split(">")[1] for row in rows] == [
        "Soon",
        "Old key",
        "Entra",
    ]
    soon, old, client = rows
    assert "badge-danger" in soon
    assert "in 3 days" in soon
    assert "no end" in old
    assert "badge-warn" in client
    assert "in 23 days" in client
    assert "Created user ada@x.com" in client
    assert f"/provisioning-log/{entry.pk}/" in client
    own = text_of(admin_client.get(address_of(entra)))
    assert f"/token-log/?client={entra.pk}" in own
    assert f"/provisioning-log/?credential={entra.pk}" in own
    assert "Created user ada@x.com" in text_of(admin_client.get(f"/provisioning-log/?credential={entra.pk}"))
    assert "Created user ada@x.com" not in text_of(admin_client.get(f"/provisioning-log/?credential={key.pk}"))


def test_what_each_did_last_is_read_at_once(admin_client: Client, key: ApiKey, entra: OAuthClient) -> None:
    queries = queries_of(admin_client, PAGE)
    generate_key("Second key", actor=ADMIN, rotate=True)
    create_client_with_secret("Okta", actor=ADMIN)

    assert queries_of(admin_client, PAGE) == queries


def test_headroom_is_the_busiest_minute_against_the_limit(db: None, key: ApiKey) -> None:
    now = timezone.now().replace(second=30)
    minute = now.replace(second=0, microsecond=0)
    for ago, requests, throttled in ((1, 600, 0), (2, 1_200, 7), (60, 30, 0), (1_500, 9_000, 9)):
        RequestCount.objects.create(
            minute=minute - timedelta(minutes=ago), key_id=str(key.pk), requests=requests, throttled=throttled
        )
    RequestCount.objects.create(minute=minute, key_id="another", requests=60_000)

    usage = usage_of(key.pk, 50, now)
    assert (usage.busiest, usage.free, usage.served, usage.throttled) == (20.0, 60, 1_830, 7)
    assert len(usage.quarters) == 96
    assert max(quarter.rate for quarter in usage.quarters[-2:]) == 20.0
    assert usage_of(key.pk, 10, now).free == 0
