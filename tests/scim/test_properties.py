"""Properties that hold for whatever comes: filters against another implementation, members, round trips."""

import json
import string
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, ScimFilter, User

from gatekeeper.errors import UnknownMembers
from scim.patch.parser import read_patch, read_resource
from scim.protocol.errors import InvalidFilter, ScimError
from scim.protocol.schemas import ENTERPRISE_USER, GROUP, USER
from scim.query.filters import compile_filter

ENT = ENTERPRISE_USER
Model = User[EnterpriseUser]
MANY = max(settings.default.max_examples // 4, 10)  # of the slow ones, which go through the database
slow = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=MANY)

words = st.sampled_from(["a", "A", "ab", "aB", "b", "%", "_", "a_b", "ö", "Ö", "1", "10", "9"])
domains = st.sampled_from(["a@x.com", "A@x.com", "b@x.com", "ab@y.org", "b@Y.org"])


def optional(**fields: Any) -> Any:
    return st.fixed_dictionaries({}, optional=fields)


profiles = optional(
    displayName=words,
    title=words,
    nickName=words,
    name=optional(givenName=words, familyName=words).filter(bool),
    emails=st.lists(
        st.fixed_dictionaries(
            {"value": domains}, optional={"type": st.sampled_from(["work", "home"]), "display": words}
        ),
        min_size=1,
        max_size=3,
    ),
    **{ENT: optional(department=words, division=words).filter(bool)},
)

texts = {
    "title": words,
    "nickName": words,
    "displayName": words,
    "name.givenName": words,
    "name.familyName": words,
    "emails.value": domains,
    "emails.type": st.sampled_from(["work", "HOME", "other"]),
    "emails": domains,
    f"{ENT}:department": words,
}
operators = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "EQ", "Co"])


def comparison(names: dict[str, Any]) -> Any:
    return st.sampled_from(sorted(names)).flatmap(
        lambda name: st.one_of(
            st.builds(lambda op, value: f"{name} {op} {json.dumps(value)}", operators, names[name]),
            st.just(f"{name} pr"),
        )
    )


def combined(terms: Any) -> Any:
    return st.recursive(
        terms,
        lambda inner: st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("{} or {}".format, inner, inner).map("({})".format),
            st.builds("not ({})".format, inner),
        ),
        max_leaves=5,
    )


inside = combined(comparison({"value": domains, "type": st.sampled_from(["work", "home"]), "display": words}))
filters = combined(st.one_of(comparison(texts), inside.map("emails[{}]".format)))


@slow
@given(people=st.lists(profiles, min_size=1, max_size=4), expressions=st.lists(filters, min_size=3, max_size=6))
def test_a_filter_finds_the_same_people_as_an_independent_implementation(scim, people, expressions):
    """RFC 7644 §3.4.2.2."""
    mark = uuid4().hex
    documents = [scim.user(f"{number}-{mark}", **profile) for number, profile in enumerate(people)]
    models = {document["userName"]: Model.model_validate(document) for document in documents}
    for expression in expressions:
        expected = sorted(name for name, model in models.items() if ScimFilter[Model](expression).match(model))
        assert scim.found("/Users", f'userName ew "{mark}" and ({expression})') == expected, expression


alphabet = st.sampled_from(
    [
        "userName",
        "emails",
        "title",
        ENT,
        ":",
        ".",
        "value",
        "type",
        "[",
        "]",
        "(",
        ")",
        " ",
        " eq ",
        " and ",
        " or ",
        "not ",
        " pr",
        ' "x" ',
        '"',
        "\\",
        "true",
        "null",
        "1",
        "-",
        "é",
        "\x00",
        "$ref",
        "groups",
        "members",
        "meta",
        "id",
    ]
)


@pytest.mark.django_db
@settings(max_examples=2 * settings.default.max_examples)
@given(st.one_of(st.lists(alphabet, max_size=14).map("".join), st.text(max_size=60), filters))
def test_any_text_is_either_a_filter_or_refused(text):
    """RFC 7644 §3.4.2.2."""
    for resource_type in (USER, GROUP):
        try:
            condition = compile_filter(resource_type, text)
        except InvalidFilter:
            continue
        assert condition, f"{text!r} became a condition that filters nothing"


UUIDS = [str(UUID(int=number, version=4)) for number in range(1, 6)]
some = st.lists(st.sampled_from(UUIDS), max_size=4)
steps = st.lists(st.tuples(st.sampled_from(["add", "remove", "replace", "clear", "one"]), some), max_size=8)


def member_operation(kind: str, ids: list[str]) -> list[dict[str, Any]]:
    listed = [{"value": each} for each in ids]
    if kind == "one":
        return [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in ids]
    if kind == "clear":
        return [{"op": "remove", "path": "members"}]
    return [{"op": kind, "path": "members", "value": listed}]


@given(current=st.sets(st.sampled_from(UUIDS)), steps=steps)
def test_operations_on_members_come_to_what_they_come_to_one_by_one(current, steps):
    """RFC 7644 §3.5.2."""
    operations = [operation for kind, ids in steps for operation in member_operation(kind, ids)]
    expected = set(current)
    for kind, ids in steps:
        match kind:
            case "add":
                expected |= set(ids)
            case "replace":
                expected = set(ids)
            case "clear":
                expected = set()
            case _:
                expected -= set(ids)

    change = read_patch(GROUP, {"Operations": operations}).members

    assert {str(each) for each in change.applied_to([UUID(each) for each in current])} == expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | domains,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "type", "primary", "op", "name"]), inner)
    ),
    max_leaves=6,
)
paths = st.sampled_from(
    [
        "title",
        "name",
        "name.givenName",
        "emails",
        'emails[type eq "work"]',
        'emails[type eq "work"].value',
        'emails[type eq "home"].value',
        'emails[value eq "b@x.com" and primary eq true]',
        "emails.value",
        "emails.type",
        "emails.primary",
        "active",
        "userName",
        ENT,
        f"{ENT}:manager",
        f"{ENT}:manager.value",
        "groups",
        "members",
        'members[value eq "x"]',
        None,
        "",
    ]
)
operations = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "replace", "remove", "Add"])}, optional={"path": paths, "value": anything}
    ),
    max_size=4,
)


@settings(max_examples=2 * settings.default.max_examples)
@given(profile=profiles, operations=operations, resource_type=st.sampled_from([USER, GROUP]))
def test_any_patch_is_either_applied_or_refused(profile, operations, resource_type):
    """RFC 7644 §3.5.2."""
    before = json.dumps(profile)
    with suppress(ScimError, UnknownMembers):
        edited = read_patch(resource_type, {"Operations": operations}).edited(profile)
        assert None not in edited.values()
        assert json.loads(json.dumps(edited)) == edited
        emails = edited.get("emails", [])
        assert len([each for each in emails if each.get("primary")]) <= 1
        if emails != profile.get("emails"):
            same = [(each.get("value", "").lower(), each.get("type", "").lower()) for each in emails if "value" in each]
            assert len(same) == len(set(same))
    assert json.dumps(profile) == before


printable = st.text(string.printable.strip() + " äß漢\U0001f600'\"\\", min_size=1, max_size=20).filter(str.strip)


def values_of(attribute: Any) -> Any:
    if attribute.is_complex:
        subs = {sub.name: values_of(sub) for sub in attribute.subs.values() if not sub.read_only}
        one = optional(**subs).filter(bool)
    elif attribute.type == "boolean":
        one = st.booleans()
    else:
        one = printable
    return st.lists(one, min_size=1, max_size=2) if attribute.multi_valued else one


def whole_profiles() -> Any:
    core: dict[str, Any] = {}
    for extension, attribute in USER.each_attribute():
        if attribute.read_only or attribute.name in ("userName", "manager"):
            continue
        if extension is None:
            core[attribute.name] = values_of(attribute)
    extension = {
        each.name: values_of(each) for each in USER.extensions[0].attributes.values() if each.name != "manager"
    }
    return optional(**core, **{ENT: optional(**extension).filter(bool)})


def with_one_primary(profile: dict[str, Any]) -> dict[str, Any]:
    """At most one element is primary, and no two are the same: the rest is kept as it is sent."""
    for name, value in profile.items():
        if isinstance(value, list):
            kept = [{key: each for key, each in element.items() if key != "primary"} for element in value]
            profile[name] = [each for at, each in enumerate(kept) if each and each not in kept[:at]][:1]
    return {name: value for name, value in profile.items() if value != []}


@slow
@given(profile=whole_profiles().map(with_one_primary))
def test_whatever_the_schema_allows_comes_back_as_it_was_sent(scim, profile):
    """RFC 7643 §2.3, RFC 7644 §3.3."""
    user = scim.user(f"round-{uuid4()}", **{"active": True, **profile})
    read = scim.get(f"/Users/{user['id']}").json()

    assert {name: read.get(name) for name in profile} == profile
    again = scim.put(f"/Users/{user['id']}", read)
    assert again.json() == read
    assert read_resource(USER, read).edited({})["userName"] == user["userName"]
