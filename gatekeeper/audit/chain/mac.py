"""The digests over an audit entry: the commitments to its two personal parts, its MAC, and its link's digest.

Pure functions. Their results are stored for good, so they never change: a new format would be a second version beside
this one. They take any object that has an entry's fields, so that migrations can use them too.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any, Final

import orjson

from gatekeeper.runtime.statements.json_columns import read, written

# The writer of entries that are older than their MAC: sealed where they stood, at the upgrade.
CARRIED_OVER: Final = "carried over"

ACTOR: Final = "actor"
OBJECT: Final = "object"
PARTS: Final = (ACTOR, OBJECT)

ENTRY, _LINK, _HEAD = b"gatekeeper audit entry 1\n", b"gatekeeper audit link 1\n", b"gatekeeper audit head 1\n"
_SEGMENT: Final = b"gatekeeper audit segment 1\n"
_PUBLIC = ("event", "actor_kind", "actor_id", "channel", "request_id", "object_kind", "object_id")
_SEAL = ("number", "revision", "first", "last", "before", "after", "size", "sha256", "entry", "key_id")
_SEAL_MOMENTS = ("since", "until", "sealed_at")
SALT_BYTES = 16
# May match inside a text too, where it costs time only; not in "urn:…:enterprise:2.0:User", which most people have.
_WITH_A_FRACTION = re.compile(rb"(?:\":|[\[,])-?\d+[.eE]")


def seal(entry: Any, key_id: str, key: bytes) -> None:
    """Salt the entry's personal parts, commit to them, and put a MAC over the whole; ``writer`` and ``number`` stand.

    What the entry says is brought into the form in which it comes back from every database.
    """
    entry.before, entry.after = as_stored(entry.before), as_stored(entry.after)
    for part in PARTS:
        setattr(entry, f"{part}_salt", secrets.token_hex(SALT_BYTES))
        setattr(entry, f"{part}_commitment", commitment(entry, part))
    entry.mac_key = key_id
    entry.mac = entry_mac(entry, key)


def commitment(entry: Any, part: str) -> str:
    """The salted digest of one personal part. It stays when part and salt are erased, and reveals nothing then."""
    said = [entry.actor_name] if part == ACTOR else [entry.object_label, entry.before, entry.after]
    return hmac.digest(getattr(entry, f"{part}_salt").encode(), canonical(said), "sha256").hex()


def entry_mac(entry: Any, key: bytes) -> str:
    """The MAC over everything that an entry says, the personal parts by their commitments."""
    said = [
        entry.writer,
        entry.number,
        entry.id if entry.writer == CARRIED_OVER else None,  # others learn their id from the database, later
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        *(getattr(entry, name) for name in _PUBLIC),
        entry.actor_commitment,
        entry.object_commitment,
        entry.mac_key,
    ]
    # Texts and whole numbers have one spelling only; a time would look like a number with a fraction to ``canonical``.
    return hmac.digest(key, ENTRY + _dumps(said).encode(), "sha256").hex()


def link_digest(entry: Any, position: int, before: str, key: bytes) -> str:
    """The digest of a link: over its position, the digest before, the entry's id and its MAC."""
    if entry.writer == CARRIED_OVER:
        return former_digest(position, before, entry.content, key)
    return hmac.digest(key, _LINK + f"{position}:{before}:{entry.id}:{entry.mac}".encode(), "sha256").hex()


def former_digest(position: int, before: str, content: str, key: bytes) -> str:
    """A link's digest as it was before entries had a MAC: over a digest of the content, which is stored beside it."""
    return hmac.digest(key, f"{position}:{before}:{content}".encode(), "sha256").hex()


def head_mac(trail: str, position: int, digest: str, key: bytes) -> str:
    """The MAC over the record of a trail's newest link."""
    return hmac.digest(key, _HEAD + f"{trail}:{position}:{digest}".encode(), "sha256").hex()


def segment_mac(segment: Any, key: bytes) -> str:
    """The MAC over the seal of a segment: all that it says but where its file lies and what the table still has."""
    said = [
        *(getattr(segment, name) for name in _SEAL),
        *(getattr(segment, name).astimezone(UTC).isoformat(timespec="microseconds") for name in _SEAL_MOMENTS),
        segment.writers,
        segment.keys,
    ]
    return hmac.digest(key, _SEGMENT + _dumps(said).encode(), "sha256").hex()


def key_id_of(key: bytes) -> str:
    """An id of a key, which reveals nothing of the key."""
    return hashlib.sha256(b"hint" + key).hexdigest()[:8]


def as_stored(value: Any) -> Any:
    """JSON as it comes back from a database: dates and identifiers are text, tuples are lists."""
    return None if value is None else read(written(value))


def canonical(values: Sequence[Any]) -> bytes:
    """A list as JSON in one spelling, the same for what is written and for what either database gives back."""
    text = b"[%s]" % b",".join(map(_spelt, values))
    return _dumps(_spelt_out(list(values))).encode() if _WITH_A_FRACTION.search(text) else text


def _spelt(value: Any) -> bytes:
    """As ``_dumps``, but for numbers with a fraction: by orjson, in a fifth of the time, where it spells alike."""
    if value is None:
        return b"null"
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return _dumps(value).encode()
    # Other characters it writes as they are; and as null what is no number.
    return text if text.isascii() and b"\x7f" not in text and b"null" not in text else _dumps(value).encode()


_dumps: Callable[[Any], str] = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _spelt_out(value: Any) -> Any:
    """PostgreSQL writes 1e22 as 10000000000000000000000, and 1.0 as 1.0: whole numbers become integers."""
    if isinstance(value, float):
        return int(Decimal(repr(value))) if value.is_integer() else value
    if isinstance(value, list):
        return [_spelt_out(each) for each in value]
    if isinstance(value, dict):
        return {name: _spelt_out(each) for name, each in value.items()}
    return value
