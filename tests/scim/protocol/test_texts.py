"""Characters that would harm later: in a terminal, a log line, a header."""

import json
from typing import Any

import pytest

from scim.protocol.schemas import ENTERPRISE_USER as ENT
from tests.scim.sending import op, refusal

CONTROL = ["\x01", "\r", "\n", "\x1b[31m", "\x7f", "\x85", "\x9b"]
NAMES = [
    "userName",
    "displayName",
    "nickName",
    "externalId",
    "name.familyName",
    "emails[0].value",
    f"{ENT}:manager.value",
]
TEXTS = ["title", "userType", "phoneNumbers[0].value", "addresses[0].locality", "roles[0].display", f"{ENT}:department"]
WITH_LINES = ["addresses[0].formatted", "addresses[0].streetAddress", "x509Certificates[0].value"]


def stating(name: str, text: str) -> dict[str, Any]:
    """A document in which the attribute of that name has the text."""
    if name.startswith(ENT):
        return {ENT: stating(name.removeprefix(f"{ENT}:"), text)}
    head, _, sub = name.partition(".")
    inner = {sub: text} if sub else text
    return {head.removesuffix("[0]"): [inner] if head.endswith("[0]") else inner}


@pytest.mark.parametrize("name", [*NAMES, *TEXTS, *WITH_LINES])
def test_control_characters_are_refused_where_they_would_harm(scim, ada, name):
    """RFC 7643 §2.3.1; §4.1.2 lets formatted addresses have lines."""
    for number, character in enumerate([*CONTROL, "\t"]):
        stated = stating(name, f"a{character}b")
        allowed = character in ("\r", "\n", "\t") if name in WITH_LINES else character == "\t" and name in TEXTS
        posted = scim.post("/Users", {"userName": f"new{number}@x.com"} | stated)
        for answer in (posted, scim.patch(f"/Users/{ada['id']}", op("add", value=stated))):
            if allowed:
                assert answer.status_code in (200, 201), (name, character)
                continue
            assert refusal(answer)[:2] == (400, "invalidValue"), (name, character)
            assert name in refusal(answer)[2]


def test_control_characters_are_found_in_every_hiding_place(scim, ada):
    """RFC 8259 §7, RFC 7643 §2.3.1."""
    group = scim.group("GK")
    role = json.dumps({"value": "a\x1bb", "displayName": "x"})
    for operation in (
        op("add", "roles", [{"value": role}]),
        op("add", "roles", [role]),
        op("add", 'emails[type eq "a\\u001bb"].value', "x@x"),
        op("add", "title", {"value": "a\x1bb"}),
        op("add", "title", ["a\x1bb"]),
    ):
        assert refusal(scim.patch(f"/Users/{ada['id']}", operation))[0] == 400, operation
    assert refusal(scim.patch(f"/Groups/{group['id']}", op("replace", "displayName", "a\nb")))[2].startswith(
        "displayName"
    )
