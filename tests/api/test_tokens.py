"""Personal API tokens: they open what their person may open, and nothing from the moment that person may not."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gatekeeper.api.models import ApiToken
from gatekeeper.api.tokens import (
    TOKENS,
    ApiNotPermitted,
    TokenNotFound,
    create_token,
    revoke_token,
    revoke_tokens,
)
from gatekeeper.audit.chain import link_new_entries
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.queries import access_of
from gatekeeper.directory.retention import erase_due
from gatekeeper.directory.sign_in import end_identity_provider
from gatekeeper.directory.users import delete_user, edit_user
from gatekeeper.errors import InvalidValue
from scim.api_keys import generate_key
from tests.builders import ADMIN, ENTRA, add_members, make_administrator, make_user, map_group, remove_members

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder(person):
    """Makes somebody with the permission API and more, and a token of theirs: user, group, token's text."""

    def make(level="collaborator", *permissions):
        user, group, _ = person(level, "api", *permissions)
        return user, group, create_token(user, "script", actor=ADMIN)[1]

    return make


def ask(text, path="me", scheme="Bearer", **more):
    return Client().get(f"/api/v1/{path}", headers={"Authorization": f"{scheme} {text}"}, **more)


def refusal(text, **more):
    """The one line with which the API refuses this token."""
    answer = ask(text, **more)
    assert (answer.status_code, set(answer.json())) == (401, {"detail"})
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "\n" not in answer.json()["detail"]
    return answer.json()["detail"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_token_is_its_person(holder, scheme):
    user, _, text = holder()

    assert ask(text, scheme=scheme).json() == access_of(user).as_document()


@pytest.mark.parametrize(
    ("level", "permission", "path", "status"),
    [
        ("collaborator", "reports", "users", 403),
        ("collaborator", "reports", "who-had?permission=api", 200),
        ("collaborator", "users", "users", 403),  # has effect only with Global Administrator
        ("global_administrator", "users", "users", 200),
        ("global_administrator", "users", "setup", 403),
        ("global_administrator", "configuration", "setup", 200),
        ("collaborator", "reports", "schema", 200),
    ],
)
def test_a_token_opens_what_its_person_may_open_and_no_more(holder, level, permission, path, status):
    _, _, text = holder(level, permission)

    assert ask(text, path).status_code == status


def test_what_a_mapping_takes_the_token_loses_on_the_next_request(holder):
    _, group, text = holder("global_administrator", "users")
    assert ask(text, "users").status_code == 200

    map_group(group, "collaborator", ["api"])

    assert ask(text, "users").status_code == 403


# ── Refusals of the token ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["", "x", "gk_" + "0" * 72, "gkt", "ü", "gkt_ a"])
def test_what_is_no_token_is_refused_without_asking_the_database(db, text, django_assert_num_queries):
    with django_assert_num_queries(0):
        refusal(text)


def test_a_key_of_the_scim_door_opens_nothing_here_and_the_other_way_round(holder, client):
    _, _, text = holder()
    _, key = generate_key("Entra", actor=ADMIN)

    assert "begin with gkt_" in refusal(key)
    assert client.get("/scim/v2/Users", headers={"Authorization": f"Bearer {text}"}).status_code == 401


def test_a_mistyped_token_is_told_by_its_checksum(holder, django_assert_num_queries):
    _, _, text = holder()
    mistyped = text[:20] + ("0" if text[20] != "0" else "1") + text[21:]

    with django_assert_num_queries(0):
        assert "checksum is wrong" in refusal(mistyped)
        assert "checksum is wrong" in refusal(text[:-1])
        assert "checksum is wrong" in refusal("gkt_ü" + text[5:])


def test_a_token_that_nobody_made_is_unknown(db):
    assert "knows no such API token" in refusal(TOKENS.new())


def test_an_expired_token_is_refused(holder, time_machine):
    _, _, text = holder()
    time_machine.move_to(datetime.now(UTC) + timedelta(days=89))
    assert ask(text).status_code == 200

    time_machine.move_to(datetime.now(UTC) + timedelta(days=1, minutes=1))

    assert "expired on" in refusal(text)


def test_a_revoked_token_is_refused_and_stays_so(holder):
    user, _, text = holder()
    _, other = create_token(user, "other", actor=ADMIN)
    token = ApiToken.objects.matching(text).get()

    revoke_token(token.id, actor=ADMIN)

    assert "was revoked on" in refusal(text)
    assert ask(other).status_code == 200
    with pytest.raises(TokenNotFound):
        revoke_token(token.id, actor=ADMIN)
    assert AuditEntry.objects.filter(event="api_token.revoked").count() == 1


def test_all_tokens_of_a_person_are_revoked_at_once(holder):
    user, _, text = holder()
    create_token(user, "other", actor=ADMIN)

    assert revoke_tokens(user.id, actor=ADMIN) == 2
    assert "was revoked on" in refusal(text)
    assert revoke_tokens(user.id, actor=ADMIN) == 0
    assert AuditEntry.objects.filter(event="api_token.revoked", object_id=str(user.id)).count() == 2


# ── Refusals of the person: rule 6 ───────────────────────────────────────────────────────────────────────────────


def deactivate(user, group):
    edit_user(user.id, lambda record: replace(record, active=False), actor=ENTRA)


def delete(user, group):
    delete_user(user.id, actor=ENTRA)


def remove(user, group):
    remove_members(group, user)


def take_the_permission(user, group):
    map_group(group, "collaborator", ["reports"])


def take_the_level(user, group):
    map_group(group, "none", ["api"])


def change_the_address(user, group):
    edit_user(user.id, lambda record: replace(record, work_email="new@example.com"), actor=ENTRA)


@pytest.mark.parametrize(
    ("revocation", "words"),
    [
        (deactivate, "deactivated"),
        (delete, "was removed"),
        (remove, "in no group"),
        (take_the_permission, "need the permission API"),
        (take_the_level, "in no group that gives access"),
        (change_the_address, "sync has not run yet"),
    ],
)
def test_a_revocation_refuses_the_next_request(holder, revocation, words):
    user, group, text = holder()
    assert ask(text).status_code == 200

    revocation(user, group)

    assert words in refusal(text)


def test_who_is_assigned_again_has_their_tokens_back(holder):
    user, group, text = holder()
    deactivate(user, group)
    edit_user(user.id, lambda record: replace(record, active=True), actor=ENTRA)
    assert ask(text).status_code == 200

    remove(user, group)
    add_members(group, user)

    assert ask(text).status_code == 200


def test_a_namesake_of_somebody_deleted_gets_nothing_of_theirs(holder):
    user, group, text = holder()
    delete(user, group)
    add_members(group, make_user(user.user_name))

    assert "was removed" in refusal(text)


def test_after_erasure_the_token_is_dead_and_its_name_gone(holder, time_machine):
    user, group, text = holder()
    create_token(user, "Lovelace's laptop", actor=ENTRA.person(user))
    delete(user, group)
    link_new_entries()
    assert "Lovelace" in everything_stored()
    time_machine.move_to(datetime.now(UTC) + timedelta(days=1096))

    assert erase_due(actor=ADMIN) == 1

    assert ApiToken.objects.filter(user=user).count() == 2
    assert "Lovelace" not in everything_stored()
    time_machine.move_to(datetime.now(UTC) - timedelta(days=1090))  # before it expires
    assert "was removed" in refusal(text)


# ── Only this, and nothing else ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("page", ["profile", "scim", "who_had", "create_api_token", "export"])
def test_a_token_opens_no_page(holder, page):
    _, _, text = holder("global_administrator", "configuration", "users")
    address = reverse(f"configuration:{page}")

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


def everything_stored():
    return "\n".join(str(list(model.objects.values())) for model in apps.get_models())


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
    user, group, text = holder()
    deactivate(user, group)
    refusal(text)

    assert ApiToken.objects.get().last_used_at is None


# ── Who gets one ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_lasts_ninety_days_unless_told_otherwise_and_a_year_at_most(person):
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
