"""What a backup's archive says about itself: when and from what it was made, under which keys, and what is in it.

``manifest.json`` is covered by a MAC under SECRET_KEY, and names size and SHA-256 of every other member.
"""

import hmac
import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from gatekeeper.backup.refusals import ArchiveRefused, damaged
from gatekeeper.secrets.sealing import derived_key

FORMAT, VERSION = "gatekeeper-backup", 1
NAME, MAC_NAME = "manifest.json", "manifest.mac"
SECRET_KEY, FALLBACKS = "secrets/secret_key", "secrets/secret_key_fallbacks"  # where the keys are in files of DATA_DIR


@dataclass(frozen=True, slots=True)
class Member:
    """``size`` in bytes, not compressed; ``sha256`` in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TableFacts:
    """``last_number``: the last id that the database gave out, 0 where it numbers nothing."""

    columns: list[str]
    rows: int
    last_number: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """``audit_head``: POSITION:DIGEST or None; ``migrations``: app.name; ``keys``: fingerprints, the present first."""

    made_at: str
    database: str
    audit_head: str | None
    migrations: list[str]
    keys: list[str]
    tables: dict[str, TableFacts]
    members: dict[str, Member]

    def written(self) -> bytes:
        """As the archive holds it."""
        return json.dumps({"format": FORMAT, "version": VERSION, **asdict(self)}, indent=1).encode()


def table_member(table: str) -> str:
    """The member that holds the rows of a table."""
    return f"tables/{table}.jsonl"


def fingerprint(secret_key: str) -> str:
    """Distinguishes keys, and says nothing about them: from 32 bytes that follow from the key and open nothing."""
    return sha256(derived_key("backup: which key", secret_key)).hexdigest()


def mac_of(written: bytes, secret_key: str) -> str:
    """The MAC of a manifest, as text."""
    return hmac.digest(derived_key("backup: manifest", secret_key), written, "sha256").hex()


def is_authentic(written: bytes, mac: bytes, secret_key: str) -> bool:
    """Whether a site with this key wrote the manifest."""
    return hmac.compare_digest(mac_of(written, secret_key).encode(), mac)


def read(written: bytes) -> Manifest:
    """Raises: ArchiveRefused for another format, a newer version, or a manifest that isn't one."""
    try:
        document = json.loads(written)
    except (ValueError, RecursionError):
        raise damaged("its manifest can't be read") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ArchiveRefused("This is no backup of this site's kind; give a file that manage.py backup made.")
    version = document.get("version")
    if type(version) is int and version > VERSION:
        raise ArchiveRefused(f"A newer version made this archive (format {version}): restore it with that version.")
    try:
        return _parsed(document)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise damaged("its manifest isn't complete") from None


def _parsed(document: dict[str, Any]) -> Manifest:
    head = document["audit_head"]
    return Manifest(
        made_at=_text(document["made_at"]),
        database=_text(document["database"]),
        audit_head=None if head is None else _text(head),
        migrations=_texts(document["migrations"]),
        keys=_texts(document["keys"]),
        tables={
            name: TableFacts(_texts(facts["columns"]), _number(facts["rows"]), _number(facts["last_number"]))
            for name, facts in document["tables"].items()
        },
        members={
            name: Member(_number(member["size"]), _text(member["sha256"]))
            for name, member in document["members"].items()
        },
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise TypeError
    return list(map(_text, value))


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError
    return value
