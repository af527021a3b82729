"""The list of people by group, level, permission and state, alone and together; its filters as chips; the file."""

import csv
import io
import re
from urllib.parse import parse_qs

import pytest
from django.test import Client

from tests.builders import link, make_group, make_provider, make_user, map_group, remove_members
from tests.web.pages import queries_of, text_of


@pytest.fixture
def company(admin_client: Client) -> Client:
    """Ada and Bo in Finance, Bo in Auditors too; Cy in Sales, which gives nothing; Di was removed from her group."""
    make_provider()
    ada, bo, cy, di = (
        make_user(f"{name}@example.com", work_email=f"{name}@example.com") for name in ("ada", "bo", "cy", "di")
    )
    map_group(make_group("GK Finance", [ada, bo]), "collaborator", ["reports"])
    map_group(make_group("GK Auditors", [bo]), "global_collaborator", ["history"])
    map_group(make_group("GK Sales", [cy]), "none")
    remove_members(make_group("GK Former", [di]), di)
    link()
    return admin_client


def names(browser: Client, **query: str) -> list[str]:
    text = text_of(browser.get("/users/", query))
    return re.findall(r'<th scope="row">\s*<a href="/users/[^"]*"[^>]*>([a-z]+)@example', text)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"group": "GK Finance"}, ["ada", "bo"]),
        ({"group": "gk finance"}, ["ada", "bo"]),
        ({"group": "GK Former"}, []),
        ({"group": "GK"}, []),
        ({"level": "collaborator"}, ["ada"]),
        ({"level": "global_collaborator"}, ["bo"]),
        ({"permission": "reports"}, ["ada", "bo"]),
        ({"permission": "history"}, ["bo"]),
        ({"permission": "api"}, []),
        ({"permission": "configuration", "q": "root"}, []),
        ({"permission": "reports", "group": "GK Auditors"}, ["bo"]),
        ({"permission": "reports", "readiness": "can_sign_in"}, ["ada", "bo"]),
        ({"permission": "reports", "readiness": "awaiting_saml_sync"}, []),
        ({"permission": "reports", "readiness": "no_group_access"}, []),
        ({"permission": "reports", "q": "ada"}, ["ada"]),
        ({"readiness": "no_group_access"}, ["cy", "di"]),
        ({"readiness": "no_group_access", "group": "GK Sales"}, ["cy"]),
        ({"level": "nonsense"}, []),
        ({"level": "collaborator", "permission": "reports"}, ["ada"]),
        ({"level": "collaborator", "permission": "history"}, []),
        ({"permission": "nonsense"}, []),
        ({"team": "nonsense"}, []),
        ({"permission": "\x00"}, []),
        ({"group": "\x00"}, ["ada", "bo", "cy", "di"]),
    ],
)
def test_people_are_found_by_what_they_have(company: Client, query: dict[str, str], found: list[str]) -> None:
    assert [name for name in names(company, **query) if name in ("ada", "bo", "cy", "di")] == found


def test_an_administrator_is_found_by_what_local_administrators_have(company: Client) -> None:
    text = text_of(company.get("/users/", {"level": "global_administrator"}))

    assert "local" in text
    assert "ada@example.com" not in text


def test_each_filter_in_force_is_said_and_leads_to_the_list_without_it(company: Client) -> None:
    page = company.get("/users/", {"permission": "reports", "group": "GK Finance", "q": "ada", "after": ""})

    stated = {each.title: (each.text, each.address) for each in page.context_data["cl"].filters_in_force}  # type: ignore[attr-defined]
    assert {title: text for title, (text, _) in stated.items()} == {
        "search": "ada",
        "permission": "Reports",
        "IdP group": "GK Finance",
    }
    assert parse_qs(stated["permission"][1].removeprefix("?")) == {"q": ["ada"], "group": ["GK Finance"]}
    assert "remove this filter" in text_of(page)
    assert "remove this filter" not in text_of(company.get("/users/"))


def test_the_filter_costs_the_same_however_many_people_there_are(company: Client) -> None:
    few = queries_of(company, "/users/?permission=reports")
    group = make_group("GK Many", [make_user() for _ in range(30)])
    map_group(group, "collaborator", ["reports"])

    assert queries_of(company, "/users/?permission=reports") <= few


def test_the_file_has_whom_the_filters_leave_and_all_pages_of_them(
    company: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatekeeper.web.people.people_list.People.list_per_page", 1)

    answer = company.get("/users/export/csv/", {"permission": "reports"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(r'filename="users-[\dTZ-]+\.csv"', answer["Content-Disposition"])
    assert [(row["user"], row["email"], row["level"], row["state"], row["groups"]) for row in rows] == [
        ("ada@example.com", "ada@example.com", "collaborator", "can_sign_in", "GK Finance"),
        ("bo@example.com", "bo@example.com", "global_collaborator", "can_sign_in", "GK Auditors; GK Finance"),
    ]


def test_the_file_has_the_columns_and_the_order_of_the_list(company: Client) -> None:
    query = {"permission": "reports", "columns": "teams,created,department", "order": "-name"}
    answer = company.get("/users/export/csv/", query)
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]

    assert lines[0] == "user,email,state,teams,department,created"
    assert [line.split(",")[0] for line in lines[1:]] == ["bo@example.com", "ada@example.com"]


def test_a_filter_that_does_not_exist_makes_no_file(company: Client) -> None:
    assert company.get("/users/export/csv/", {"colour": "green"}).status_code == 400
