"""What is sent of one audit entry, whatever the form: its place in the chain, and what it says. Pure."""

from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from gatekeeper.audit.chain.mac import CARRIED_OVER
from gatekeeper.audit.models import AuditEntry

TEST_EVENT: Final = "stream.test"  # what a test says it is; no event of the audit trail
SAID: Final = (
    "event",
    "actor_kind",
    "actor_name",
    "actor_id",
    "channel",
    "request_id",
    "object_kind",
    "object_id",
    "object_label",
    "before",
    "after",
)


@dataclass(frozen=True, slots=True)
class Message:
    """A linked entry with the digest of the link before it (``""`` before the first), in the trail of this name."""

    entry: AuditEntry
    previous_digest: str
    trail: str

    @property
    def position(self) -> int:
        return self.entry.position or 0

    def chain(self) -> dict[str, Any]:
        """With what the link's digest is over: position, the digest before, the entry's id and its MAC."""
        entry = self.entry
        sealed = {"content": entry.content} if entry.writer == CARRIED_OVER else {"mac": entry.mac}
        return {
            "position": self.position,
            "digest": entry.digest,
            "previous_digest": self.previous_digest,
            "entry": entry.pk,
            **sealed,
            "key": entry.key_hint,
        }

    def said(self) -> dict[str, Any]:
        """What the entry says, by the names of its columns; what was erased is erased here too."""
        return {"at": instant_text(self.entry), **{name: getattr(self.entry, name) for name in SAID}}


def instant_text(entry: AuditEntry) -> str:
    """In UTC, always with microseconds."""
    return entry.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
