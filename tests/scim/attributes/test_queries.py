"""Filters and order of declared attributes: each operator with each type, on the database that the tests use."""

import operator
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim.protocol.custom_attributes import Definition, schema_set
from scim.protocol.literals import index_text
from tests.scim.attributes.conftest import ACME, declared

PEOPLE: dict[str, dict[str, Any]] = {
    "a": {
        "stringOne": "Alpha", "exactOne": "Alpha", "booleanOne": True, "integerOne": -5, "decimalOne": -0.5,
        "dateTimeOne": "2026-01-05T10:00:00+01:00", "referenceOne": "https://x/Ada", "integerMany": [10, 2],
    },
    "b": {
        "stringOne": "beta", "exactOne": "alpha", "booleanOne": False, "integerOne": 40, "decimalOne": 2.25,
        "dateTimeOne": "2026-01-05T09:30:00Z", "referenceOne": "https://x/bo", "stringMany": ["x", "Y"],
    },
    "c": {"integerOne": 7, "decimalOne": 10, "dateTimeOne": "2025-12-31T23:59:59.5"},
    "d": {},
}  # fmt: skip
FOUND = [
    ('stringOne eq "ALPHA"', "a"),
    ('stringOne ne "ALPHA"', "bcd"),
    ('stringOne co "ET"', "b"),
    ('stringOne sw "al"', "a"),
    ('stringOne ew "A"', "ab"),
    ('stringOne gt "alpha"', "b"),
    ('stringOne le "BETA"', "ab"),
    ("stringOne pr", "ab"),
    ("not (stringOne pr)", "cd"),
    ("stringOne eq null", "cd"),
    ('exactOne eq "Alpha"', "a"),
    ('exactOne eq "ALPHA"', ""),
    ('exactOne sw "a"', "b"),
    ("booleanOne eq true", "a"),
    ('booleanOne eq "False"', "b"),
    ("booleanOne ne true", "bcd"),
    ("integerOne eq 7", "c"),
    ('integerOne eq "7"', "c"),
    ("integerOne eq 7.0", "c"),
    ("integerOne gt 7", "b"),
    ("integerOne ge 7", "bc"),
    ("integerOne lt 0", "a"),
    ("integerOne le 7", "ac"),
    ("integerOne lt 100", "abc"),
    ("integerOne ne 7", "abd"),
    ("integerOne gt 99999999999999999999999", ""),
    ("decimalOne gt 2.2", "bc"),
    ("decimalOne lt 2.250001", "ab"),
    ("decimalOne eq 10.0", "c"),
    ('dateTimeOne eq "2026-01-05T09:00:00Z"', "a"),
    ('dateTimeOne gt "2026-01-05T09:00:00Z"', "b"),
    ('dateTimeOne le "2026-01-05T10:00:00+01:00"', "ac"),
    ('dateTimeOne lt "2026-01-01T00:00:00Z"', "c"),
    ("dateTimeOne pr", "abc"),
    ('referenceOne eq "https://x/Ada"', "a"),
    ('referenceOne eq "https://x/ada"', ""),
    ('referenceOne co "/b"', "b"),
    ("integerMany eq 2", "a"),
    ("integerMany gt 9", "a"),
    ("integerMany pr", "a"),
    ('stringMany eq "y"', "b"),
    ('stringMany eq "z" or integerOne eq 7', "c"),
    ('userName sw "a" and integerOne lt 0', "a"),
]


@pytest.fixture
def people(scim: Any, every_type: Callable[[str], str]) -> dict[str, Any]:
    return {name: scim.user(f"{name}@x.com", **({ACME: values} if values else {})) for name, values in PEOPLE.items()}


def full(expression: str) -> str:
    """A filter with the URN before each declared name."""
    for name in sorted({name for values in PEOPLE.values() for name in values}, key=len, reverse=True):
        expression = expression.replace(name, f"{ACME}:{name}")
    return expression


def test_each_operator_finds_what_its_type_means(scim, people):
    """RFC 7644 §3.4.2.2, RFC 7643 §2.2: caseExact."""
    found = {text: "".join(name[0] for name in scim.found("/Users", full(text))) for text, _ in FOUND}

    assert found == dict(FOUND)


@pytest.mark.parametrize(
    "text",
    ["integerOne co 1", 'decimalOne sw "1"', 'dateTimeOne co "2026"', 'integerOne eq "x"', "integerOne gt true",
     'dateTimeOne gt "soon"', "dateTimeOne eq 5", "booleanOne gt true", 'integerOne eq "nan"',
     'stringOne[value eq "x"]', "nothingOne pr"],
)  # fmt: skip
def test_a_comparison_without_a_meaning_is_refused(scim, people, text):
    """RFC 7644 §3.4.2.2: 400 invalidFilter, naming the attribute."""
    answer = scim.find("/Users", full(text).replace("nothingOne", f"{ACME}:nothingOne"))

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")
    assert ACME in answer.json()["detail"]


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("stringOne", "abcd"),
        ("integerOne", "acbd"),
        ("decimalOne", "abcd"),
        ("dateTimeOne", "cabd"),
        ("booleanOne", "bacd"),
    ],
)
def test_lists_are_sorted_by_the_declared_type(scim, people, name, order):
    """RFC 7644 §3.4.2.3: by value, and without a value last; page by page with cursors, too (RFC 9865)."""
    address = f"/Users?sortBy={quote(f'{ACME}:{name}')}"

    def initials(answer: Any) -> str:
        assert answer.status_code == 200, answer.content
        return "".join(each["userName"][0] for each in answer.json()["Resources"])

    ties = set("cd") if name in ("stringOne", "booleanOne") else set()
    ascending, descending = initials(scim.get(address)), initials(scim.get(f"{address}&sortOrder=descending"))
    with_value = [each for each in order if each not in ties]
    assert [each for each in ascending if each not in ties] == with_value
    assert set(ascending[len(with_value) :]) == set(order) - set(with_value)
    assert [each for each in descending if each not in ties] == with_value[::-1]
    pages, cursor = "", ""
    for _ in PEOPLE:
        answer = scim.get(f"{address}&count=1&cursor={quote(cursor)}")
        pages, cursor = pages + initials(answer), answer.json().get("nextCursor", "")
    assert (pages, cursor) == (ascending, "")


def test_resources_are_found_by_the_schema_that_they_have_data_of(scim, people):
    assert [name[0] for name in scim.found("/Users", f'schemas eq "{ACME}"')] == ["a", "b", "c"]


def test_search_over_all_types_knows_declared_attributes(scim, people):
    """RFC 7644 §3.4.2.1, §3.4.3: a term on an attribute of users is false for groups."""
    scim.group("GK", people["a"]["id"])
    body = {"filter": f'{ACME}:integerOne lt 0 or displayName eq "GK"', "attributes": [f"{ACME}:integerOne"]}

    found = scim.post("/.search", body).json()["Resources"]

    assert [each.get(ACME) for each in found] == [{"integerOne": -5}, None]


def test_a_changed_value_is_found_by_the_new_one_alone(scim, people):
    scim.patch(f"/Users/{people['a']['id']}", {"op": "replace", "path": f"{ACME}:integerOne", "value": 41})

    assert scim.found("/Users", f"{ACME}:integerOne eq -5") == []
    assert scim.found("/Users", f"{ACME}:integerOne gt 40") == ["a@x.com"]


DECIMAL = schema_set([Definition(schema=ACME, name="n", type="decimal")]).user.find("n", ACME)
NUMBERS = st.floats(min_value=-(2.0**53), max_value=2.0**53) | st.integers(-(2**53), 2**53)


@given(NUMBERS, NUMBERS)
def test_the_text_of_a_number_sorts_as_the_number_does(one, other):
    assert DECIMAL is not None
    first, second = index_text(DECIMAL, one), index_text(DECIMAL, other)

    for compare in (operator.lt, operator.eq, operator.gt):
        assert compare(first, second) == compare(float(one), float(other))


@given(st.datetimes(timezones=st.timezones()), st.datetimes(timezones=st.timezones()))
def test_the_text_of_a_time_sorts_as_the_moment_does(one, other):
    instant = schema_set([Definition(schema=ACME, name="t", type="dateTime")]).user.find("t", ACME)
    assert instant is not None
    try:
        first, second = index_text(instant, one.isoformat()), index_text(instant, other.isoformat())
        moments = [datetime.fromisoformat(each.isoformat()).timestamp() for each in (one, other)]
    except (OverflowError, ValueError):
        return
    if first[:1].isdigit() and abs(moments[0] - moments[1]) > 1e-3:
        assert (first < second) == (moments[0] < moments[1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.lists(st.integers(-50, 50), min_size=1, max_size=4),
    st.sampled_from(["eq", "gt", "ge", "lt", "le"]),
    st.integers(-50, 50),
)
def test_a_comparison_holds_where_it_holds_for_one_of_the_values(scim, oracle_attribute, values, name, wanted):
    """RFC 7644 §3.4.2.2: a multi-valued attribute matches if any value does."""
    user = scim.user("o@x.com", **{oracle_attribute: values})
    try:
        found = scim.found("/Users", f"{oracle_attribute} {name} {wanted}")
    finally:
        scim.delete(f"/Users/{user['id']}")

    assert bool(found) == any(getattr(operator, name)(each, wanted) for each in values)


@pytest.fixture
def oracle_attribute(db: None) -> str:
    declared("many", "integer", multi_valued=True)
    return f"{ACME}:many"
