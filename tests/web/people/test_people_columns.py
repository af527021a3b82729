"""The columns of the list of people: chosen in the address or by a form, remembered, and the same in the file."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gatekeeper.directory.models import SignIn, User
from gatekeeper.web.people.lists.columns import COLUMNS
from scim.protocol.schemas import ENTERPRISE_USER
from tests.builders import link, make_group, make_provider, make_team, make_user, make_users, map_group
from tests.web.pages import queries_of, text_of

ALL = ",".join(column.name for column in COLUMNS)


@pytest.fixture
def ada(admin_client: Client) -> User:
    make_provider()
    ada = make_user("ada@example.com", display_name="Ada Obi", attributes={ENTERPRISE_USER: {"department": "Treasury"}})
    map_group(make_group("GK Finance", [ada]), "collaborator", ["reports"], [make_team("North")])
    link()
    SignIn.objects.create(user=ada, since=timezone.now() - timedelta(hours=3))
    SignIn.objects.create(user=ada, since=timezone.now() - timedelta(days=3))
    return ada


def heads(browser: Client, address: str = "/users/") -> list[str]:
    head = re.search(r"<thead>.*?</thead>", text_of(browser.get(address)), re.DOTALL)
    assert head
    return [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<th\b.*?</th>", head.group(), re.DOTALL)]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Level", "IdP groups"]),
        ("columns=", []),
        ("columns=teams", ["Teams"]),
        ("columns=created,level", ["Level", "Created"]),
        ("columns=created&columns=level", ["Level", "Created"]),
        ("columns=nonsense,department", ["Department"]),
        (f"columns={ALL}", ["User name", "Level", "IdP groups", "Teams", "Department", "Last sign-in", "Created"]),
    ],
)
def test_the_address_says_the_columns(admin_client: Client, ada: User, query: str, shown: list[str]) -> None:
    assert heads(admin_client, f"/users/?{query}") == ["User", "Work e-mail", "State", *shown]


def test_each_column_shows_what_it_says(admin_client: Client, ada: User) -> None:
    text = text_of(admin_client.get("/users/", {"columns": ALL, "q": "ada"}))

    for value in ("ada@example.com", "Collaborator", "GK Finance", "North", "Treasury", "3 hours ago"):
        assert value in text, value


def test_a_form_chooses_them_for_the_next_time_and_keeps_the_list_as_it_is(admin_client: Client, ada: User) -> None:
    answer = admin_client.post(
        "/views/columns/", {"list": "users", "columns": ["teams", "created"], "back": "/users/?q=ada&order=email"}
    )

    assert answer["Location"] == "/users/?q=ada&order=email&columns=teams,created"
    assert heads(admin_client) == ["User", "Work e-mail", "State", "Teams", "Created"]
    assert heads(admin_client, "/users/?columns=level") == ["User", "Work e-mail", "State", "Level"]
    admin_client.post("/views/columns/", {"list": "users", "back": "/users/"})
    assert heads(admin_client) == ["User", "Work e-mail", "State"], "none is a choice too"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example/x", "", "javascript:alert(1)"])
def test_the_form_leads_nowhere_else(admin_client: Client, back: str) -> None:
    assert admin_client.post("/views/columns/", {"list": "users", "back": back})["Location"].startswith("/users/?")


def test_the_people_of_a_group_and_of_a_team_have_them_too(admin_client: Client, ada: User) -> None:
    group, team = ada.memberships.get().group, ada.memberships.get().group.mapping_versions.get().team_ids[0]
    admin_client.post("/views/columns/", {"list": "users", "columns": ["department"], "back": "/users/"})

    in_group = heads(admin_client, reverse("web:group_users", args=[group.pk]))
    in_team = heads(admin_client, reverse("web:team_people", args=[team]))

    assert in_group == ["User", "Work e-mail", "State", "Department", "In the group since"]
    assert in_team == ["User", "Work e-mail", "State", "Department"]


@pytest.mark.parametrize("columns", ["", ALL])
def test_a_page_asks_as_many_statements_for_few_as_for_many(admin_client: Client, ada: User, columns: str) -> None:
    address = f"/users/?columns={columns}"
    make_users(60)
    few = queries_of(admin_client, address)
    people = make_users(60)
    map_group(make_group("GK Many", people), "administrator", ["api"], [make_team()])
    SignIn.objects.bulk_create(SignIn(user=person) for person in people)
    link()

    assert queries_of(admin_client, address) == few


def test_who_are_all_on_the_page_are_not_counted(admin_client: Client, ada: User) -> None:
    few = queries_of(admin_client, "/users/")
    make_group("GK Many", make_users(60))

    assert queries_of(admin_client, "/users/") == few + 1


def test_what_is_not_shown_is_not_read(admin_client: Client, ada: User) -> None:
    assert queries_of(admin_client, "/users/?columns=") == queries_of(admin_client, f"/users/?columns={ALL}") - 1
