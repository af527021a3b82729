"""The management API: who may read what, in which shape, and at which cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.access.states import State
from gatekeeper.directory.people.users import delete_user
from tests.builders import (
    ENTRA,
    make_group,
    make_user,
    map_group,
    remove_members,
)

pytestmark = pytest.mark.django_db
PATHS = ("me", "users", "groups", "schema")


@pytest.mark.parametrize("path", PATHS)
def test_who_is_not_signed_in_is_refused_in_json(client, path):
    answer = client.get(f"/api/v1/{path}")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"].endswith("json")
    assert set(answer.json()) == {"detail"}


def test_me_is_the_object_of_the_command_access(person):
    user, _, browser = person("global_collaborator", "reports")

    document = browser.get("/api/v1/me").json()

    assert document == access_of(user).as_document()
    assert document["level"] == "global_collaborator"


def test_me_is_refused_from_the_moment_of_removal(person):
    user, group, browser = person()
    assert browser.get("/api/v1/me").status_code == 200

    remove_members(group, user)

    assert browser.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("level", "permission", "status"),
    [
        ("collaborator", "reports", 403),
        ("collaborator", "users", 403),  # has effect only with Global Administrator
        ("global_administrator", "reports", 403),
        ("global_administrator", "users", 200),
        ("global_administrator", "configuration", 200),
    ],
)
@pytest.mark.parametrize("path", ["users", "groups"])
def test_the_directory_is_read_by_whom_rule_8_names(person, level, permission, status, path):
    _, _, browser = person(level, permission)

    assert browser.get(f"/api/v1/{path}").status_code == status


def test_one_person_is_found_by_id_until_deleted(admin):
    user = make_user("ada@example.com")
    address = f"/api/v1/users/{user.id}"

    assert admin.get(address).json()["access"]["blocked_because"] == "no_saml_connection"

    delete_user(user.id, actor=ENTRA)

    assert admin.get(address).status_code == 404


def test_people_are_searched_by_the_start_of_their_name_in_any_case(admin):
    make_user("Ada@example.com")
    make_user("bo@example.com")

    found = admin.get("/api/v1/users", {"search": "ADA"}).json()

    assert [each["user_name"] for each in found["results"]] == ["Ada@example.com"]
    assert found["count"] == 1


def test_a_group_counts_its_present_members(admin):
    ada, bo = make_user(), make_user()
    group = make_group("GK Finance", [ada, bo])
    remove_members(group, bo)

    found = admin.get("/api/v1/groups").json()["results"]

    assert [(each["display_name"], each["member_count"]) for each in found] == [("GK Finance", 1)]


@pytest.mark.parametrize("page", ["0", "x", "999", "9999999999999999999999", "-1"])
@pytest.mark.parametrize("narrowed", ["", "readiness=no_group_access&"])
def test_a_page_that_does_not_exist_is_404_in_json(admin, page, narrowed):
    answer = admin.get(f"/api/v1/users?{narrowed}page={page}")

    assert answer.status_code == 404
    assert "detail" in answer.json()


@pytest.mark.parametrize("query", ["search=%00", "page_size=-1", "page_size=x", "search=" + "a" * 5000])
def test_odd_parameters_are_no_failure(admin, query):
    assert admin.get(f"/api/v1/users?{query}").status_code == 200


def test_writing_is_not_possible_here(admin):
    assert admin.post("/api/v1/users", {}, content_type="application/json").status_code == 405


def test_a_list_costs_the_same_number_of_queries_whatever_its_length(admin):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert admin.get("/api/v1/users").status_code == 200
        return len(queries)

    make_group("GK Few", [make_user()])
    few = cost()
    make_group("GK Many", [make_user() for _ in range(40)])

    assert cost() == few


def test_the_schema_describes_every_address(admin):
    document = admin.get("/api/v1/schema").json()

    assert set(document["paths"]) == {
        "/api/v1/",
        "/api/v1/me",
        "/api/v1/users",
        "/api/v1/users/{id}",
        "/api/v1/users/{id}/access",
        "/api/v1/users/{id}/explanation",
        "/api/v1/who-had",
        "/api/v1/who-changed",
        "/api/v1/setup",
        "/api/v1/groups",
    }
    assert document["openapi"].startswith("3.")
    assert document["components"]["securitySchemes"]["apiToken"]["scheme"] == "bearer"
    assert all({"apiToken": []} in way["get"]["security"] for way in document["paths"].values())


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize("path", ["nothing", "me/", "users/1/2"])
def test_an_address_that_does_not_exist_is_answered_in_json(client, method, path):
    answer = getattr(client, method)(f"/api/v1/{path}")

    assert answer.status_code == 404
    assert answer.json() == {"detail": f"There is nothing at /api/v1/{path}; /api/v1/schema describes what there is."}


def test_the_root_leads_to_everything_that_can_be_listed(person):
    _, _, browser = person("global_administrator", "configuration", "users")

    for address in browser.get("/api/v1/").json().values():
        assert browser.get(address.removeprefix("http://testserver")).status_code in {200, 400}, address


def test_people_of_one_state_for_several_reasons_are_paged_by_name(admin):
    without_level = make_group("GK None", [make_user(f"{name}@example.com") for name in "ace"])
    map_group(without_level, "none")
    remove_members(make_group("GK Left", people := [make_user(f"{name}@example.com") for name in "bdf"]), *people)

    pages = [
        admin.get("/api/v1/users", {"readiness": "no_group_access", "page_size": 4, "page": page}) for page in (1, 2, 3)
    ]

    shown = [[each["user_name"][0] for each in page.json()["results"]] for page in pages[:2]]
    assert shown == [["a", "b", "c", "d"], ["e", "f"]]
    assert pages[0].json()["count"] == 6
    assert pages[2].status_code == 404
    last = admin.get("/api/v1/users", {"readiness": "no_group_access", "page_size": 4, "page": "last"})
    assert [each["user_name"][0] for each in last.json()["results"]] == ["e", "f"]


@pytest.mark.parametrize("state", list(State))
def test_a_state_in_which_nobody_is_has_an_empty_page(admin, state):
    found = admin.get("/api/v1/users", {"readiness": state, "search": "nobody-at-all"})

    assert (found.status_code, found.json()["count"], found.json()["results"]) == (200, 0, [])
