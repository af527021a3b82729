"""Declared attributes take values of their type in every method, and refuse others by name (RFC 7643 §2.3)."""

import json
from typing import Any

import pytest

from tests.scim.attributes.conftest import ACME, declared
from tests.scim.sending import WAYS, op, refusal, sent, stored

TIME = "2026-01-05T10:00:00+01:00"
NOTHING: tuple[Any, ...] = (None, "", [])
# For each type the texts and values that it takes, as JSON, with what is stored; everything else is refused.
TAKES: dict[str, dict[str, Any]] = {
    "string": {
        '"abc"': "abc", '"True"': "True", '"False"': "False", '"42"': "42", '" 7 "': " 7 ", '"4.50"': "4.50",
        "42": "42", "1.5": "1.5", "-0.0": "-0.0", "9007199254740992": "9007199254740992", f'"{TIME}"': TIME,
        '"2026-01-05"': "2026-01-05", '"2026-13-05T10:00:00Z"': "2026-13-05T10:00:00Z", '"NaN"': "NaN",
        '"1e400"': "1e400", '"1_0"': "1_0",
    },
    "boolean": {"true": True, "false": False, '"True"': True, '"False"': False},
    "integer": {"42": 42, '"42"': 42, '" 7 "': 7, "42.0": 42, '"4.0"': 4, "-0.0": 0, "1e3": 1000},
    "decimal": {
        "42": 42, '"42"': 42, '" 7 "': 7, "42.0": 42.0, '"4.0"': 4.0, '"4.50"': 4.5, "1.5": 1.5, "-0.0": 0.0,
        "1e3": 1000.0,
    },
    "dateTime": {f'"{TIME}"': TIME},
}  # fmt: skip
TAKES["reference"] = TAKES["string"]
GIVEN = sorted(
    {text for takes in TAKES.values() for text in takes}
    | {'{"a": 1}', '[["x"]]', '["a", "b"]', "-9007199254740992", '"99999999999999999999"', '"x\\u0007y"', "1e300"}
)


def expected(kind: str, text: str) -> Any:
    """What is stored of a JSON text, or None where it is refused."""
    if kind in ("string", "reference") and not text.startswith(("{", "[", "t", "f")) and "u0007" not in text:
        value = json.loads(text)
        return value if isinstance(value, str) else str(value)
    return TAKES[kind].get(text)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", TAKES)
def test_a_value_is_stored_as_its_type_or_refused_by_name(scim, every_type, kind, way):
    """RFC 7643 §2.3, RFC 7644 §3.3, §3.5: a wrong type is 400 invalidValue, and nothing is changed."""
    path = every_type(f"{kind}One")
    for text in GIVEN:
        answer, wanted = sent(scim, way, path, json.loads(text)), expected(kind, text)
        if wanted is None:
            status, scim_type, detail = refusal(answer)
            assert (status, scim_type, path in detail) == (400, "invalidValue", True), (text, detail)
        found = stored(scim).get(ACME, {}).get(f"{kind}One")
        assert (type(found), found) == (type(wanted), wanted), (kind, way, text)
        scim.delete(f"/Users/{stored(scim)['id']}") if stored(scim) else None


@pytest.mark.parametrize("kind", TAKES)
def test_one_value_in_a_list_or_an_object_is_read_like_the_value(scim, every_type, kind):
    for text in TAKES[kind]:
        value = json.loads(text)
        for shape in ([value], {"value": value}, [{"value": value}]):
            user = scim.user("way@x.com", **{every_type(f"{kind}One"): shape, every_type(f"{kind}Many"): shape})
            wanted = expected(kind, text)
            assert user[ACME] == {f"{kind}One": wanted, f"{kind}Many": [wanted]}
            scim.delete(f"/Users/{user['id']}")


@pytest.mark.parametrize("kind", TAKES)
@pytest.mark.parametrize("empty", NOTHING)
def test_empty_clears_in_a_replace_and_is_nothing_in_an_add(scim, every_type, kind, empty):
    """RFC 7643 §2.5: absent leaves, empty clears (docs/rules.md: what can't be read changes nothing)."""
    text = next(iter(TAKES[kind]))
    names = [every_type(f"{kind}One"), every_type(f"{kind}Many")]
    user = scim.user("way@x.com", **{name: json.loads(text) for name in names})
    address, full = f"/Users/{user['id']}", user[ACME]

    assert scim.patch(address, *(op("add", value={name: empty}) for name in names)).json()[ACME] == full
    assert scim.patch(address, op("replace", "title", "T")).json()[ACME] == full
    cleared = scim.patch(address, *({"op": "replace", "path": name, "value": empty} for name in names)).json()
    assert ACME not in cleared
    assert ACME not in cleared["schemas"]


def test_a_put_without_the_extension_clears_it_and_one_with_it_sets_it(scim, every_type):
    """RFC 7644 §3.5.1."""
    user = scim.user("way@x.com", **{ACME: {"stringOne": "A", "integerMany": [1, "2"]}})
    address = f"/Users/{user['id']}"

    assert user["schemas"][-1] == ACME
    assert scim.put(address, {"userName": "way@x.com", ACME: {"integerOne": 3}}).json()[ACME] == {"integerOne": 3}
    assert ACME not in scim.put(address, {"userName": "way@x.com"}).json()


def test_a_patch_edits_the_elements_of_a_list(scim, every_type):
    """RFC 7644 §3.5.2: an add appends what is new, a remove with a list takes away what it names."""
    user = scim.user("way@x.com", **{ACME: {"stringMany": ["Red", "green"], "integerMany": [1, 2]}})
    address, texts, numbers = f"/Users/{user['id']}", every_type("stringMany"), every_type("integerMany")

    added = scim.patch(address, op("add", texts, ["RED", "blue"]), op("add", numbers, ["2", 3]))
    assert added.json()[ACME] == {"stringMany": ["RED", "green", "blue"], "integerMany": [1, 2, 3]}
    removed = scim.patch(address, op("remove", texts, ["GREEN"]), op("remove", numbers, ["1", 3]))
    assert removed.json()[ACME] == {"stringMany": ["RED", "blue"], "integerMany": [2]}
    assert scim.patch(address, op("remove", texts), op("remove", ACME)).json().get(ACME) is None


@pytest.mark.parametrize("path", ["{acme}:stringOne", "{ACME}:STRINGONE", "stringOne"])
def test_names_and_urns_match_in_any_case_and_a_bare_name_is_found(scim, every_type, path):
    """RFC 7643 §2.1: names ignore case. The declared spelling is stored."""
    user = scim.user("way@x.com")

    answer = scim.patch(f"/Users/{user['id']}", op("add", path.format(acme=ACME, ACME=ACME.upper()), "x"))

    assert answer.json()[ACME] == {"stringOne": "x"}


def test_entra_sends_custom_attributes_as_paths_and_as_texts(scim, every_type):
    """Entra's PATCH with its flag: one operation for each attribute, texts for booleans and numbers."""
    user = scim.user("way@x.com")
    names = ("stringOne", "booleanOne", "integerOne", "dateTimeOne")
    values = ("A-1", "False", "7", "2020-09-01T00:00:00.0000000Z")
    operations = [op("Add", f"{ACME}:{name}", value) for name, value in zip(names, values, strict=True)]

    answer = scim.patch(f"/Users/{user['id']}", *operations).json()[ACME]

    assert answer == {
        "stringOne": "A-1",
        "booleanOne": False,
        "integerOne": 7,
        "dateTimeOne": "2020-09-01T00:00:00.0000000Z",
    }


def test_attributes_are_projected_by_their_full_names(scim, every_type):
    """RFC 7644 §3.9."""
    user = scim.user("way@x.com", title="T", **{ACME: {"stringOne": "A", "integerOne": 1}})
    for ask in (f"/Users/{user['id']}?", "/Users?filter=userName%20eq%20%22way@x.com%22&", "/Users?count=9&"):

        def asked(parameters: str, ask: str = ask) -> Any:
            found = scim.get(f"{ask}{parameters}").json()
            return found["Resources"][0] if "Resources" in found else found

        assert asked(f"attributes={ACME}:stringOne")[ACME] == {"stringOne": "A"}
        assert asked(f"attributes={ACME}")[ACME] == {"stringOne": "A", "integerOne": 1}
        assert "title" not in asked(f"attributes={ACME.upper()}:STRINGONE")
        assert asked(f"excludedAttributes={ACME}:stringOne")[ACME] == {"integerOne": 1}
        assert ACME not in asked(f"excludedAttributes={ACME}")


def test_what_was_sent_before_the_declaration_comes_with_the_next_cycle(scim):
    """Undeclared it is ignored and named in the log; declared it is stored when it is sent again."""
    body = {"userName": "way@x.com", ACME: {"badge": 1}}
    user = scim.post("/Users", body).json()
    assert ACME not in user

    declared("badge", "integer")

    assert ACME not in scim.get(f"/Users/{user['id']}").json()
    assert scim.put(f"/Users/{user['id']}", body).json()[ACME] == {"badge": 1}


def test_a_bulk_request_creates_many_with_declared_attributes(scim, every_type):
    """RFC 7644 §3.7."""
    data = [{"userName": f"u{number}@x.com", ACME: {"integerOne": str(number)}} for number in range(3)]
    operations = [{"method": "POST", "path": "/Users", "bulkId": str(at), "data": each} for at, each in enumerate(data)]

    answer = scim.post("/Bulk", {"Operations": operations}).json()

    assert [each["status"] for each in answer["Operations"]] == ["201"] * 3
    assert scim.found("/Users", f"{every_type('integerOne')} ge 1") == ["u1@x.com", "u2@x.com"]
