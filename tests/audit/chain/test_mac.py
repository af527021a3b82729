"""What the MAC of an audit entry is computed over: its bytes are stored for good and never change."""

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain import mac
from gatekeeper.audit.chain.mac import canonical, commitment, entry_mac
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import entry

KEY = bytes(range(32))


def test_the_mac_of_an_entry_is_the_one_that_earlier_releases_computed() -> None:
    actor = Actor("person", "Ada", "4711", "pages", "r-1")
    after = {"level": "none", "share": 1.0, "teams": []}
    made = entry(Event.MAPPING_SET, actor=actor, kind="mapping", object_id="default", label="Default", after=after)
    made.at = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    made.writer, made.number, made.mac_key = "a" * 24, 7, "12345678"
    made.actor_salt, made.object_salt = "1" * 32, "2" * 32
    made.actor_commitment, made.object_commitment = commitment(made, "actor"), commitment(made, "object")

    assert entry_mac(made, KEY) == "63ebc23e3bc54abe5a6f3978d707bebde13206ee54e5895f599180e740dc8811"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.lists(VALUES))
@example([{"b": 1, "a": [None, 2**70, -(2**63), "\x7f", "\x00", "é", "😀", "\ud800", "null", "1.5"]}])
@example([1e22, 1.0, -0.0, 1e-7, 1.5, {"n": [1e16, 0.1]}])
@example([float("inf"), {"a": float("nan")}])
def test_each_value_has_the_spelling_that_the_standard_library_gives_it(values: list[Any]) -> None:
    def whole(value: Any) -> Any:
        """Numbers that PostgreSQL writes as whole ones."""
        if isinstance(value, float) and math.isfinite(value) and value.is_integer():
            return int(Decimal(repr(value)))
        if isinstance(value, list):
            return [whole(each) for each in value]
        return {name: whole(each) for name, each in value.items()} if isinstance(value, dict) else value

    spelt = json.dumps(whole(values), sort_keys=True, separators=(",", ":")).encode()

    assert canonical(values) == spelt


@pytest.mark.parametrize(
    ("value", "as_the_standard_library"),
    [
        ({"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D"}}, False),
        ({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "v:1.5"], "n": [1, 2], "big": 17}, False),
        ({"n": 1.5}, True),
        ({"n": {"m": [1, -2.0]}}, True),
        (1e22, True),
    ],
)
def test_only_a_number_with_a_fraction_is_spelt_in_the_slow_way(
    value: Any, as_the_standard_library: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow: list[Any] = []
    monkeypatch.setattr(mac, "_dumps", lambda given: slow.append(given) or json.dumps(given))

    canonical(["a", value])

    assert bool(slow) == as_the_standard_library
