"""What the identity provider states is called as people call it; the manager is a link."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from gatekeeper.directory.models import User
from gatekeeper.web.people.attributes import Part, flatten
from scim.protocol.schemas import ENTERPRISE_USER
from tests.builders import make_user
from tests.web.pages import queries_of, text_of

ATTRIBUTES = {
    "name": {"givenName": "Ada", "familyName": "Obi"},
    "title": "Engineer",
    "emails": [{"type": "work", "value": "ada@example.com", "primary": True}],
    "phoneNumbers": [{"type": "Work", "value": "1"}, {"type": "satellite", "value": "2"}],
    "addresses": [{"type": "work", "locality": "Berlin", "primary": True}],
    ENTERPRISE_USER: {"department": "Legal", "employeeNumber": "7"},
}


def facts_of(browser: Client, address: str) -> list[tuple[str, str]]:
    """The card as it reads: names and values."""
    card = text_of(browser.get(address)).split('id="attributes-heading"')[1].split("</section>")[0]
    rows = re.findall(r'<dt[^>]*>(.*?)</dt>\s*<dd lang="">(.*?)</dd>', card, re.DOTALL)
    return [(name, " ".join(re.sub(r"</?bdi>", "", value).split())) for name, value in rows]


def managed_by(manager: object, **more: str) -> User:
    return make_user("ada@example.com", attributes={ENTERPRISE_USER: {"manager": {"value": str(manager), **more}}})


def page_of(user: User) -> str:
    return reverse("web:person", args=(user.pk,))


def test_attributes_are_flattened_without_empty_ones() -> None:
    value = {"department": "Legal", "manager": {"value": "7"}, "empty": []}

    assert flatten(ENTERPRISE_USER, value) == [Part("department", "Legal"), Part("manager.value", "7")]


def test_attributes_have_names_that_people_use_and_stand_once(admin_client: Client) -> None:
    user = make_user("ada@example.com", work_email="ada@example.com", display_name="Ada Obi", attributes=ATTRIBUTES)

    assert facts_of(admin_client, page_of(user)) == [
        ("User name", "ada@example.com"),
        ("Display name", "Ada Obi"),
        ("Work e-mail", "ada@example.com"),
        ("Given name", "Ada"),
        ("Family name", "Obi"),
        ("Job title", "Engineer"),
        ("Department", "Legal"),
        ("Employee number", "7"),
        ("Work phone", "1"),
        ("Phone (satellite)", "2"),
        ("City (work)", "Berlin"),
    ]


def test_a_custom_attribute_keeps_the_name_that_it_was_declared_by() -> None:
    [core, custom] = [*flatten("title", "Engineer"), *flatten("urn:acme:2.0:User", {"title": "Dr"})]

    assert (core.label, custom.label) == ("Job title", "title")
    assert custom.path == "urn:acme:2.0:User:title"


def test_the_manager_is_a_link_by_name(admin_client: Client) -> None:
    manager = make_user("mia@example.com", display_name="Mia")
    user = managed_by(manager.pk, displayName="Mia of yesterday", **{"$ref": "https://elsewhere.example/"})

    assert ("Manager", f'<a href="/users/{manager.pk}/">Mia</a>') in facts_of(admin_client, page_of(user))
    assert "Mia of yesterday" not in str(facts_of(admin_client, page_of(user)))
    assert "elsewhere" not in str(facts_of(admin_client, page_of(user)))


@pytest.mark.parametrize("value", ["somebody", "00000000-0000-4000-8000-000000000000"])
def test_a_manager_who_is_not_known_is_shown_as_stated(admin_client: Client, value: str) -> None:
    facts = facts_of(admin_client, page_of(managed_by(value, displayName="Mia")))

    assert ("Manager", value) in facts
    assert ("Name of the manager", "Mia") in facts


def test_who_may_not_see_people_gets_no_link_to_one(person_with: Callable[..., Client]) -> None:
    browser, manager = person_with(), make_user("mia@example.com", display_name="Mia")
    stated = {ENTERPRISE_USER: {"manager": {"value": str(manager.pk)}}}
    User.objects.filter(user_name="person@example.com").update(attributes=stated)

    facts = facts_of(browser, "/profile/")

    assert ("Manager", str(manager.pk)) in facts


def test_a_manager_costs_no_more_than_an_attribute_of_an_administrator(admin_client: Client) -> None:
    manager = make_user("mia@example.com")
    managed = managed_by(manager.pk)
    custom = make_user("bo@example.com", attributes={"urn:acme:2.0:User": {"badge": 7}})

    assert queries_of(admin_client, page_of(managed)) == queries_of(admin_client, page_of(custom))
