"""The newest link of the trail, kept twice: in a row of the database, under a MAC, and in a file in DATA_DIR.

The row shows that the end of the trail was cut off, unless row and trail were both put back to an earlier state; the
file shows that too, since who writes to the database does not reach it. Each machine that links has a file of its own,
which may be behind, and never goes back.
"""

import contextlib
import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings

from gatekeeper.audit.chain.keys import Keyring, present_key
from gatekeeper.audit.chain.mac import head_mac
from gatekeeper.audit.models import AuditHead
from gatekeeper.runtime.environment import replace_private_file

log = structlog.get_logger(__name__)

_FILES = "audit_head_*.json"


@dataclass(frozen=True, slots=True)
class Head:
    """A link. A copy of it that is kept elsewhere proves later that nothing before it was altered or cut off."""

    position: int
    digest: str


@dataclass(frozen=True, slots=True)
class KeptHead:
    """The head that a file of DATA_DIR keeps, and of which trail."""

    trail: str
    head: Head
    path: Path


def new_trail() -> str:
    """The name of a trail that begins now."""
    return secrets.token_hex(16)


def is_authentic(row: AuditHead, keys: Keyring) -> bool:
    """Whether the site wrote this row; it may still be an older one."""
    key = keys.get(row.key_id)
    return key is not None and hmac.compare_digest(head_mac(row.trail, row.position, row.digest, key.secret), row.mac)


def store_head(trail: str, head: Head) -> None:
    """Write the row anew, under the present key."""
    key = present_key()
    AuditHead.objects.update_or_create(
        pk=1,
        defaults={
            "trail": trail,
            "position": head.position,
            "digest": head.digest,
            "key_id": key.id,
            "mac": head_mac(trail, head.position, head.digest, key.secret),
        },
    )


def keep_head(trail: str, head: Head) -> None:
    """Write the file, unless it already holds a later link. A folder that cannot be written to is logged."""
    path = _path(trail)
    try:
        with _alone():
            kept = _read(path)
            if kept is None or kept.head.position < head.position:
                document = {"trail": trail, "position": head.position, "digest": head.digest}
                replace_private_file(path, json.dumps(document).encode())
    except OSError as error:
        log.error("audit_head_not_kept", file=str(path), reason=str(error))


def kept_head(trail: str) -> KeptHead | None:
    """The head of this trail that this machine keeps; None when it keeps none."""
    return _read(_path(trail))


def kept_heads() -> list[KeptHead]:
    """The heads of all trails that this machine keeps; more than one when its database was exchanged."""
    return [kept for kept in map(_read, sorted(settings.DATA_DIR.glob(_FILES))) if kept]


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One process at a time: the lock is the folder's, so that no file is left that another account may not open."""
    folder = os.open(settings.DATA_DIR, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _path(trail: str) -> Path:
    name = trail if trail.isascii() and trail.isalnum() else "unreadable"  # it was read from the database
    return Path(settings.DATA_DIR) / f"audit_head_{name[:32]}.json"


def _read(path: Path) -> KeptHead | None:
    try:
        document = json.loads(path.read_text())
        return KeptHead(str(document["trail"]), Head(int(document["position"]), str(document["digest"])), path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.error("audit_head_unreadable", file=str(path), reason=str(error))
        return None
