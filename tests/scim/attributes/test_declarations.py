"""Which attributes may be declared, and what follows at once: discovery, the audit trail, every process's schemas."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from scim2_models import Resource, ResourceType, Schema

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import User
from gatekeeper.errors import DomainError, InvalidValue
from scim.attributes.declarations import BeingRemoved, HasValues, NotDeclared, declare, describe, remove
from scim.attributes.registry import live_definitions, registry
from scim.attributes.removal import KEPT, delete_removed_values
from scim.models import AttributeValue, CustomAttribute
from scim.protocol.custom_attributes import Definition, checked
from scim.protocol.limits import MAX_CUSTOM_ATTRIBUTES, MAX_CUSTOM_PATH
from scim.protocol.schemas import CORE_USER, ENTERPRISE_USER
from scim.query.search_index import entries, insert
from tests.builders import ADMIN
from tests.scim.attributes.conftest import ACME, declared

REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("schema", {"schema": ""}),
    ("schema", {"schema": "acme"}),
    ("schema", {"schema": "urn:acme"}),
    ("schema", {"schema": "http://acme/2.0/User"}),
    ("schema", {"schema": "URN:acme:user"}),
    ("schema", {"schema": "urn:acme:us er"}),
    ("schema", {"schema": 'urn:acme:"x"'}),
    ("schema", {"schema": "urn:acme:x\n"[:10] + "\ny"}),
    ("schema", {"schema": "urn:acme::x"}),
    ("schema", {"schema": "urn:acme:x:"}),
    ("schema", {"schema": "urn:äcme:x"}),
    ("schema", {"schema": CORE_USER}),
    ("schema", {"schema": CORE_USER.upper().replace("URN", "urn")}),
    ("schema", {"schema": "urn:ietf:params:scim:schemas:core:2.0:Device"}),
    ("schema", {"schema": ENTERPRISE_USER}),
    ("schema", {"schema": f"{ENTERPRISE_USER}:more"}),
    ("schema", {"schema": "urn:ietf:params:scim:api:messages:2.0:PatchOp"}),
    ("name", {"name": ""}),
    ("name", {"name": "1st"}),
    ("name", {"name": "$ref"}),
    ("name", {"name": "cost center"}),
    ("name", {"name": "cost.center"}),
    ("name", {"name": "cost:center"}),
    ("name", {"name": "näme"}),
    ("name", {"name": "a[b]"}),
    ("name", {"name": "x\x00"}),
    ("name", {"name": "id"}),
    ("name", {"name": "Schemas"}),
    ("name", {"name": "META"}),
    ("name", {"name": "externalId"}),
    ("name", {"name": "not"}),
    ("name", {"name": "x" * MAX_CUSTOM_PATH}),
    ("schema", {"schema": "urn:acme:" + "x" * 100_000}),
    ("type", {"type": "complex"}),
    ("type", {"type": "String"}),
    ("type", {"type": ""}),
    ("description", {"description": "x" * 501}),
    ("description", {"description": "two\nlines"}),
    ("description", {"description": "\x1b[31mred"}),
]


@pytest.mark.parametrize(("field", "given"), REFUSED, ids=[f"{field}-{n}" for n, (field, _) in enumerate(REFUSED)])
def test_what_cannot_be_declared_is_refused_by_the_field(db, field, given):
    """RFC 7643 §2.1 (names), RFC 8141 §2 (URNs)."""
    with pytest.raises(InvalidValue) as refused:
        declare(Definition(**{"schema": ACME, "name": "badge", **given}), actor=ADMIN)

    assert refused.value.attribute == field
    assert len(str(refused.value)) < 300
    assert live_definitions() == []


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (ACME, "badge"),
        (ACME, "BADGE"),
        (ACME.replace("acme", "ACME"), "other"),
        (f"{ACME}:badge", "x"),
        (f"{ACME}:deeper", "x"),
        (ACME.rpartition(":")[0], "x"),
    ],
)
def test_one_name_and_one_spelling_of_a_urn_are_declared_once(db, schema, name):
    """Duplicates in another case, and URNs of which one begins with the other, would make a path mean two things."""
    declared("badge")

    with pytest.raises(InvalidValue):
        declared(name, schema=schema)

    assert [each.path for each in live_definitions()] == [f"{ACME}:badge"]


def test_a_site_has_at_most_a_hundred(db):
    for number in range(MAX_CUSTOM_ATTRIBUTES):
        declared(f"n{number}")

    with pytest.raises(InvalidValue, match="at most 100"):
        declared("more")


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=20), st.text(max_size=600))
def test_any_text_is_taken_or_refused_and_what_is_taken_stays_as_it_is(schema, name, kind, description):
    try:
        definition = checked(Definition(schema=schema, name=name, type=kind, description=description))
    except DomainError:
        return
    assert checked(definition) == definition


def test_case_sensitivity_is_what_the_type_has(db):
    """RFC 7643 §2.3.7: references are case exact; of other types than texts there is nothing to ignore."""
    stored = {
        kind: checked(Definition(schema=ACME, name="x", type=kind, case_exact=exact)).case_exact
        for kind in ("string", "reference", "integer", "boolean", "dateTime")
        for exact in (True, False)[: 2 if kind == "reference" else 1]
    }

    assert stored == {"string": True, "reference": True, "integer": False, "boolean": False, "dateTime": False}


def test_declaring_describing_and_removing_are_in_the_audit_trail(db):
    attribute = declared("badge", "integer", description="On the card")
    describe(attribute.path.upper().replace("URN", "urn"), "On the new card", actor=ADMIN)
    describe(attribute.path, "On the new card", actor=ADMIN)
    remove(attribute.path, actor=ADMIN, confirmed=False)

    entries = AuditEntry.objects.filter(object_kind="custom_attribute").order_by("pk")
    assert [(each.event, each.object_label) for each in entries] == [
        ("custom_attribute.declared", attribute.path),
        ("custom_attribute.described", attribute.path),
        ("custom_attribute.removed", attribute.path),
    ]
    first, second, third = entries
    assert (first.after["type"], first.after["description"]) == ("integer", "On the card")
    assert (second.before["description"], second.after["description"]) == ("On the card", "On the new card")
    assert (third.before["users"], third.after) == (0, None)


def test_what_is_declared_is_discovered(scim):
    """RFC 7643 §6, §7: valid documents, as scim2-models reads them; a resource names the schemas of its data."""
    for kind in ("string", "boolean", "integer", "decimal", "dateTime", "reference"):
        declared(f"{kind}Many", kind, multi_valued=True, case_exact=True, description=f"What {kind} is")
    declared("one", schema="urn:other:x")

    document = scim.get(f"/Schemas/{ACME}").json()
    schema = Schema.model_validate(document)
    assert schema.name == "acme"
    assert [(each.name, str(each.type), each.multi_valued) for each in schema.attributes or ()][1] == (
        "booleanMany",
        "boolean",
        True,
    )
    assert {each["name"] for each in document["attributes"] if each["caseExact"]} == {"stringMany", "referenceMany"}
    assert document["attributes"][0]["description"] == "What string is"
    assert [each["id"] for each in scim.get("/Schemas").json()["Resources"]].count("urn:other:x") == 1
    user_type = ResourceType.model_validate(scim.get("/ResourceTypes/User").json())
    assert [(each.schema_, each.required) for each in user_type.schema_extensions or ()] == [
        (ENTERPRISE_USER, False),
        (ACME, False),
        ("urn:other:x", False),
    ]
    made = scim.user("a@x.com", **{ACME: {"integerMany": [1]}})
    assert made["schemas"] == [CORE_USER, ACME]
    model = Resource.from_schema(Schema.model_validate(document))
    assert model.model_validate({"schemas": [ACME], "integerMany": [1], "dateTimeMany": ["2026-01-05T09:00:00Z"]})


def test_a_removed_attribute_is_unknown_at_once_and_its_values_go_afterwards(scim):
    """Refused while there are values, unless confirmed. The version of a resource changes with it (RFC 7644 §3.14)."""
    attribute, other = declared("badge", "integer"), declared("seat")
    both, one, neither = (
        scim.user("a@x.com", **{ACME: {"badge": 1, "seat": "D"}}),
        scim.user("b@x.com", **{ACME: {"badge": 2}}),
        scim.user("c@x.com", **{ACME: {"seat": "E"}}),
    )
    with pytest.raises(HasValues, match=r"badge would be deleted \(users: 2\)"):
        remove(attribute.path, actor=ADMIN, confirmed=False)

    assert remove(attribute.path, actor=ADMIN, confirmed=True) == 2

    def extension(user: dict[str, Any]) -> Any:
        return scim.get(f"/Users/{user['id']}").json().get(ACME)

    assert [extension(each) for each in (both, one, neither)] == [{"seat": "D"}, None, {"seat": "E"}]
    assert ACME not in scim.get(f"/Users/{one['id']}").json()["schemas"]
    assert scim.find("/Users", f"{attribute.path} pr").json()["scimType"] == "invalidFilter"
    assert [each["name"] for each in scim.get(f"/Schemas/{ACME}").json()["attributes"]] == ["seat"]
    with pytest.raises(BeingRemoved):
        declared("BADGE")

    assert delete_removed_values() == 2
    assert delete_removed_values() == 0

    assert [extension(each) for each in (both, one, neither)] == [{"seat": "D"}, None, {"seat": "E"}]
    versions = [scim.get(f"/Users/{each['id']}").json()["meta"]["version"] for each in (both, one, neither)]
    assert versions == ['W/"2"', 'W/"2"', 'W/"1"']
    declared("Badge")
    assert [extension(each) for each in (both, one, neither)] == [{"seat": "D"}, None, {"seat": "E"}]
    assert scim.found("/Users", f"{other.path} pr") == ["a@x.com", "c@x.com"]
    with pytest.raises(NotDeclared):
        remove(f"{ACME}:nothing", actor=ADMIN, confirmed=True)


def test_a_value_that_a_late_request_stores_is_deleted_within_the_hour(scim):
    """A request that began before the removal may commit after the values were deleted."""
    attribute = declared("badge", "integer")
    before = registry.current().user
    user = User.objects.get(pk=scim.user("a@x.com")["id"])
    remove(attribute.path, actor=ADMIN, confirmed=False)
    delete_removed_values()
    user.attributes = {ACME: {"badge": 7}}
    user.save(update_fields=["attributes"])
    insert({user.id: list(entries(user.attributes, before))})
    with pytest.raises(BeingRemoved):
        declared("badge", "boolean")

    assert delete_removed_values() == 1

    user.refresh_from_db()
    assert user.attributes == {}
    assert CustomAttribute.objects.filter(pk=attribute.pk).exists()
    CustomAttribute.objects.update(removed_at=timezone.now() - KEPT - timedelta(minutes=1))
    delete_removed_values()
    assert not CustomAttribute.objects.exists()
    assert not AttributeValue.objects.filter(path=attribute.path).exists()


def test_a_request_costs_a_query_more_only_after_a_change(scim, ada):
    """The credential's own statement says which version is declared; the next request after a change reads it."""
    address = f"/Users/{ada['id']}"

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert scim.get(address).status_code == 200
        return len(captured)

    before = queries()
    declared("badge")
    after_the_change, later = queries(), queries()

    assert (before, later) == (1, 1)
    assert after_the_change > 1
    assert f"{ACME}:badge" in {each.path for each in live_definitions()}
    assert registry.known_schemas().user.find("badge", ACME) is not None
