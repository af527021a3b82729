"""Nobody's access is taken unasked: counted, in red, and not saved before the answer to exactly that question."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.identity_linking.home_realm_discovery import domains_of
from gatekeeper.directory.models import IdpGroup, SignInIdentity, User
from saml.connections.lifecycle import create_connection
from saml.models import Connection
from tests.builders import (
    ADMIN,
    add_members,
    link,
    make_group,
    make_team,
    make_user,
    make_users,
    map_group,
    remove_members,
)
from tests.web.pages import carried, confirmation, text_of


@dataclass
class Company:
    """Three people are in a group without a mapping, one in a group with one, one was removed from their last."""

    group: IdpGroup
    mapped: IdpGroup


@pytest.fixture
def company(db: None) -> Company:
    map_group(None, "collaborator")
    company = Company(make_group("GK Unmapped", make_users(3)), make_group("GK Mapped", make_users(1)))
    map_group(company.mapped, "administrator", ["reports"], [make_team()])
    removed = make_user("removed@x.com")
    add_members(company.group, removed)
    remove_members(company.group, removed)
    return company


def document(**keys: Any) -> dict[str, str]:
    return {"document": json.dumps(keys)}


NONE = {"level": "none"}


def fallback_policy(admin_client: Client) -> None:
    admin_client.post(reverse("web:last_group_policy"), {"policy": "fallback"})


# name: (the form's address, what it sends, how many people it takes their access, what has to be so before)
Form = tuple[Callable[[Company], str], dict[str, str], int, Callable[[Client], None] | None]
FORMS: dict[str, Form] = {
    "Default Mapping": (lambda _: reverse("web:default_mapping"), NONE, 3, None),
    "Default Mapping with those who fall back": (
        lambda _: reverse("web:default_mapping"),
        NONE,
        4,
        fallback_policy,
    ),
    "group mapping": (
        lambda company: reverse("web:group_mapping", args=[company.mapped.id]),
        NONE,
        1,
        None,
    ),
    "first mapping of a group": (
        lambda company: reverse("web:group_mapping", args=[company.group.id]),
        NONE,
        3,
        None,
    ),
    "reset of a mapping": (
        lambda company: reverse("web:reset_mapping", args=[company.mapped.id]),
        {},
        1,
        lambda _: map_group(None, "none") and None,
    ),
    "last group policy": (
        lambda _: reverse("web:last_group_policy"),
        {"policy": "revoke"},
        1,
        fallback_policy,
    ),
    "document: Default Mapping": (
        lambda _: reverse("web:as_code"),
        document(default_mapping={"level": "none"}),
        3,
        None,
    ),
    "document: policy": (
        lambda _: reverse("web:as_code"),
        document(last_group_policy="revoke"),
        1,
        fallback_policy,
    ),
    "document: mappings": (
        lambda _: reverse("web:as_code"),
        document(default_mapping={"level": "none"}, group_mappings={"GK Mapped": {"level": "none"}}),
        4,
        None,
    ),
}


def sentence(people: int) -> str:
    return f"{people} {'person' if people == 1 else 'people'} could no longer sign in: "


def outcome(people: int) -> str:
    return f"{people} {'person' if people == 1 else 'people'} lost access."


def looked_at(admin_client: Client, address: str, form: dict[str, str]) -> dict[str, str]:
    """The form as a browser with scripts sends it: Apply of a document is refused before its preview was there."""
    if "document" not in form:
        return form
    shown = admin_client.post(reverse("web:preview_document"), form)
    return {**form, "previewed": carried(shown, "document-form")}


@pytest.mark.parametrize("name", FORMS)
def test_it_is_asked_with_the_number_of_people_before_it_is_saved(
    admin_client: Client, company: Company, name: str
) -> None:
    address_of, form, losing, prepare = FORMS[name]
    if prepare:
        prepare(admin_client)
    address, before = address_of(company), site_facts()
    form = looked_at(admin_client, address, form)

    asked = admin_client.post(address, form)

    page = text_of(asked)
    assert asked.status_code == 422
    assert "Do you mean it?" in page
    assert 'class="notice notice-danger" role="alert"' in page
    assert sentence(losing) in page
    assert f'class="loss">−{losing}<' in page
    assert unchanged(before)
    for wrong in ({}, {"confirmed": "yes"}, {"confirmed": "1"}, {"confirmed": ""}):
        assert admin_client.post(address, {**form, **wrong}).status_code == 422
    assert unchanged(before)

    saved = admin_client.post(address, {**form, "confirmed": confirmation(asked)}, follow=True)

    assert not unchanged(before)
    assert f"<strong>{outcome(losing)}</strong>" in text_of(saved)
    assert 'class="notice notice-danger"' in text_of(saved)


@pytest.mark.parametrize("name", ["Default Mapping", "group mapping", "document: mappings"])
def test_a_yes_to_fewer_people_is_none_to_more(admin_client: Client, company: Company, name: str) -> None:
    address_of, form, losing, _ = FORMS[name]
    address, before = address_of(company), site_facts()
    asked = admin_client.post(address, looked_at(admin_client, address, form))
    add_members(company.mapped if name == "group mapping" else company.group, make_user())

    again = admin_client.post(address, {**looked_at(admin_client, address, form), "confirmed": confirmation(asked)})

    assert again.status_code == 422
    assert sentence(losing + 1) in text_of(again)
    assert unchanged(before)


def test_a_script_that_saves_by_itself_is_asked_too(admin_client: Client, company: Company) -> None:
    fallback_policy(admin_client)
    address = reverse("web:last_group_policy")

    asked = admin_client.post(address, {"policy": "revoke"}, headers={"Accept": "application/json"})

    assert asked.status_code == 409
    assert "Do you mean it?" in asked.json()["details"]
    assert sentence(1) in asked.json()["details"]
    assert site_facts().last_group_policy == "fallback"


def test_no_access_is_never_shown_as_something_gained(admin_client: Client, company: Company) -> None:
    page = text_of(admin_client.post(reverse("web:preview_default_mapping"), NONE))

    assert '<th scope="row">Access</th>' in page
    assert '<th scope="row">No access</th>' not in page
    assert 'class="gain"' not in page
    assert '<span class="loss">Collaborator → No access</span>' in page


def test_a_lower_level_is_a_loss_and_the_level_below_it_is_nothing_gained(
    admin_client: Client, company: Company
) -> None:
    form = {"level": "collaborator", "permissions": ["reports"]}

    page = text_of(admin_client.post(reverse("web:preview_group_mapping", args=[company.mapped.id]), form))

    assert '<th scope="row">Administrator → Collaborator</th>' in page
    assert '<th scope="row">Access</th>' not in page
    assert 'class="loss">−1<' in page
    assert 'class="gain"' not in page


def test_the_question_names_the_first_three_and_counts_the_others(admin_client: Client, company: Company) -> None:
    for name in ("Cy", "Ada", "Bo", "Dee", "Eli"):
        add_members(company.group, make_user(f"a-{name}@x.com", display_name=name))

    page = text_of(admin_client.post(reverse("web:group_mapping", args=[company.group.id]), NONE))

    assert "8 people could no longer sign in: Ada, Bo, Cy and 5 others." in page


def test_the_question_names_who_becomes_global_administrator(admin_client: Client) -> None:
    group = make_group("GK IT", [make_user("bo@x.com", display_name="Bo"), make_user("ada@x.com", display_name="Ada")])
    address, form = reverse("web:group_mapping", args=[group.id]), {"level": "global_administrator"}

    asked = admin_client.post(address, form)
    saved = admin_client.post(address, {**form, "confirmed": confirmation(asked)}, follow=True)

    assert "2 people become Global Administrator: Ada and Bo." in text_of(asked)
    assert "2 people became Global Administrator." in text_of(saved)


def test_access_that_is_given_is_shown_as_gained_and_not_asked_about(admin_client: Client, company: Company) -> None:
    map_group(None, "none")
    form = {"level": "collaborator"}
    page = text_of(admin_client.post(reverse("web:preview_default_mapping"), form))

    saved = admin_client.post(reverse("web:default_mapping"), form)

    assert '<span class="gain">No access → Collaborator</span>' in page
    assert saved.status_code == 302


def unchanged(before: SiteFacts) -> bool:
    assert User.objects.exists()
    return site_facts() == before


# ── Connections ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def connection(db: None, metadata: bytes) -> Connection:
    """A connection through which two people of one domain and three of another sign in."""
    connection = create_connection("Entra", document=metadata, actor=ADMIN)
    for number in range(5):
        make_user(f"p{number}@{'kept' if number < 2 else 'gone'}.example")
    link()
    return connection


def settings_form(connection: Connection, domains: str) -> dict[str, str]:
    return {"name": connection.name, "metadata_url": connection.idp_metadata_url, "domains": domains, "pin": ""}


def linked() -> int:
    return SignInIdentity.objects.live().count()


def test_domains_that_leave_people_out_are_asked_about_and_not_saved_before(
    admin_client: Client, connection: Connection
) -> None:
    address = reverse("web:connection_settings", args=[connection.id])

    asked = admin_client.post(address, settings_form(connection, "kept.example"))

    assert asked.status_code == 422
    page = " ".join(text_of(asked).split())
    assert "Do you mean it?" in page
    assert "3 people could no longer sign in through Entra: " in page
    assert (linked(), domains_of(connection.id)) == (5, ())

    yes = {**settings_form(connection, "kept.example"), "confirmed": confirmation(asked)}
    assert admin_client.post(address, yes).status_code == 302
    assert (linked(), domains_of(connection.id)) == (2, ("kept.example",))


def test_domains_that_leave_nobody_out_are_saved_at_once(admin_client: Client, connection: Connection) -> None:
    address = reverse("web:connection_settings", args=[connection.id])

    assert admin_client.post(address, settings_form(connection, "kept.example, gone.example")).status_code == 302
    assert linked() == 5


def test_a_yes_to_other_domains_is_none_to_these(admin_client: Client, connection: Connection) -> None:
    address = reverse("web:connection_settings", args=[connection.id])
    yes = confirmation(admin_client.post(address, settings_form(connection, "kept.example")))

    assert (
        admin_client.post(address, {**settings_form(connection, "gone.example"), "confirmed": yes}).status_code == 422
    )
    assert linked() == 5


def test_deleting_a_connection_says_how_many_people_and_wants_its_name(
    admin_client: Client, connection: Connection
) -> None:
    page = " ".join(text_of(admin_client.get(reverse("web:authentication"))).split())
    assert "Do you mean it?</strong> 5 people could no longer sign in through it" in page

    admin_client.post(reverse("web:delete_connection", args=[connection.id]), {"confirm": "Entr"})
    assert linked() == 5
