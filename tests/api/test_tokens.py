"""Personal API tokens: they open what their person may open, and nothing from the moment that person may not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gatekeeper.api.models import ApiToken
from gatekeeper.api.tokens import (
    TOKENS,
    TokenNotFound,
    create_token,
    revoke_token,
    revoke_tokens,
)
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.people.retention import erase_due
from gatekeeper.directory.people.users import delete_user, edit_user
from scim.credentials.api_keys import generate_key
from tests.api.asking import ask, everything_stored, refusal
from tests.builders import ADMIN, ENTRA, add_members, make_user, map_group, remove_members

pytestmark = pytest.mark.django_db


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


def test_an_api_key_of_scim_opens_nothing_here_and_the_other_way_round(holder, client):
    _, _, text = holder()
    _, key = generate_key("Entra", actor=ADMIN)

    assert "begin with gkt_" in refusal(key)
    assert client.get("/scim/v2/Users", headers={"Authorization": f"Bearer {text}"}).status_code == 401


def test_a_mistyped_token_is_recognised_by_its_checksum(holder, django_assert_num_queries):
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


# ── Refusals of the person: docs/rules.md#6 ──────────────────────────────────────────────────────────────────


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
