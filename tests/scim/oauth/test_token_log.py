"""The token log as an administrator sees it, and what it feeds: doctor, metrics, clean-up, events."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from gatekeeper.events.models import OutboxEvent
from gatekeeper.maintenance.tasks import end_overdue_sessions, prune
from scim.credentials.key_expiry import announce_expiring_keys
from scim.credentials.oauth_clients import (
    create_client_with_secret,
    create_federated_client,
    revoke_secret,
    rotate_secret,
)
from scim.models import AccessToken, ClientSecret, OAuthClient, RefusedTokenRequestCount, TokenRequest
from scim.oauth.checks import ADVICE, CHECK_TEXTS, check_names
from scim.oauth.presentation import advice_about, presentation_of
from scim.oauth.reasons import Reason
from scim.oauth.refused_requests import MOST_LISTED
from scim.oauth.token_requests import ASSERTION, POST
from tests.builders import ADMIN
from tests.scim.oauth.asking import ask, with_secret
from tests.scim.oauth.issuing import APPLICATION, NOW, SUBJECT, Issuer, Publisher, ask_with
from tests.web.pages import text_of

pytestmark = pytest.mark.django_db
LOG = "/token-log/"


@pytest.fixture
def federated(settings: Any) -> Any:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    with Publisher().serving() as publisher, time_machine.travel(NOW, tick=False):
        yield Issuer(publisher), create_federated_client("Entra <b>", publisher.federation, actor=ADMIN)


def last() -> TokenRequest:
    entry = TokenRequest.objects.first()
    assert entry is not None
    return entry


def page_of(browser: Client, entry: TokenRequest) -> str:
    return text_of(browser.get(f"{LOG}{entry.pk}/"))


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_empty_log_says_what_to_do(admin_client: Client) -> None:
    said = text_of(admin_client.get(LOG))

    assert "Add an OAuth client on the SCIM page" in said
    assert "Test Connection" in said


def test_the_log_lists_what_was_issued_and_refused_and_is_filtered(admin_client: Client, made: Any) -> None:
    client, secret = made
    create_client_with_secret("Okta", actor=ADMIN)
    ask(with_secret(client, secret))
    ask(with_secret(client, "gks_x"))

    said = text_of(admin_client.get(LOG))
    assert "Client secret, in the form" in said
    assert "The client secret is incomplete" in said
    for query, found in (
        ({"result": "accepted"}, 1), ({"result": "refused"}, 1), ({"client": str(client.id)}, 2), ({"client": "x"}, 2),
        ({"client": str(OAuthClient.objects.get(name="Okta").id)}, 0), ({"time": "hour"}, 2), ({"result": "x"}, 2),
        ({"q": last().request_id}, 1), ({"q": "nothing"}, 0),
    ):  # fmt: skip
        listed = admin_client.get(LOG, query).content.decode()
        assert listed.count('class="row-link"') == found, query


def test_what_was_only_counted_is_said(admin_client: Client, made: Any) -> None:
    with time_machine.travel(timezone.now(), tick=False):  # within one minute
        for _ in range(MOST_LISTED + 2):
            ask({"grant_type": "client_credentials", "client_id": "x", "client_secret": "x"})

    assert "2 more requests were refused and only counted" in text_of(admin_client.get(LOG))


def test_an_accepted_assertion_shows_its_claims_beside_what_is_set(federated: Any, admin_client: Client) -> None:
    issuer, client = federated
    assertion = issuer.assertion()
    ask_with(assertion, client.id)

    said = page_of(admin_client, last())

    assert "An access token was issued." in said
    for shown in ("RS256", "k1", issuer.issuer, SUBJECT, f"api://{APPLICATION}", f"{client.audience}", "Entra <b>"):
        assert shown in said
    assert "1795867200 (28 November 2026 12:00 UTC)" in said
    assert (
        f"/settings/configuration/scim/credentials/{client.id}/"
        in admin_client.get(f"{LOG}{last().pk}/").content.decode()
    )
    assert "All" in said
    assert assertion.rpartition(".")[2] not in said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"aud": "api://other"}, "The token's audience is api://other; here stands api://"),
        ({"aud": ["api://a", "api://b"]}, "The token's audience is api://a, api://b; here stands api://"),
        ({"sub": "somebody"}, "The token's subject is somebody; here stands d2f8ee76"),
        (
            {"iss": "https://sts.windows.net/x/"},
            "The token's issuer is https://sts.windows.net/x/; here stands http://",
        ),
        ({"tid": "x"}, "The token's tenant is x"),
        ({"exp": 1}, "Compare this server's clock"),
        ({"sub": None}, "The token's subject is None; here stands"),
        ({"exp": "soon"}, "soon"),
        ({"exp": 10**11}, "100000000000"),
    ],
)
def test_a_refused_assertion_says_what_to_change_in_entra(
    federated: Any, admin_client: Client, changed: dict[str, Any], said: str
) -> None:
    issuer, client = federated
    ask_with(issuer.assertion(**changed), client.id)

    assert said in page_of(admin_client, last())


def test_names_and_claims_are_shown_as_text(federated: Any, admin_client: Client) -> None:
    issuer, client = federated
    ask_with(issuer.assertion(sub="<script>alert(1)</script>\u202e\x00", appid={"a": ["<b>"]}), client.id)
    ask({"grant_type": "client_credentials", "client_id": "<script>\u202e", "client_secret": "x"})

    for entry in TokenRequest.objects.all():
        page = admin_client.get(f"{LOG}{entry.pk}/").content.decode()
        assert "<script>" not in page
        assert "<b>" not in page
        assert "\u202e" not in page
    assert "<script>" not in admin_client.get(LOG).content.decode()


def test_every_check_and_reason_has_its_words() -> None:
    names = {*check_names(ASSERTION), *check_names(POST)}
    assert names == set(CHECK_TEXTS)
    known = {str(reason) for reason in Reason} | names
    assert {str(key) for key in ADVICE} <= known
    for method in (ASSERTION, POST, "", "of_tomorrow"):
        for check in (*names, "a_check_of_tomorrow"):
            for reason in ("", "body_too_long", "subject_is_another", "a_reason_of_tomorrow"):
                entry = TokenRequest(accepted=False, method=method, failed_check=check, reason=reason)
                shown = presentation_of(entry)
                assert shown.failing_step is not None
                assert "%(" not in advice_about(entry)


def test_an_entry_outlives_its_secret_and_its_client(admin_client: Client, made: Any) -> None:
    client, secret = made
    ask(with_secret(client, secret))
    AccessToken.objects.all().delete()
    ClientSecret.objects.all().delete()
    client.delete()

    assert "An access token was issued." in page_of(admin_client, last())


# ── The networks from which a client may come ────────────────────────────────────────────────────────────────────


def test_a_client_from_another_network_is_authenticated_and_not_authorized(made: Any) -> None:
    """RFC 6749 §5.2, unauthorized_client."""
    client, secret = made
    OAuthClient.objects.update(allowed_networks="203.0.113.0/24")
    answer = ask(with_secret(client, secret))
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    assert (last().reason, last().client, last().address) == (Reason.NETWORK, client, "127.0.0.1")

    OAuthClient.objects.update(allowed_networks="127.0.0.0/8")
    assert ask(with_secret(client, secret)).status_code == 200


# ── Doctor, metrics, clean-up, events ────────────────────────────────────────────────────────────────────────────


def doctor() -> list[dict[str, str]]:
    out = StringIO()
    with contextlib.suppress(SystemExit):
        call_command("doctor", "--json", stdout=out)
    return [each for each in json.loads(out.getvalue())["checks"] if each["name"] in {"oauth_clients", "scim_key"}]


def test_doctor_knows_clients_in_place_of_a_key() -> None:
    assert [each["status"] for each in doctor()] == ["warning", "ok"]
    client, made = create_client_with_secret("Entra", actor=ADMIN)
    assert [each["status"] for each in doctor()] == ["ok", "ok"]

    ask(with_secret(client, "gks_x"))
    warned = doctor()[1]
    assert "Entra was refused an access token: The client secret is incomplete" in warned["detail"]
    assert "begins with gks_" in warned["fix"]
    ask(with_secret(client, made.text))
    assert doctor()[1]["status"] == "ok"

    ClientSecret.objects.update(expires_at=timezone.now() + timedelta(days=3))
    assert "expires in 2 days" in doctor()[1]["detail"]
    rotate_secret(client.id, actor=ADMIN)
    assert doctor()[1]["status"] == "ok"
    for secret in ClientSecret.objects.all():
        revoke_secret(client.id, secret.id, "Revoke", actor=ADMIN)
    assert "has no active secret" in doctor()[1]["detail"]


def test_metrics_count_tokens_by_reason(made: Any, settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    client, secret = made
    ask(with_secret(client, secret))
    ask(with_secret(client, "gks_x"))
    for _ in range(MOST_LISTED + 2):
        ask({"grant_type": "client_credentials", "client_id": "x", "client_secret": "x"})

    said = Client().get("/metrics").content.decode()

    assert 'gatekeeper_token_requests_last_hour{reason="issued"} 1.0' in said
    assert 'gatekeeper_token_requests_last_hour{reason="secret_incomplete"} 1.0' in said
    assert f'gatekeeper_token_requests_last_hour{{reason="client_unknown"}} {MOST_LISTED}.0' in said
    assert 'gatekeeper_token_requests_last_hour{reason="not_listed"} 2.0' in said
    assert f'gatekeeper_client_secret_days_left{{client="{client.id}"}} 364.' in said


def test_the_hourly_tasks_forget_what_is_old(made: Any) -> None:
    long_ago = timezone.now() - timedelta(days=31)
    ask(with_secret(*made))
    ask({"x": "y"})
    TokenRequest.objects.update(at=long_ago)
    AccessToken.objects.update(expires_at=long_ago)
    RefusedTokenRequestCount.objects.update(minute=long_ago)
    ask(with_secret(*made))

    end_overdue_sessions()
    prune()

    assert TokenRequest.objects.count() == AccessToken.objects.count() == 1
    assert not RefusedTokenRequestCount.objects.exists()


def test_a_client_secret_that_expires_is_announced_at_each_step_one_time() -> None:
    with time_machine.travel(datetime(2026, 11, 26, 12, tzinfo=UTC), tick=False) as clock:
        end = timezone.now() + timedelta(days=60)
        client, made = create_client_with_secret("Entra", actor=ADMIN, expires_at=end)
        revoked = rotate_secret(client.id, actor=ADMIN, expires_at=end)
        revoke_secret(client.id, revoked.secret.id, "Revoke", actor=ADMIN)
        for left in (31, 30, 29, 8, 7, 6, 1.5, 1, 0.5, 0, -1):
            clock.move_to(end - timedelta(days=left))
            announce_expiring_keys(actor=ADMIN, now=timezone.now())

    events = list(OutboxEvent.objects.filter(code="key.expiring").order_by("pk"))
    assert [event.data["step"] for event in events] == [30, 7, 1, 0]
    assert {event.object_key for event in events} == {f"client_secret:{made.secret.id}"}
    assert events[0].data["key"] == {"id": str(made.secret.id), "name": "Entra", "hint": made.secret.hint}
