"""What the MAC of an audit entry is computed over: its bytes are stored for good and never change."""

from datetime import UTC, datetime

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.mac import commitment, entry_mac
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
