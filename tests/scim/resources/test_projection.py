"""``attributes`` and ``excludedAttributes`` with selections, repeated, and in every method; parameters that repeat."""

import json
from urllib.parse import quote

import pytest

from scim.protocol.schemas import ENTERPRISE_USER as ENT

WORK = {"type": "work", "value": "w@x.com", "primary": True}
HOME = {"type": "home", "value": "h@x.com"}
HOME_VALUE = quote('emails[type eq "home"].value')
BARE = {"value": "o@x.com"}
EMAILS = [WORK, HOME, BARE]


def without(element, *names):
    return {name: value for name, value in element.items() if name not in names}


# The parameters, and what is left of the e-mail addresses (None: no such attribute).
SELECTIONS = [
    ("excludedAttributes", ['emails[type eq "home"].value'], [WORK, {"type": "home"}, BARE]),
    ("excludedAttributes", ['emails[type eq "home"]'], [WORK, BARE]),
    ("excludedAttributes", ['EMAILS[Type EQ "HOME"].Value'], [WORK, {"type": "home"}, BARE]),
    ("excludedAttributes", ["emails[not (type pr)].value"], [WORK, HOME]),
    ("excludedAttributes", ["emails[value pr]"], None),
    ("excludedAttributes", ['emails[type eq "fax"]'], EMAILS),
    ("excludedAttributes", ['emails[value eq "a,b"].value', "emails.type"], [without(each, "type") for each in EMAILS]),
    (
        "excludedAttributes",
        ['emails[type eq "home"].value', "emails[primary eq true].type"],
        [without(WORK, "type"), {"type": "home"}, BARE],
    ),
    ("excludedAttributes", ['emails[type eq "home"]', "emails"], None),
    ("excludedAttributes", ["emails.value"], [without(WORK, "value"), {"type": "home"}]),
    ("attributes", ['emails[type eq "home"]'], [HOME]),
    ("attributes", ['emails[type eq "home"].value'], [{"value": "h@x.com"}]),
    ("attributes", ['emails[type eq "home"]', "emails.value"], [{"value": "w@x.com"}, HOME, BARE]),
    ("attributes", ['emails[type eq "home" or primary eq true].type'], [{"type": "work"}, {"type": "home"}]),
    ("attributes", ['emails[type eq "fax"]'], None),
    ("attributes", ['emails[type eq "fax"]', "emails"], EMAILS),
    ("attributes", ["emails.type"], [{"type": "work"}, {"type": "home"}]),
    (
        "attributes",
        ["urn:ietf:params:scim:schemas:core:2.0:User:emails[primary eq true].value"],
        [{"value": "w@x.com"}],
    ),
]


def ways(parameter, names):
    """One name after the other in each way that a query string has."""
    yield "&".join(f"{parameter}={quote(name)}" for name in names)
    yield f"{parameter}={quote(','.join(names))}"
    yield "&".join(
        f"{spelt}={quote(name)}" for spelt, name in zip((parameter, parameter.upper()) * 9, names, strict=False)
    )


@pytest.mark.parametrize(("parameter", "names", "left"), SELECTIONS)
def test_a_selection_is_honoured_by_every_method(scim, parameter, names, left):
    """RFC 7644 §3.9, §3.10."""
    user = scim.user("ada@x.com", emails=EMAILS)
    address = f"/Users/{user['id']}"
    documents = []
    for query in ways(parameter, names):
        documents += [
            scim.get(f"{address}?{query}").json(),
            scim.get(f"/Users?{query}").json()["Resources"][0],
            scim.put(f"{address}?{query}", {"userName": "ada@x.com", "emails": EMAILS}).json(),
            scim.patch(f"{address}?{query}", {"op": "add", "path": "title", "value": "x"}).json(),
        ]
    query = next(ways(parameter, names))
    documents.append(scim.post("/Users/.search", {parameter: names}).json()["Resources"][0])
    documents.append(scim.post(f"/Users?{query}", {"userName": "b@x.com", "emails": EMAILS}).json())

    assert [document.get("emails") for document in documents] == [left] * len(documents)
    assert scim.get(address).json()["emails"] == EMAILS


def test_members_are_selected_as_well(scim):
    """RFC 7644 §3.4.2.5."""
    ada, bo = scim.user("ada@x.com")["id"], scim.user("bo@x.com")["id"]
    group = scim.group("G", ada, bo)["id"]
    query = quote(f'members[value eq "{ada}"]')

    assert [each["value"] for each in scim.get(f"/Groups/{group}?attributes={query}").json()["members"]] == [ada]
    assert [each["value"] for each in scim.get(f"/Groups/{group}?excludedAttributes={query}").json()["members"]] == [bo]


def test_leaving_out_a_part_of_an_extension_leaves_the_record_alone(scim):
    """RFC 7644 §3.4.2.5."""
    user = scim.user("ada@x.com", **{ENT: {"department": "L", "division": "D"}})
    asked = f"/Users/{user['id']}?excludedAttributes={ENT}:division"

    answer = scim.patch(asked, {"op": "add", "path": "title", "value": "x"})

    assert answer.json()[ENT] == {"department": "L"}
    assert scim.get(f"/Users/{user['id']}").json()[ENT] == {"department": "L", "division": "D"}


@pytest.mark.parametrize("parameter", ["attributes", "excludedAttributes"])
@pytest.mark.parametrize(
    "name",
    [
        'emails[shoe eq "x"]',
        "emails[type eq",
        "emails[",
        'emails[type zz "x"].value',
        'userName[value eq "x"]',
    ],
)
def test_a_selection_that_is_not_understood_is_refused_before_anything_happens(scim, parameter, name):
    """RFC 7644 §3.12: invalidFilter."""
    query = f"{parameter}={quote(name)}"
    answers = [
        scim.get(f"/Users?{query}"),
        scim.post("/Users/.search", {parameter: [name]}),
        scim.post(f"/Users?{query}", {"userName": "never@x.com"}),
    ]

    assert [(answer.status_code, answer.json()["scimType"]) for answer in answers] == [(400, "invalidFilter")] * 3
    assert scim.found("/Users", "userName pr") == []


def test_at_the_root_a_selection_on_another_types_attribute_is_left_out(scim):
    """RFC 7644 §3.4.2.1."""
    scim.group("G", scim.user("ada@x.com", emails=EMAILS)["id"])
    found = scim.get(f"?attributes={HOME_VALUE}").json()["Resources"]

    assert [each.get("emails") for each in found] == [[{"value": "h@x.com"}], None]


SINGLE = {
    "filter": ("userName pr", "invalidFilter"),
    "sortBy": ("userName", "invalidValue"),
    "sortOrder": ("ascending", "invalidValue"),
    "startIndex": ("1", "invalidValue"),
    "count": ("1", "invalidValue"),
    "cursor": ("", "invalidCursor"),
}


@pytest.mark.parametrize(("name", "value", "scim_type"), [(name, *rest) for name, rest in SINGLE.items()])
@pytest.mark.parametrize("path", ["/Users", "/Groups", ""])
def test_a_parameter_that_cannot_be_joined_is_stated_once(scim, path, name, value, scim_type):
    """RFC 7644 §3.4.2, §3.12."""
    for second in (name, name.upper(), name.capitalize()):
        answer = scim.get(f"{path}?{name}={quote(value)}&{second}={quote(value)}")

        assert (answer.status_code, answer.json()["scimType"]) == (400, scim_type)
        assert name in answer.json()["detail"]


@pytest.mark.parametrize("name", [*SINGLE, "attributes"])
def test_a_parameter_of_a_body_is_stated_once_in_whatever_case(scim, name):
    """RFC 7644 §3.4.3, RFC 8259 §4."""
    answer = scim.request("POST", "/Users/.search", json.dumps({name: "x", name.upper(): "x"}))

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")
    assert name.lower() in answer.json()["detail"].lower()


@pytest.mark.parametrize(
    ("name", "value", "scim_type"),
    [
        ("filter", ["userName pr"], "invalidFilter"),
        ("filter", {"a": 1}, "invalidFilter"),
        ("filter", 1, "invalidFilter"),
        ("filter", True, "invalidFilter"),
        ("sortBy", ["userName"], "invalidValue"),
        ("sortOrder", ["ascending"], "invalidValue"),
        ("startIndex", [1], "invalidValue"),
        ("startIndex", True, "invalidValue"),
        ("startIndex", "one", "invalidValue"),
        ("startIndex", 1.5, "invalidValue"),
        ("count", {"a": 1}, "invalidValue"),
        ("count", "9" * 400, "invalidValue"),
        ("cursor", ["x"], "invalidCursor"),
        ("cursor", 1, "invalidCursor"),
        ("attributes", 1, "invalidValue"),
        ("attributes", [1], "invalidValue"),
        ("attributes", [["userName"]], "invalidValue"),
        ("attributes", {"a": 1}, "invalidValue"),
        ("excludedAttributes", True, "invalidValue"),
        ("excludedAttributes", [None], "invalidValue"),
    ],
)
@pytest.mark.parametrize("path", ["/Users/.search", "/Groups/.search", "/.search"])
def test_a_parameter_of_the_wrong_type_is_named(scim, path, name, value, scim_type):
    """RFC 7644 §3.4.3, §3.12."""
    answer = scim.post(path, {name: value})

    assert (answer.status_code, answer.json()["scimType"]) == (400, scim_type)
    assert name.lower() in answer.json()["detail"].lower()


def test_repeated_and_joined_lists_count_together(scim):
    """RFC 7644 §3.4.2.5."""
    query = "&".join(["attributes=a,b,c"] * 70)

    assert "200" in scim.get(f"/Users/{scim.user('a@x.com')['id']}?{query}").json()["detail"]
