"""Personal API tokens: what they do not open, what is kept of them, what they cost, and who gets one."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gatekeeper.api.models import ApiToken
from gatekeeper.api.tokens import (
    ApiNotPermitted,
    create_token,
    revoke_token,
)
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.identity_linking.identity_providers import end_identity_provider
from gatekeeper.directory.people.users import delete_user
from gatekeeper.errors import InvalidValue
from tests.api.asking import ask, everything_stored, refusal
from tests.builders import ADMIN, ENTRA, make_administrator, make_user

pytestmark = pytest.mark.django_db


# ── Only this, and nothing else ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("page", ["profile", "scim", "who_had", "create_api_token", "export"])
def test_a_token_opens_no_page(holder, page):
    _, _, text = holder("global_administrator", "configuration", "users")
    address = reverse(f"web:{page}")

    answer = Client().get(address, headers={"Authorization": f"Bearer {text}"})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


def test_a_cookie_beside_a_token_is_not_read(holder, admin):
    user, _, text = holder()

    answer = admin.get("/api/v1/me", headers={"Authorization": f"Bearer {text}"})
    refused = admin.get("/api/v1/me", headers={"Authorization": "Bearer x"})

    assert answer.json()["user_name"] == user.user_name
    assert refused.status_code == 401
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_a_token_needs_no_csrf_token_and_a_session_still_does(holder):
    _, _, text = holder()
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post("/api/v1/me", headers={"Authorization": f"Bearer {text}"})

    assert answer.status_code == 405  # let in, and there is nothing to write yet


def test_an_unknown_address_is_404_with_a_token_too(holder):
    _, _, text = holder()

    assert ask(text, "nowhere").status_code == 404


# ── What is kept, and what it costs ──────────────────────────────────────────────────────────────────────────────


def test_the_token_is_found_in_no_table_and_in_no_line_of_the_log(holder, caplog):
    with caplog.at_level(logging.DEBUG):
        _, _, text = holder()
        ask(text)
        ask(text, "nowhere")
        refusal(text[:-1])
        revoke_token(ApiToken.objects.get().id, actor=ADMIN)
        refusal(text)

    secret = text[12:]
    assert secret not in everything_stored()
    assert secret[:-1] not in caplog.text


def test_making_and_revoking_is_in_the_audit_trail_and_use_is_not(holder):
    user, _, text = holder()
    token = ApiToken.objects.get()
    ask(text)
    revoke_token(token.id, actor=ENTRA.person(user))

    made, revoked = AuditEntry.objects.filter(event__startswith="api_token.").order_by("id")
    assert (made.event, made.object_id, made.actor_name) == ("api_token.created", str(user.id), ADMIN.name)
    assert made.after["token_id"] == str(token.id)
    assert (revoked.event, revoked.actor_id, revoked.before["name"]) == ("api_token.revoked", str(user.id), "script")


def test_a_request_costs_the_token_the_access_and_a_write_a_minute(holder, time_machine):
    _, _, text = holder()
    start = datetime.now(UTC) + timedelta(hours=1)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert ask(text).status_code == 200
        return len(queries)

    time_machine.move_to(start, tick=False)
    assert [cost(), cost()] == [8, 7]
    time_machine.move_to(start + timedelta(seconds=61), tick=False)
    assert [cost(), cost()] == [8, 7]
    assert ApiToken.objects.get().last_used_at == start + timedelta(seconds=61)


def test_a_refused_request_is_no_use(holder):
    user, _, text = holder()
    delete_user(user.id, actor=ENTRA)
    refusal(text)

    assert ApiToken.objects.get().last_used_at is None


# ── Who gets one ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_lasts_ninety_days_unless_another_end_is_stated_and_a_year_at_most(person):
    user, _, _ = person("collaborator", "api")
    now = datetime.now(UTC)

    token, _ = create_token(user, "script", actor=ADMIN)
    longest, _ = create_token(user, "script", actor=ADMIN, expires_at=now + timedelta(days=365))

    assert timedelta(days=89) < token.expires_at - now <= timedelta(days=90, minutes=1)
    assert longest.expires_at == now + timedelta(days=365)
    for wrong in (now, now + timedelta(days=366)):
        with pytest.raises(InvalidValue):
            create_token(user, "script", actor=ADMIN, expires_at=wrong)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "nul\x00"])
def test_a_token_has_a_name_that_can_be_kept(person, name):
    user, _, _ = person("collaborator", "api")

    with pytest.raises(InvalidValue):
        create_token(user, name, actor=ADMIN)


def test_who_does_not_hold_the_permission_gets_none(person):
    without, _, _ = person("global_administrator", "configuration")

    for user in (without, make_administrator(), make_user()):
        with pytest.raises(ApiNotPermitted):
            create_token(user, "script", actor=ADMIN)
    assert not ApiToken.objects.exists()


def test_without_a_connection_nobody_s_token_works(holder):
    user, _, text = holder()

    end_identity_provider(user.identities.get().provider_id, actor=ADMIN)

    assert "Single sign-on is not set up" in refusal(text)
