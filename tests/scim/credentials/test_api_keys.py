"""API keys: made once, shown once, stored as a digest, dead the moment they are revoked."""

import json
import logging
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from gatekeeper.audit.models import AuditEntry
from gatekeeper.errors import InvalidValue
from gatekeeper.secrets.bearer_keys import digest, record_use
from scim.credentials.api_keys import (
    KEYS,
    ActiveKeyExists,
    KeyNotFound,
    RevokeNotConfirmed,
    generate_key,
    revoke_keys,
)
from scim.models import ApiKey
from scim.statements.find_credential import find_active
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db


def test_a_key_is_recognisable_random_and_short_enough_for_entra():
    keys = {KEYS.new() for _ in range(100)}

    assert len(keys) == 100
    for key in keys:
        assert key.startswith("gk_")
        assert len(key) <= 100
        assert key.isascii()
        assert KEYS.is_well_formed(key)
        assert len(bytes.fromhex(key[3:67])) == 32


def test_a_damaged_key_is_recognised_by_its_checksum_without_asking_the_database(django_assert_num_queries):
    key = KEYS.new()
    damaged = key[:20] + ("0" if key[20] != "0" else "1") + key[21:]

    with django_assert_num_queries(0):
        assert find_active(damaged) is None
        assert find_active(key[:-1]) is None
        assert find_active("gk_ü" + key[4:]) is None


def test_only_a_digest_is_stored():
    key, text = generate_key("Entra", actor=ADMIN)

    assert key.digest == digest(text)
    assert text not in str(ApiKey.objects.values())
    assert text not in str(list(AuditEntry.objects.values()))
    assert find_active(text) == key


def test_a_second_key_needs_rotation():
    first, text = generate_key("Entra", actor=ADMIN)
    with pytest.raises(ActiveKeyExists):
        generate_key("Entra", actor=ADMIN)

    _, other = generate_key("Entra 2", actor=ADMIN, rotate=True)
    assert find_active(text)
    assert find_active(other)

    revoke_keys("Revoke", actor=ADMIN, key_id=first.id)
    assert find_active(text) is None
    assert find_active(other)


@pytest.mark.parametrize("phrase", ["", "revoke", "REVOKE", " Revoke", "Revoke ", "Rev"])
def test_revoking_takes_exactly_the_phrase(phrase):
    _, text = generate_key("Entra", actor=ADMIN)

    with pytest.raises(RevokeNotConfirmed):
        revoke_keys(phrase, actor=ADMIN)
    assert find_active(text)


def test_a_revoked_key_is_dead_on_the_next_request_and_stays_dead(scim):
    assert scim.get("/Users").status_code == 200

    revoke_keys("Revoke", actor=ADMIN)

    assert scim.get("/Users").status_code == 401
    with pytest.raises(KeyNotFound):
        revoke_keys("Revoke", actor=ADMIN)
    assert AuditEntry.objects.filter(event="api_key.revoked").count() == 1


def test_revoking_one_key_twice_is_refused_and_changes_nothing(time_machine):
    time_machine.move_to("2026-11-26T09:00:00Z", tick=False)
    key, _ = generate_key(actor=ADMIN)
    generate_key(actor=ADMIN, rotate=True)
    revoke_keys("Revoke", actor=ADMIN, key_id=key.id)
    key.refresh_from_db()
    revoked_at = key.revoked_at
    time_machine.shift(60)

    with pytest.raises(KeyNotFound):
        revoke_keys("Revoke", actor=ADMIN, key_id=key.id)

    key.refresh_from_db()
    assert key.revoked_at == revoked_at
    assert AuditEntry.objects.filter(event="api_key.revoked").count() == 1


def test_revoking_all_keys_leaves_those_alone_that_are_revoked_already(time_machine):
    time_machine.move_to("2026-11-26T09:00:00Z", tick=False)
    first, _ = generate_key(actor=ADMIN)
    revoke_keys("Revoke", actor=ADMIN)
    second, _ = generate_key(actor=ADMIN)
    time_machine.shift(60)

    assert revoke_keys("Revoke", actor=ADMIN) == [second]

    first.refresh_from_db()
    second.refresh_from_db()
    assert first.revoked_at < second.revoked_at


def test_an_expired_key_opens_nothing_and_another_can_be_made():
    now = datetime.now(UTC)
    _, text = generate_key("Entra", actor=ADMIN, expires_at=now + timedelta(days=1))
    assert find_active(text)

    with time_machine.travel(now + timedelta(days=2)):
        assert find_active(text) is None
        generate_key("Entra", actor=ADMIN)


def test_an_expiry_in_the_past_is_refused():
    with pytest.raises(InvalidValue):
        generate_key("Entra", actor=ADMIN, expires_at=datetime.now(UTC))


def test_the_last_use_is_written_once_a_minute(django_assert_num_queries):
    key, text = generate_key("Entra", actor=ADMIN)
    start = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        record_use(find_active(text))
        with django_assert_num_queries(1):
            record_use(find_active(text))
    with time_machine.travel(start + timedelta(seconds=61), tick=False):
        record_use(find_active(text))

    key.refresh_from_db()
    assert key.last_used_at == start + timedelta(seconds=61)


def run(*arguments):
    out = StringIO()
    call_command("scim_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_generates_lists_and_revokes():
    made = json.loads(run("generate", "--name", "Entra", "--expires", "2099-01-01T00:00:00Z", "--json"))
    assert set(made) == {"base_url", "api_key", "key_id", "created_at", "expires_at"}
    assert made["base_url"] == "http://testserver/scim/v2"
    assert made["expires_at"] == "2099-01-01T00:00:00Z"
    assert find_active(made["api_key"])

    (listed,) = json.loads(run("--json", "list"))["keys"]
    assert set(listed) == {"key_id", "name", "created_at", "expires_at", "last_used_at", "revoked_at"}
    assert (listed["key_id"], listed["name"], listed["revoked_at"]) == (made["key_id"], "Entra", None)
    assert made["api_key"] not in run("list")

    with pytest.raises(CommandError, match="--rotate"):
        run("generate", "--json")
    with pytest.raises(CommandError, match="exactly Revoke"):
        run("revoke", "--confirm", "revoke", "--json")
    assert find_active(made["api_key"])
    assert json.loads(run("revoke", "--confirm", "Revoke", "--json")) == {"revoked": [made["key_id"]]}
    assert find_active(made["api_key"]) is None


def test_the_command_revokes_one_key_by_its_id():
    first = json.loads(run("generate", "--json"))
    second = json.loads(run("generate", "--rotate", "--json"))

    assert json.loads(run("revoke", "--confirm", "Revoke", "--key-id", first["key_id"], "--json")) == {
        "revoked": [first["key_id"]]
    }
    assert find_active(second["api_key"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("generate", "--expires", "soon"),
        ("revoke", "--confirm", "Revoke", "--key-id", "x"),
        ("revoke", "--confirm", "Revoke"),
        ("revoke",),
    ],
)
def test_what_the_command_cannot_do_it_refuses_in_one_line(arguments):
    with pytest.raises(CommandError) as refused:
        run(*arguments, "--json")
    assert "\n" not in str(refused.value)


def test_the_key_never_reaches_the_log_lines(scim, caplog):
    with caplog.at_level(logging.DEBUG):
        scim.get("/Users")
        scim.get("/Users?filter=broken")

    assert scim.key not in caplog.text
