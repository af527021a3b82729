"""Faults of a single audit entry: in its MAC, or in its personal parts where no erasure explains them."""

import hmac

from gatekeeper.audit.chain.keys import Keyring
from gatekeeper.audit.chain.mac import ACTOR, CARRIED_OVER, OBJECT, PARTS, commitment, entry_mac
from gatekeeper.audit.chain.problems import Fault
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry

ERASED = "Erased user"
# What an erasure says that it blanked, by part.
LISTS = {OBJECT: "entries", ACTOR: "entries_as_actor"}


class Erasures:
    """The erasures that entries point to; each is loaded once."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys
        self._listed: dict[int, dict[str, frozenset[int]]] = {}

    def explain(self, entry: AuditEntry, part: str) -> bool:
        """Whether the entry's part is blank, and an erasure that the site wrote lists it."""
        erasure = erased_by(entry, part)
        if erasure is None or not is_blank(entry, part):
            return False
        if erasure not in self._listed:
            self._listed[erasure] = self._read(erasure)
        return entry.pk in self._listed[erasure].get(part, ())

    def find(self, erasure_id: int) -> AuditEntry | None:
        """The entry of an erasure."""
        return AuditEntry.objects.filter(pk=erasure_id, event=Event.USER_ERASED).first()

    def _read(self, erasure_id: int) -> dict[str, frozenset[int]]:
        erasure = self.find(erasure_id)
        if erasure is None or any(erased_by(erasure, part) for part in PARTS):
            return {}
        if fault_of(erasure, self._keys, self) is not None:
            return {}
        return {part: frozenset((erasure.after or {}).get(name, ())) for part, name in LISTS.items()}


def fault_of(entry: AuditEntry, keys: Keyring, erasures: Erasures) -> Fault | None:
    """The fault of an entry; None when it has none."""
    if not entry.mac:
        return Fault.NO_MAC
    key = keys.get(entry.mac_key)
    if key is None:
        return Fault.OTHER_KEY
    if not key.may_have_made(entry.position):
        return Fault.KEY_NOT_IN_USE
    if entry.writer == CARRIED_OVER and entry.number != entry.position:
        return Fault.MOVED
    if not hmac.compare_digest(entry_mac(entry, key.secret), entry.mac) or _has_content_of_former_chain(entry):
        return Fault.ALTERED
    if not all(_opens(entry, part) or erasures.explain(entry, part) for part in PARTS):
        return Fault.BLANKED
    return None


def erased_by(entry: AuditEntry, part: str) -> int | None:
    """The entry of the erasure that blanked this part, as the entry itself says."""
    return entry.actor_erased_by if part == ACTOR else entry.erased_by


def is_blank(entry: AuditEntry, part: str) -> bool:
    """Whether nothing is left in the part but that it was erased."""
    if part == ACTOR:
        return (entry.actor_name, entry.actor_salt) == (ERASED, "")
    said = (entry.object_label, entry.before, entry.after, entry.object_salt)
    return said == (ERASED, None, None, "")


def _has_content_of_former_chain(entry: AuditEntry) -> bool:
    """Whether ``content`` is set where it has no meaning: on an entry that is younger than the former chain."""
    return entry.writer != CARRIED_OVER and entry.content != ""


def _opens(entry: AuditEntry, part: str) -> bool:
    if erased_by(entry, part) is not None:
        return False
    stated = getattr(entry, f"{part}_commitment")
    return hmac.compare_digest(commitment(entry, part), stated)
