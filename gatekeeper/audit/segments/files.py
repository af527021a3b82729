"""The files of sealed segments: JSON Lines, compressed with gzip, in a folder of DATA_DIR.

The first line says which segment it is; each other line is one entry with all of its columns, in the order of the
chain: all that is needed to work out its MAC and its link anew.
"""

import fcntl
import gzip
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from gatekeeper.audit.models import AuditEntry
from gatekeeper.audit.segments.refusals import CannotSeal, Reason, of_os_error

FORMAT: Final = "gatekeeper-audit-segment"
VERSION: Final = 1
COLUMNS: Final = tuple(field.attname for field in AuditEntry._meta.concrete_fields)
LONGEST_LINE = 2**24  # bytes
_PIECE = 2**20
_NAME = re.compile(r"audit-(\d{6,10})(?:\.r(\d{1,9}))?\.jsonl\.gz")
_UNREADABLE = (OSError, EOFError, zlib.error, ValueError, RecursionError)


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: the segment's number, its first link, and the digest of the link before it."""

    number: int
    first: int
    before: str


class Unreadable(Exception):
    """A file that is not there, is cut off, or holds something else; the text says which."""


def folder() -> Path:
    """Where files are written to."""
    return Path(settings.DATA_DIR) / "audit_segments"


def numbers_of(name: str) -> tuple[int, int] | None:
    """Number and revision of the segment whose file has this name; None for another file."""
    match = _NAME.fullmatch(name)
    return (int(match[1]), int(match[2] or 0)) if match else None


@contextmanager
def alone() -> Iterator[None]:
    """One process at a time writes into the folder. Raises: CannotSeal while another one does, or without a folder."""
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder(), os.O_RDONLY)
    except OSError as error:
        raise of_os_error(error, str(folder())) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CannotSeal(Reason.BUSY) from None
    try:
        yield
    finally:
        os.close(descriptor)


def write(path: Path, header: Header, entries: Iterable[AuditEntry]) -> None:
    """Write a file that appears under its name when it is whole and on the disk. Raises: CannotSeal."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                first = {"format": FORMAT, "version": VERSION, "number": header.number}
                packed.write(_line({**first, "first": header.first, "before": header.before}))
                for entry in entries:
                    packed.write(_line({name: getattr(entry, name) for name in COLUMNS}))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync(path.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise of_os_error(error, str(path.parent)) from error


def digest_of(path: Path) -> tuple[int, str]:
    """Bytes and SHA-256 of a file. Raises: Unreadable."""
    size, digest = 0, sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                size += len(piece)
                digest.update(piece)
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from error
    return size, digest.hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[tuple[Header, Iterator[AuditEntry]]]:
    """What a file says it is, and its entries as they are read. Raises: Unreadable, also in the middle."""
    try:
        with gzip.open(path, "rb") as file:
            yield _header(_read(file)), _entries(file)
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error


def _header(document: dict[str, Any]) -> Header:
    if document.get("format") != FORMAT or document.get("version") != VERSION:
        raise Unreadable("it is no segment of an audit trail that this version reads")
    try:
        return Header(int(document["number"]), int(document["first"]), str(document["before"]))
    except (KeyError, TypeError, ValueError):
        raise Unreadable("its first line isn't complete") from None


def _entries(file: gzip.GzipFile) -> Iterator[AuditEntry]:
    while True:
        document = _read(file)
        if not document:
            return
        yield _entry(document)


def _entry(document: dict[str, Any]) -> AuditEntry:
    try:
        values = {name: document[name] for name in COLUMNS}
        at = datetime.fromisoformat(values["at"])
        if not isinstance(values["position"], int) or not isinstance(values["id"], int):
            raise TypeError
        return AuditEntry(**{**values, "at": at if at.tzinfo else at.replace(tzinfo=UTC)})
    except (KeyError, TypeError, ValueError):
        raise Unreadable("a line isn't complete") from None


def _read(file: gzip.GzipFile) -> dict[str, Any]:
    """The next line; empty at the end."""
    try:
        line = file.readline(LONGEST_LINE)
        document = json.loads(line) if line else {}
    except _UNREADABLE as error:
        raise Unreadable(f"it was cut off or altered ({type(error).__name__})") from error
    if line and not (isinstance(document, dict) and line.endswith(b"\n")):
        raise Unreadable("a line isn't complete")
    return document


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), cls=_Encoder).encode() + b"\n"


class _Encoder(DjangoJSONEncoder):
    """Moments to the microsecond, as the MAC covers them."""

    def default(self, o: Any) -> Any:
        return o.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(o, datetime) else super().default(o)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
