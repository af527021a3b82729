"""Making a backup: all tables as they were at one moment, while the site goes on writing."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.backup.manifest import MAC_NAME, NAME, Manifest, Member, TableFacts, mac_of, table_member
from gatekeeper.backup.new_file import new_file
from gatekeeper.backup.refusals import BackupNotMade
from gatekeeper.backup.schema import applied, known
from gatekeeper.backup.site_keys import fingerprints, kept_in_files
from gatekeeper.backup.tables import last_number, lines, tables
from gatekeeper.runtime.command import iso_utc
from gatekeeper.runtime.database_limits import Limits, limited

_LIMITS = Limits(statement=0, lock=60)  # a large table takes as long as it takes


@dataclass(frozen=True, slots=True)
class Made:
    """An archive that was written."""

    file: Path
    size: int
    manifest: Manifest


def make_backup(path: Path) -> Made:
    """Write the archive. Raises: BackupNotMade, and leaves no file behind."""
    if applied() != known():
        raise BackupNotMade("The tables are of another version than the program: run manage.py migrate first.")
    with new_file(path) as file, limited(_LIMITS):
        link_new_entries()  # so that the head says as much as it can
        with ZipFile(file, "w", ZIP_DEFLATED, strict_timestamps=False) as archive, _one_moment():
            manifest = _write(archive)
        size = file.seek(0, 2)
    return Made(path, size, manifest)


def _write(archive: ZipFile) -> Manifest:
    made_at, members, facts = iso_utc(timezone.now()) or "", {}, {}
    newest = head()  # the first query: the moment is its own
    for table in tables():
        count = _Count(lines(table))
        members[table_member(table.name)] = _member(archive, table_member(table.name), count)
        facts[table.name] = TableFacts(table.columns, count.lines, last_number(table))
    for name, content in kept_in_files().items():
        members[name] = _member(archive, name, [content])
    manifest = Manifest(
        made_at=made_at,
        database=connection.vendor,
        audit_head=f"{newest.position}:{newest.digest}" if newest else None,
        migrations=sorted(applied()),
        keys=fingerprints(),
        tables=facts,
        members=members,
    )
    written = manifest.written()
    _member(archive, NAME, [written])
    _member(archive, MAC_NAME, [mac_of(written, settings.SECRET_KEY).encode()])
    return manifest


class _Count:
    """Counts the lines that go through it."""

    def __init__(self, source: Iterable[bytes]) -> None:
        self.source, self.lines = source, 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self.source:
            self.lines += 1
            yield line


def _member(archive: ZipFile, name: str, parts: Iterable[bytes]) -> Member:
    size, digest = 0, sha256()
    info = ZipInfo(name)
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16  # for whoever unpacks it by hand
    with archive.open(info, "w", force_zip64=True) as member:
        for part in parts:
            member.write(part)
            digest.update(part)
            size += len(part)
    return Member(size, digest.hexdigest())


@contextmanager
def _one_moment() -> Iterator[None]:
    """Every query sees the database as it was at the first one; nobody who writes waits for it, nor it for them."""
    if connection.vendor == "postgresql":
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")  # atomic() would lock out whoever writes
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
