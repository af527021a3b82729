"""The management API about moments: who may ask, in which shape, and what nonsense is answered with."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
import time_machine
from django.utils import timezone

from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.explanation.explanation import explain
from gatekeeper.directory.models import User
from gatekeeper.directory.people.users import delete_user
from tests.builders import (
    ENTRA,
    add_members,
    link,
    make_group,
    make_provider,
    make_user,
    make_users,
    map_group,
    remove_members,
)

START = datetime(2026, 3, 3, 9, tzinfo=UTC)
LAST_SECOND = datetime(2026, 3, 3, 9, 0, 59, tzinfo=UTC)
NONSENSE = ["2999-01-01", "yesterday", "2026-02-30", "0001-01-01T00:00:00+14:00", "9" * 5000, "\x00"]
BEFORE, THEN, AFTER = "2026-03-03T08:59:59Z", "2026-03-03T09:00:59Z", "2026-03-03T09:01:00Z"
NOBODY = UUID(int=1)


@pytest.fixture
def ada(db):
    """Administrator with Reports from nine o'clock on, for a minute."""
    with time_machine.travel(START, tick=False) as clock:
        ada = make_user("ada@example.com")
        group = make_group("GK Finance", [ada])
        map_group(group, "administrator", ["reports"])
        clock.shift(60)
        remove_members(group, ada)
    return User.objects.get(pk=ada.pk)


def test_access_at_a_moment_is_the_object_of_the_command(admin, ada):
    address = f"/api/v1/users/{ada.id}/access"

    assert admin.get(address).json() == access_of(ada).as_document()
    assert admin.get(address, {"at": THEN}).json() == access_of(ada, LAST_SECOND).as_document()
    assert admin.get(address, {"at": AFTER}).json()["level"] == "none"


def test_an_explanation_says_why_and_what_comes_next(admin, ada):
    then = admin.get(f"/api/v1/users/{ada.id}/explanation", {"at": THEN}).json()
    now = admin.get(f"/api/v1/users/{ada.id}/explanation").json()

    assert then == explain(ada, LAST_SECOND).as_document()
    assert [(one["kind"], one["name"], one["by"][0]["decided_by"]) for one in then["given"]] == [
        ("level", "Administrator", "tests"),
        ("permission", "Reports", "tests"),
    ]
    assert now["readiness"]["state"] == "no_group_access"
    assert now["readiness"]["sentence"].startswith("Removed from GK Finance by Entra on")


def test_the_deleted_are_answered_for(admin, ada):
    delete_user(ada.id, actor=ENTRA)

    assert admin.get(f"/api/v1/users/{ada.id}/access").json()["blocked_because"] == "deleted"
    assert admin.get(f"/api/v1/users/{ada.id}/access", {"at": THEN}).json()["level"] == "administrator"


def test_who_had_lists_the_rows_of_the_command(admin, ada):
    found = admin.get("/api/v1/who-had", {"permission": "reports", "at": THEN}).json()

    assert found["count"] == 1
    assert found["results"] == [
        {
            "id": str(ada.id),
            "user_name": "ada@example.com",
            "email": "ada@example.com",
            "can_sign_in": False,
            "level": "administrator",
            "permissions": ["reports"],
            "teams": [],
            "given_by": ["GK Finance"],
            "also_in": [],
        }
    ]
    assert admin.get("/api/v1/who-had", {"permission": "reports", "at": AFTER}).json()["results"] == []
    assert admin.get("/api/v1/who-had", {"level": "administrator", "at": THEN}).json()["count"] == 1


def changed(admin, **query):
    return admin.get("/api/v1/who-changed", {"permission": "reports", **query}).json()


def test_who_gained_and_lost_it_between_two_moments_and_why(admin, ada):
    gained = changed(admin, **{"from": BEFORE, "to": THEN})
    lost = changed(admin, **{"from": THEN})

    assert gained["count"] == lost["count"] == 1
    (row,) = gained["results"]
    why = row.pop("why")
    assert row == {"change": "gained", "id": str(ada.id), "user_name": "ada@example.com", "email": "ada@example.com"}
    assert [datetime.fromisoformat(each["at"]) for each in why] == [START]
    (row,) = lost["results"]
    assert (row["change"], row["user_name"]) == ("lost", "ada@example.com")
    assert "GK Finance" in row["why"][0]["text"]
    assert changed(admin, **{"from": AFTER})["results"] == []
    by_level = admin.get("/api/v1/who-changed", {"level": "administrator", "from": BEFORE, "to": THEN}).json()
    assert by_level["count"] == 1


def test_it_says_the_same_as_the_file_of_the_page(admin, ada):
    found = changed(admin, **{"from": THEN})["results"]
    file = admin.get("/who-had/csv/", {"wanted": "reports", "at": THEN, "compare": AFTER})

    lines = b"".join(file.streaming_content).decode() if file.streaming else file.content.decode()
    for row in found:
        assert row["user_name"] in lines
        assert row["change"] in lines
        assert row["why"][0]["text"] in lines


def test_who_changed_has_pages_over_both_sides(admin, db):
    leavers, joiners = make_users(3), make_users(3)
    group = make_group(members=leavers)
    map_group(group, "collaborator", ["api"])
    before = timezone.now()
    remove_members(group, *leavers)
    add_members(group, *joiners)

    def page(number):
        return admin.get(
            "/api/v1/who-changed", {"permission": "api", "from": before.isoformat(), "page_size": 4, "page": number}
        )

    first, second = page(1).json(), page(2).json()
    assert (first["count"], second["next"]) == (6, None)
    rows = [*first["results"], *second["results"]]
    assert [row["change"] for row in rows] == ["gained"] * 3 + ["lost"] * 3
    names = [row["user_name"] for row in rows]
    assert names == sorted(each.user_name for each in joiners) + sorted(each.user_name for each in leavers)
    assert page(3).status_code == 404


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({}, "Ask for two moments"),
        ({"to": THEN}, "Ask for two moments"),
        ({"from": THEN, "to": BEFORE}, "earlier than to"),
        ({"from": THEN, "to": THEN}, "earlier than to"),
        *(({"from": text}, "") for text in NONSENSE),
    ],
)
def test_who_changed_without_two_moments_is_400(admin, query, reason):
    answer = admin.get("/api/v1/who-changed", {"permission": "api", **query})

    assert answer.status_code == 400
    assert reason in answer.json()["detail"]


def test_who_had_has_pages(admin):
    map_group(make_group(members=make_users(5)), "collaborator", ["api"])

    page = admin.get("/api/v1/who-had", {"permission": "api", "page_size": 2, "page": 3}).json()

    assert (page["count"], len(page["results"]), page["next"]) == (5, 1, None)
    assert admin.get("/api/v1/who-had", {"permission": "api", "page": 9}).status_code == 404


@pytest.mark.parametrize(
    "at", ["2999-01-01", "yesterday", "2026-02-30", "0001-01-01T00:00:00+14:00", "9" * 5000, "\x00"]
)
@pytest.mark.parametrize("path", ["users/{id}/access", "users/{id}/explanation", "who-had?permission=api"])
def test_a_moment_that_cannot_be_answered_is_400_with_one_line(admin, ada, at, path):
    address, _, query = path.format(id=ada.id).partition("?")

    answer = admin.get(f"/api/v1/{address}", {"at": at, **dict([query.split("=")] if query else [])})

    assert answer.status_code == 400
    assert "\n" not in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({}, "either permission or level"),
        ({"permission": "api", "level": "collaborator"}, "either permission or level"),
        ({"permission": "flying"}, "there is no flying"),
        ({"permission": "collaborator"}, "is none"),
        ({"level": "none"}, "there is no none"),
    ],
)
def test_who_had_without_one_known_name_is_400(admin, query, reason):
    answer = admin.get("/api/v1/who-had", query)

    assert answer.status_code == 400
    assert reason in answer.json()["detail"]


@pytest.mark.parametrize("path", ["access", "explanation"])
def test_a_person_who_is_not_known_is_404(admin, ada, path):
    assert admin.get(f"/api/v1/users/{NOBODY}/{path}").status_code == 404
    assert admin.get(f"/api/v1/users/{ada.id}/{path}", {"at": BEFORE}).status_code == 404


@pytest.mark.parametrize("path", ["access", "explanation"])
def test_everybody_may_ask_about_themselves_and_about_nobody_else(person, path):
    user, _, browser = person()
    other = make_user()

    assert browser.get(f"/api/v1/users/{user.id}/{path}").status_code == 200
    assert browser.get(f"/api/v1/users/{other.id}/{path}").status_code == 403


@pytest.mark.parametrize(
    ("level", "permission", "who_had", "setup"),
    [
        ("collaborator", "history", 200, 403),
        ("collaborator", "reports", 200, 403),
        ("collaborator", "configuration", 403, 403),
        ("global_administrator", "users", 403, 403),
        ("global_administrator", "configuration", 200, 200),
    ],
)
def test_rule_8_opens_the_rest(person, level, permission, who_had, setup):
    _, _, browser = person(level, permission)

    assert browser.get("/api/v1/who-had", {"permission": "api"}).status_code == who_had
    assert browser.get("/api/v1/setup").status_code == setup


def test_people_are_listed_by_readiness(admin):
    make_provider()
    make_user("ready@example.com")
    link()
    make_user("waiting@example.com")
    delete_user(make_user("gone@example.com").id, actor=ENTRA)

    waiting = admin.get("/api/v1/users", {"readiness": "awaiting_saml_sync"}).json()
    names = {
        state: [user["user_name"] for user in admin.get("/api/v1/users", {"readiness": state}).json()["results"]]
        for state in ("can_sign_in", "deleted", "deactivated")
    }

    assert [user["user_name"] for user in waiting["results"]] == ["waiting@example.com"]
    assert waiting["count"] == 1
    readiness = waiting["results"][0]["readiness"]
    assert set(readiness) == {"state", "sentence", "next_step", "due"}
    assert readiness["state"] == "awaiting_saml_sync"
    assert datetime.fromisoformat(readiness["due"]).minute == 45
    assert names == {
        "can_sign_in": ["ready@example.com", "root@example.com"],
        "deleted": ["gone@example.com"],
        "deactivated": [],
    }


def test_a_state_that_does_not_exist_is_400(admin):
    answer = admin.get("/api/v1/users", {"readiness": "sleepy"})

    assert answer.status_code == 400
    assert "there is no state sleepy; known are can_sign_in" in answer.json()["detail"]


def test_the_schema_knows_the_states_and_the_shapes(admin):
    document = admin.get("/api/v1/schema").json()

    parameters = {each["name"]: each for each in document["paths"]["/api/v1/users"]["get"]["parameters"]}
    assert "name_id_differs" in parameters["readiness"]["schema"]["enum"]
    user = document["components"]["schemas"]["User"]["properties"]
    assert "Readiness" in str(user["readiness"])
    shown = document["paths"]["/api/v1/users/{id}/access"]["get"]["responses"]["200"]
    assert "#/components/schemas/Access" in str(shown)
