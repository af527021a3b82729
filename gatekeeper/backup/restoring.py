"""Restoring a backup into an empty site: all of it, or nothing.

The archive is checked to its last byte before the database is touched. Everything after that is one transaction, which
ends with the verification of the audit trail; the keys are put into DATA_DIR right before it is committed.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.db import DataError, IntegrityError, connection, transaction

from gatekeeper.audit.chain.head import Head, keep_head, kept_head
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.models import AuditEntry, AuditHead
from gatekeeper.backup.archive import Archive, opened
from gatekeeper.backup.manifest import Manifest
from gatekeeper.backup.refusals import ArchiveRefused, RestoreFailed, SiteNotEmpty, damaged
from gatekeeper.backup.schema import applied, has_tables, known
from gatekeeper.backup.site_keys import Keys, forget_key_made_here, keys_for
from gatekeeper.backup.tables import LEFT_OUT, Table, empty, go_on_after, insert, tables
from gatekeeper.directory.models import IdpGroup, User
from gatekeeper.runtime.database_limits import Limits, limited

MADE_BY_MIGRATIONS = ("audit_audithead", "auth_permission", "directory_sitechoice", "django_content_type")
_LIMITS = Limits(statement=0, lock=20)
_NAMED = 5  # migrations or tables in one line


@dataclass(frozen=True, slots=True)
class Restored:
    """What the site holds now; ``problems`` of the audit trail only where they were accepted."""

    users: int
    groups: int
    audit_entries: int
    problems: tuple[str, ...]
    made_at: str


def restore_backup(path: Path, *, accept_audit_damage: bool = False) -> Restored:
    """Raises: ArchiveRefused, SiteNotEmpty, RestoreFailed; the site is as it was."""
    had_tables = has_tables()
    try:
        with opened(path) as archive, limited(_LIMITS):
            keys = _checked(archive)
            _prepare(archive.manifest, had_tables)
            return _restored(archive, keys, accept_audit_damage)
    except BaseException:
        if had_tables or not has_tables():
            forget_key_made_here()
        raise


def _checked(archive: Archive) -> Keys:
    """The archive is whole, of this version, and its keys are known."""
    try:
        keys = keys_for(archive.secrets(), archive.manifest.keys)
    except UnicodeDecodeError:
        raise damaged("its keys can't be read") from None
    archive.check(keys.secret_key)
    ours, theirs = known(), set(archive.manifest.migrations)
    if theirs - ours:
        raise ArchiveRefused(
            f"A newer version made this archive ({_some(theirs - ours)}): restore it with that version."
        )
    if ours - theirs:
        raise ArchiveRefused(
            f"An older version made this archive (without {_some(ours - theirs)}): restore it with that version, "
            "then upgrade."
        )
    if {table.name: table.columns for table in tables()} != {
        name: facts.columns for name, facts in archive.manifest.tables.items()
    }:
        raise ArchiveRefused(
            "The archive has other tables than this version: restore it with the version that made it."
        )
    return keys


def _prepare(manifest: Manifest, had_tables: bool) -> None:
    """Tables of the archive's version, and nothing in them."""
    if not had_tables:
        call_command("migrate", interactive=False, verbosity=0)
    if applied() != set(manifest.migrations):
        raise SiteNotEmpty("The database has tables of another version; give an empty one, or run manage.py migrate.")
    _refuse_rows()


def _refuse_rows() -> None:
    filled = {table.name: table.count() for table in tables() if table.name not in MADE_BY_MIGRATIONS}
    filled |= {model._meta.db_table: model._base_manager.count() for model in LEFT_OUT}
    found = [f"{name} {count:,}" for name, count in filled.items() if count]
    if found:
        raise SiteNotEmpty(
            f"This site isn't empty (rows: {_some(found)}); a backup is restored into an empty site only, whose "
            "processes don't run: give another DATA_DIR and DATABASE_URL."
        )


def _restored(archive: Archive, keys: Keys, accept_audit_damage: bool) -> Restored:
    with keys.in_use(), ExitStack() as undone:
        with _refusing_data(), transaction.atomic(durable=True):
            _lock()
            _refuse_rows()
            _fill(archive)
            problems = _verify(archive.manifest)
            if problems and not accept_audit_damage:
                raise RestoreFailed(_not_intact(problems))
            found = Restored(
                User.objects.live().count(),
                IdpGroup.objects.live().count(),
                AuditEntry.objects.count(),
                problems,
                archive.manifest.made_at,
            )
            undone.enter_context(keys.placed())
        row = AuditHead.objects.filter(pk=1).first()
        if row:
            keep_head(row.trail, Head(row.position, row.digest))
        return found


@contextmanager
def _refusing_data() -> Iterator[None]:
    """What the tables do not take was not written by a site."""
    try:
        yield
    except (IntegrityError, DataError) as error:
        raise damaged("its rows don't fit together") from error
    except OSError as error:
        raise RestoreFailed(f"The keys could not be written to DATA_DIR: {error.strerror}.") from error


def _lock() -> None:
    """Nobody else writes until this is done. On SQLite the transaction itself is the lock."""
    if connection.vendor != "postgresql":
        return
    names = [table.name for table in tables()] + [model._meta.db_table for model in LEFT_OUT]
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(map(connection.ops.quote_name, names))} IN SHARE ROW EXCLUSIVE MODE")


def _fill(archive: Archive) -> None:
    """All rows; what they refer to is checked at the end, so that the order of tables does not matter."""
    found = list(tables())
    for table in found:
        if table.name in MADE_BY_MIGRATIONS:
            empty(table)
    for table in found:
        _fill_table(table, archive)
    connection.check_constraints()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # the verification would read in the wrong order


def _fill_table(table: Table, archive: Archive) -> None:
    facts = archive.manifest.tables[table.name]
    try:
        count = insert(table, archive.rows(table.name))
    except (ValueError, OverflowError, RecursionError) as error:
        raise damaged(f"a row of {table.name} can't be read") from error
    if count != facts.rows:
        raise damaged(f"{table.name} has another number of rows than its manifest says")
    go_on_after(table, facts.last_number)


def _verify(manifest: Manifest) -> tuple[str, ...]:
    """What is wrong with the restored audit trail. Raises: RestoreFailed where this machine knows a later one."""
    row = AuditHead.objects.filter(pk=1).first()
    kept = kept_head(row.trail) if row else None
    if row and kept and kept.head.position > row.position:
        raise RestoreFailed(
            f"{kept.path} keeps link {kept.head.position} of this audit trail, and the archive ends at {row.position}: "
            "move that file away if what happened after the backup is to be given up."
        )
    expected = None
    if manifest.audit_head is not None:
        position, _, digest = manifest.audit_head.partition(":")
        expected = Head(int(position), digest)
    return tuple(map(str, verify(expected_head=expected).problems))


def _not_intact(problems: tuple[str, ...]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return (
        f"The archive's audit trail isn't intact, and nothing was restored: {problems[0]}{more} If the site knew that "
        "before the backup, repeat with --accept-audit-damage."
    )


def _some(names: Iterable[str]) -> str:
    found = sorted(names)
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more
