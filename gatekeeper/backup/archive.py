"""Reading an archive, of which nothing is believed before it was checked.

Members are found by the names that the site itself gives them: no path is taken from the archive, and nothing is
unpacked. Sizes are compared while a member is read, in pieces, so that one that expands to more than the manifest says
ends there.
"""

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from gatekeeper.backup.manifest import (
    FALLBACKS,
    MAC_NAME,
    NAME,
    SECRET_KEY,
    Manifest,
    Member,
    is_authentic,
    read,
    table_member,
)
from gatekeeper.backup.refusals import ArchiveRefused, damaged

MOST_MEMBERS = 1000
LONGEST_MANIFEST = 2**20  # bytes, as are the next ones
LONGEST_SECRET = 2**16
LONGEST_ROW = 2**26
_PIECE = 2**20
_ENCRYPTED = 0x1
_UNREADABLE = (BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


class Archive:
    """An archive whose manifest was read."""

    def __init__(self, zipped: ZipFile) -> None:
        self._zipped = zipped
        self._infos = _infos(zipped)
        self._manifest = self._small(NAME, LONGEST_MANIFEST)
        self.manifest: Manifest = read(self._manifest)
        self._look_at_names()

    def secrets(self) -> dict[str, bytes]:
        """The keys that are in it, by name."""
        return {
            name: self._small(name, LONGEST_SECRET) for name in (SECRET_KEY, FALLBACKS) if name in self.manifest.members
        }

    def check(self, secret_key: str) -> None:
        """The manifest's MAC, then every byte of every member. Raises: ArchiveRefused."""
        if not is_authentic(self._manifest, self._small(MAC_NAME, 100), secret_key):
            raise damaged("its manifest was altered")
        for name, member in self.manifest.members.items():
            self._check(name, member)

    def rows(self, table: str) -> Iterator[bytes]:
        """The lines of a table's member."""
        with self._opened(table_member(table)) as content:
            while line := content.readline(LONGEST_ROW):
                if not line.endswith(b"\n"):
                    raise damaged(f"a row of {table} isn't complete")
                yield line

    def _check(self, name: str, member: Member) -> None:
        size, digest = 0, sha256()
        with self._opened(name) as content:
            while piece := content.read(_PIECE):
                size += len(piece)
                if size > member.size:
                    raise damaged(f"{name} is larger than its manifest says")
                digest.update(piece)
        if (size, digest.hexdigest()) != (member.size, member.sha256):
            raise damaged(f"{name} isn't what was written")

    def _small(self, name: str, most: int) -> bytes:
        with self._opened(name) as content:
            found = content.read(most + 1)
        if len(found) > most:
            raise damaged(f"{name} is too large")
        return found

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        if name not in self._infos:
            raise damaged(f"{name} is missing")
        try:
            with self._zipped.open(self._infos[name]) as content:
                yield content
        except _UNREADABLE as error:
            raise damaged(f"{name} can't be read") from error

    def _look_at_names(self) -> None:
        wanted = {NAME, MAC_NAME, *map(table_member, self.manifest.tables)}
        wanted |= {SECRET_KEY, FALLBACKS} & set(self.manifest.members)
        if set(self._infos) != wanted or set(self.manifest.members) != wanted - {NAME, MAC_NAME}:
            raise damaged("it holds other parts than its manifest says")


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Raises: ArchiveRefused for what is no archive."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise ArchiveRefused(f"{path} can't be read: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ArchiveRefused(f"{path} is no file.")
    with os.fdopen(descriptor, "rb") as file, _zip(path, file) as zipped:
        yield Archive(zipped)


def _zip(path: Path, file: IO[bytes]) -> ZipFile:
    try:
        return ZipFile(file)
    except _UNREADABLE as error:
        raise ArchiveRefused(
            f"{path} is no backup, or was cut off; give a whole file that manage.py backup made."
        ) from error


def _infos(zipped: ZipFile) -> dict[str, ZipInfo]:
    listed = zipped.infolist()
    found = {info.filename: info for info in listed}
    if len(found) != len(listed) or len(listed) > MOST_MEMBERS:
        raise damaged("it lists a part twice, or too many")
    if any(info.flag_bits & _ENCRYPTED or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for info in listed):
        raise damaged("a part is packed in another way")
    if NAME not in found:
        raise ArchiveRefused("This is no backup of this site's kind; give a file that manage.py backup made.")
    return found
