"""Custom attributes in the configuration document: all of them, by name, and never anybody's values."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator

from gatekeeper.audit.models import AuditEntry
from scim.attributes.registry import live_definitions
from tests.scim.attributes.conftest import ACME, declared
from tests.scim.conftest import ScimClient, api_key, scim  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "configuration.schema.json").read_text())
BADGE = {
    "schema": ACME,
    "name": "badge",
    "type": "integer",
    "multi_valued": True,
    "case_exact": False,
    "description": "The number on the card",
}
FLOOR = {"schema": ACME, "name": "floor"}


def run(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("configuration", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def apply(tmp_path: Path) -> Any:
    def applied(document: Any, *flags: str) -> Any:
        (tmp_path / "wanted.json").write_text(json.dumps(document))
        return run("apply", str(tmp_path / "wanted.json"), *flags)["changed"]

    return applied


def paths() -> list[str]:
    return [each.path for each in live_definitions()]


def test_what_is_exported_is_applied_without_a_change(apply: Any) -> None:
    """RFC 7643 §7: characteristics and all; on a site of its own the same document declares the same."""
    apply({"scim_attributes": [BADGE, FLOOR]})
    document = run("export")
    entries = AuditEntry.objects.count()

    assert document["scim_attributes"][0] == BADGE
    assert document["scim_attributes"][1]["type"] == "string"
    assert list(Draft202012Validator(SCHEMA).iter_errors(document)) == []
    assert apply(document) == []
    assert AuditEntry.objects.count() == entries
    apply({"scim_attributes": []})
    apply(document)
    assert run("export") == document


def test_a_site_without_any_exports_the_document_as_it_always_was() -> None:
    assert list(run("export")) == ["fallback_team", "last_group_policy", "teams", "default_mapping", "group_mappings"]


def test_a_document_without_the_key_leaves_them(apply: Any) -> None:
    declared("badge")

    assert apply({"last_group_policy": "fallback"}) != []
    assert paths() == [f"{ACME}:badge"]


def test_each_difference_is_one_change_and_a_dry_run_makes_none(apply: Any) -> None:
    apply({"scim_attributes": [BADGE, FLOOR]})
    wanted = {
        "scim_attributes": [{**BADGE, "description": "Another"}, {**FLOOR, "type": "boolean"}, {**FLOOR, "name": "x"}]
    }

    dry = apply(wanted, "--dry-run")

    assert dry == [
        f"The custom attribute {ACME}:badge has another description.",
        f"The custom attribute {ACME}:floor is removed.",
        f"The custom attribute {ACME}:floor is declared.",
        f"The custom attribute {ACME}:x is declared.",
    ]
    assert paths() == [f"{ACME}:badge", f"{ACME}:floor"]
    assert apply(wanted) == dry
    assert [each.type for each in live_definitions()] == ["integer", "boolean", "string"]
    assert apply({"scim_attributes": []}) == [f"The custom attribute {each} is removed." for each in
                                              (f"{ACME}:badge", f"{ACME}:floor", f"{ACME}:x")]  # fmt: skip


@pytest.mark.parametrize("wanted", [[], [{**FLOOR, "type": "integer"}], [{**FLOOR, "multi_valued": True}]])
def test_a_document_deletes_nobody_s_values(apply: Any, scim: ScimClient, wanted: Any) -> None:  # noqa: F811
    declared("floor")
    user = scim.user("a@x.com", **{ACME: {"floor": "3"}})

    with pytest.raises(CommandError, match=r"floor has values \(users: 1\)"):
        apply({"scim_attributes": wanted})

    assert scim.get(f"/Users/{user['id']}").json()[ACME] == {"floor": "3"}
    assert apply({"scim_attributes": [{**FLOOR, "description": "Of the building"}]}) != []


REFUSED: list[tuple[Any, str]] = [
    ({}, "scim_attributes: a list"),
    ([1], r"scim_attributes\[0\]: an object"),
    ([{"name": "x"}], r"scim_attributes\[0\]: a schema is needed"),
    ([{"schema": ACME}], r"scim_attributes\[0\]: a name is needed"),
    ([{**FLOOR, "colour": 1}], r"scim_attributes\[0\].colour: there is no such key"),
    ([FLOOR, {**FLOOR, "name": "1"}], r"scim_attributes\[1\].name: 1 can't be one"),
    ([{**FLOOR, "type": "text"}], r"scim_attributes\[0\].type: text is none"),
    ([{**FLOOR, "type": None}], r"scim_attributes\[0\].type: a text"),
    ([{**FLOOR, "multi_valued": "yes"}], r"scim_attributes\[0\].multi_valued: true or false"),
    ([{**FLOOR, "schema": "acme"}], r"scim_attributes\[0\].schema: acme is no URN"),
    ([FLOOR, {**FLOOR, "name": "FLOOR"}], "FLOOR is there twice"),
    ([FLOOR, {**FLOOR, "schema": f"{ACME}:more"}], "one begins with the other"),
    ([{**FLOOR, "name": f"n{number}"} for number in range(101)], "at most 100"),
]


@pytest.mark.parametrize(("attributes", "line"), REFUSED)
def test_what_is_wrong_is_refused_by_its_place_and_nothing_changes(apply: Any, attributes: Any, line: str) -> None:
    declared("badge")

    with pytest.raises(CommandError, match=line) as refusal:
        apply({"last_group_policy": "fallback", "scim_attributes": attributes})

    assert "\n" not in str(refusal.value)
    assert paths() == [f"{ACME}:badge"]
    assert run("export")["last_group_policy"] == "revoke"
