"""``access`` and ``who_had``: one person's access, and everybody's who had one thing, at any moment."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.models import User
from tests.builders import (
    add_members,
    link,
    make_administrator,
    make_group,
    make_provider,
    make_team,
    make_user,
    make_users,
    map_group,
    remove_members,
)

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 3, 9, tzinfo=UTC)
BEFORE, THEN, AFTER = "2026-03-03T08:59:59Z", "2026-03-03T09:00:59+00:00", "2026-03-03T09:01:00Z"


def text(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def document(*arguments: str) -> Any:
    return json.loads(text(*arguments, "--json"))


@pytest.fixture
def ada() -> User:
    """Administrator with Reports from nine o'clock on, for a minute."""
    with time_machine.travel(START, tick=False) as clock:
        ada = make_user("ada", work_email="ada@example.com", display_name="=Ada")
        group = make_group("GK Finance", [ada])
        map_group(group, "administrator", ["reports"], [make_team("Finance")])
        clock.shift(60)
        remove_members(group, ada)
    return ada


def test_access_is_the_object_of_the_contract(ada: User) -> None:
    assert document("access", "ADA@example.com", "--at", THEN) == {
        "user_name": "ada",
        "email": "ada@example.com",
        "active": True,
        "can_sign_in": False,
        "blocked_because": "no_saml_connection",
        "level": "administrator",
        "permissions": ["reports"],
        "teams": ["Finance"],
        "sources": [
            {
                "kind": "group",
                "name": "GK Finance",
                "level": "administrator",
                "permissions": ["reports"],
                "teams": ["Finance"],
            }
        ],
    }


def test_access_now_differs_from_access_then(ada: User) -> None:
    assert document("access", "ada") == access_of(ada).as_document()
    assert document("access", "ada")["blocked_because"] == "no_group_access"
    assert document("access", "ada", "--at", AFTER)["level"] == "none"


def test_a_time_without_a_zone_is_the_sites(ada: User, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"

    assert document("access", "ada", "--at", "2026-03-03T10:00:30")["level"] == "administrator"
    assert document("access", "ada", "--at", "2026-03-03T10:01:30")["level"] == "none"


def test_people_read_what_gives_each_thing(ada: User) -> None:
    printed = text("access", "ada", "--at", THEN)

    assert "level Administrator: GK Finance since 2026-03-03T09:00:00+00:00, decided by tests" in printed
    assert "permission Reports: GK Finance" in printed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nobody@example.com",), "There is no user nobody@example.com"),
        (("ada", "--at", BEFORE), "There is no user ada at 2026-03-03"),
        (("ada", "--at", "yesterday"), "is no time that can be read"),
        (("ada", "--at", "0001-01-01T00:00:00+05:00"), "is no time that can be read"),
        (("ada", "--at", "2999-01-01"), "lies in the future"),
        (("a\x00da",), "There is no user"),
        (("a\udc80da",), "There is no user"),
        (("",), "There is no user"),
    ],
)
def test_what_cannot_be_answered_is_one_line(ada: User, arguments: tuple[str, ...], reason: str) -> None:
    with pytest.raises(CommandError, match=reason) as refusal:
        document("access", *arguments)

    assert "\n" not in str(refusal.value)


def test_who_had_a_permission_on_a_day(ada: User) -> None:
    make_administrator()

    [person] = document("who_had", "reports", "--at", THEN)["people"]

    assert (person["user_name"], person["given_by"]) == ("ada", ["GK Finance"])
    assert document("who_had", "reports", "--at", AFTER)["people"] == []
    assert document("who_had", "reports", "--at", BEFORE)["people"] == []


def test_who_is_of_a_level_now() -> None:
    make_provider()
    root, users = make_administrator("root@example.com"), make_users(3)
    group = make_group(members=users[:2])
    map_group(group, "global_administrator")
    link()

    found = document("who_had", "global_administrator")["people"]
    assert [person["user_name"] for person in found] == [*(user.user_name for user in users[:2]), root.user_name]

    add_members(group, users[2])
    assert len(document("who_had", "global_administrator")["people"]) == 4


def test_csv_has_a_line_for_each_and_no_formulas() -> None:
    eve = make_user("=cmd", work_email=None)
    map_group(make_group("GK, Inc", [eve]), "collaborator", ["reports"])

    [row] = csv.DictReader(io.StringIO(text("who_had", "reports", "--csv")))

    assert (row["user_name"], row["permissions"], row["given_by"]) == ("'=cmd", "reports", "GK, Inc")


def test_a_name_that_is_neither_permission_nor_level_is_refused() -> None:
    with pytest.raises(CommandError, match="there is no flying"):
        document("who_had", "flying")
