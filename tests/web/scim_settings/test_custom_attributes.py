"""The page of custom attributes: declare, list, remove; and the person's page, which names them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import User
from scim.attributes.declarations import remove
from scim.attributes.registry import live_definitions
from scim.attributes.removal import delete_removed_values
from scim.models import AttributeValue, CustomAttribute
from tests.builders import ADMIN
from tests.scim.attributes.conftest import ACME, declared
from tests.scim.conftest import ScimClient, api_key, scim  # noqa: F401  # fixtures

FORM = {"schema": ACME, "name": "costCenter", "type": "string", "description": "Where the costs go"}


@pytest.fixture
def page(admin_client: Client) -> str:
    return reverse("web:custom_attributes")


def test_an_attribute_is_declared_and_listed(admin_client: Client, page: str) -> None:
    answer = admin_client.post(page, {**FORM, "case_exact": "on"}, follow=True)

    assert answer.redirect_chain == [(page, 302)]
    text = answer.content.decode()
    assert "costCenter is declared" in text
    assert f"{ACME}:costCenter" in text
    assert "Where the costs go" in text
    (definition,) = live_definitions()
    assert (definition.type, definition.case_exact, definition.multi_valued) == ("string", True, False)
    assert AuditEntry.objects.get(event="custom_attribute.declared").actor_kind == "person"
    assert admin_client.get(reverse("web:scim")).content.decode().count(f'href="{page}"') == 1


@pytest.mark.parametrize(
    ("given", "field", "text"),
    [
        ({"schema": "acme"}, "schema", "is no URN"),
        ({"name": "cost center"}, "name", "a letter, then letters"),
        ({"name": "BADGE"}, "name", "is declared already"),
        ({"type": "complex"}, "type", "not one of the available choices"),
        ({"name": ""}, "name", "required"),
        ({"name": "<script>x</script>"}, "name", "&lt;script&gt;"),
    ],
)
def test_what_cannot_be_declared_is_said_at_its_field(
    admin_client: Client, page: str, given: dict[str, str], field: str, text: str
) -> None:
    declared("badge")

    answer = admin_client.post(page, {**FORM, **given})

    assert answer.status_code == 422
    html = answer.content.decode()
    assert text in html
    assert f'id="id_{field}_error"' in html
    assert "<script>x" not in html
    assert len(live_definitions()) == 1


def test_an_attribute_without_values_is_removed_at_once(admin_client: Client, page: str) -> None:
    address = reverse("web:remove_custom_attribute", args=[declared("badge").pk])

    assert "Nobody has a value." in admin_client.get(address).content.decode()
    answer = admin_client.post(address, follow=True)

    assert "badge is removed." in answer.content.decode()
    assert live_definitions() == []
    assert admin_client.get(address).status_code == 404


def test_a_removal_that_deletes_values_is_asked_with_the_number_of_people(
    admin_client: Client,
    page: str,
    scim: ScimClient,  # noqa: F811
) -> None:
    attribute = declared("badge")
    address = reverse("web:remove_custom_attribute", args=[attribute.pk])
    scim.user("a@x.com", **{ACME: {"badge": "1"}})

    assert "1 person has a value" in admin_client.get(address).content.decode()
    asked = admin_client.post(address)
    assert (asked.status_code, "Do you mean it?" in asked.content.decode()) == (422, True)
    scim.user("b@x.com", **{ACME: {"badge": "2"}})
    again = admin_client.post(address, {"confirmed": "1"})  # what was shown is not what would be deleted
    assert "2 people have a value" in again.content.decode()
    assert len(live_definitions()) == 1

    done = admin_client.post(address, {"confirmed": "2"}, follow=True)

    assert "The values of 2 people are not answered any more" in done.content.decode()
    assert live_definitions() == []
    delete_removed_values()
    assert not AttributeValue.objects.filter(path=attribute.path).exists()
    assert CustomAttribute.objects.get().removed_at is not None


def test_a_person_s_page_names_what_is_declared(admin_client: Client, scim: ScimClient) -> None:  # noqa: F811
    attribute = declared("isContractor", "boolean")
    declared("badges", "integer", multi_valued=True)
    user = scim.user("a@x.com", **{ACME: {"isContractor": False, "badges": [7, 9]}})
    address = reverse("web:person", args=[user["id"]])

    def shown() -> Any:
        facts = {line.part.label: line.part.value for line in admin_client.get(address).context["attributes"]}
        return {name: facts[name] for name in ("isContractor", "badges") if name in facts}

    assert shown() == {"isContractor": False, "badges": [7, 9]}
    remove(attribute.path, actor=ADMIN, confirmed=True)
    assert "isContractor" in str(User.objects.get(pk=user["id"]).attributes)
    assert shown() == {"badges": [7, 9]}
