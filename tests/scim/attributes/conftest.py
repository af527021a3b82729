"""Attributes as an administrator declares them."""

from collections.abc import Callable
from typing import Any

import pytest

from scim.attributes.declarations import declare
from scim.models import CustomAttribute
from scim.protocol.custom_attributes import Definition
from tests.builders import ADMIN

ACME = "urn:ietf:params:scim:schemas:extension:acme:2.0:User"


def declared(name: str, kind: str = "string", *, schema: str = ACME, **more: Any) -> CustomAttribute:
    return declare(Definition(schema=schema, name=name, type=kind, **more), actor=ADMIN)


@pytest.fixture
def every_type(db: None) -> Callable[[str], str]:
    """One attribute of each type, single and multi-valued; the full name of one by its short one."""
    for kind in ("string", "boolean", "integer", "decimal", "dateTime", "reference"):
        declared(f"{kind}One", kind)
        declared(f"{kind}Many", kind, multi_valued=True)
    declared("exactOne", case_exact=True)
    return lambda name: f"{ACME}:{name}"
