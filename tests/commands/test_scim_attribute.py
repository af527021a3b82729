"""manage.py scim_attribute: add, list and remove."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from gatekeeper.audit.models import AuditEntry
from tests.scim.attributes.conftest import ACME
from tests.scim.conftest import ScimClient, api_key, scim  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("scim_attribute", *arguments, stdout=out)
    return out.getvalue()


def test_an_attribute_is_added_listed_and_removed() -> None:
    added = json.loads(run("add", ACME, "badge", "--type", "integer", "--multi-valued", "--description", "A", "--json"))

    assert added.pop("declared_at").endswith("Z")
    assert added == {
        "path": f"{ACME}:badge",
        "schema": ACME,
        "name": "badge",
        "type": "integer",
        "multi_valued": True,
        "case_exact": False,
        "description": "A",
    }
    (listed,) = json.loads(run("list", "--json"))["attributes"]
    assert {name: listed[name] for name in added} == added
    assert run("list") == f"{ACME}:badge  integer, several values  A\n"
    assert json.loads(run("remove", f"{ACME}:BADGE", "--json")) == {"removed": f"{ACME}:badge", "users": 0}
    assert run("list") == "There are no custom attributes.\n"
    assert AuditEntry.objects.filter(event="custom_attribute.removed").get().actor_name == "scim_attribute"


def test_values_are_deleted_only_by_the_attribute_s_name(scim: ScimClient) -> None:  # noqa: F811
    run("add", ACME, "badge")
    user = scim.user("a@x.com", **{ACME: {"badge": "7"}})

    for flags in ((), ("--confirm", "BADGE"), ("--confirm", f"{ACME}:badge")):
        with pytest.raises(CommandError, match=r"\(users: 1\); confirm it by the name badge"):
            run("remove", f"{ACME}:badge", *flags)
    assert scim.get(f"/Users/{user['id']}").json()[ACME] == {"badge": "7"}

    assert json.loads(run("remove", f"{ACME}:badge", "--confirm", "badge", "--json"))["users"] == 1
    run("add", ACME, "badge", "--type", "boolean")
    assert ACME not in scim.get(f"/Users/{user['id']}").json()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("add", ACME, "1st"), "name: 1st can't be one"),
        (("add", "acme", "badge"), "schema: acme is no URN"),
        (("remove", f"{ACME}:nothing"), "There is no custom attribute"),
        (("remove", "x\x1b[31m"), "There is no custom attribute"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: Any, line: str) -> None:
    with pytest.raises(CommandError, match=line) as refusal:
        run(*arguments)

    assert "\n" not in str(refusal.value)
    assert "\x1b" not in str(refusal.value)
