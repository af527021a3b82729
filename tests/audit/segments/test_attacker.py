"""An attacker with the database and without SECRET_KEY gains nothing by seals: each manipulation is found."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import models

from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.problems import Code
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, AuditHead, AuditSegment
from gatekeeper.audit.segments.sealing import seal_until
from tests.audit.chain.attacker import sql, without_triggers
from tests.audit.chain.test_attacker import another_value, attack
from tests.audit.segments.conftest import CUTOFF, NOW, OLD
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db
SEGMENTS, ENTRIES = "audit_auditsegment", "audit_auditentry"
# Not under the MAC: where the file lies, the MAC itself, and whether the table has the entries still.
FREE = {"machine", "deleted_at"}


@pytest.fixture
def former(trail: None) -> list[AuditEntry]:
    """The entries that are in files now, as they stood in the table."""
    entries = list(AuditEntry.objects.filter(position__lte=OLD).order_by("position"))
    assert seal_until(CUTOFF, actor=ADMIN).failure is None
    return entries


def codes() -> set[str]:
    """What an operator is told after the linking task ran."""
    link_new_entries()
    return {problem.code for problem in verify().problems}


def put_back(entry: AuditEntry, **changed: Any) -> None:
    """Insert a row as it was, or with changed columns."""
    for name, value in changed.items():
        setattr(entry, name, value)
    entry._state.adding = True
    entry.save(force_insert=True)


def test_nothing_is_found_where_nothing_was_done(former: list[AuditEntry]) -> None:
    assert codes() == set()


@pytest.mark.parametrize(
    "field",
    [field for field in AuditSegment._meta.concrete_fields if field.name not in FREE],
    ids=lambda field: field.column,
)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_column_of_a_seal_that_was_changed_is_found(
    former: list[AuditEntry], field: models.Field[Any, Any], number: int
) -> None:
    old = getattr(AuditSegment.objects.get(number=number), field.name)
    new = old + 70 if isinstance(old, int) else another_value(field, old)
    with attack():
        sql(f"UPDATE {SEGMENTS} SET {field.column} = %s WHERE number = %s", new, number)
        assert codes()


def remove_the_newest() -> None:
    sql(f"DELETE FROM {SEGMENTS} WHERE number = 3")


def remove_one_in_between() -> None:
    sql(f"DELETE FROM {SEGMENTS} WHERE number = 2")


def remove_all() -> None:
    sql(f"DELETE FROM {SEGMENTS}")


def move_the_boundary_back() -> None:
    sql(f"UPDATE {SEGMENTS} SET deleted_at = NULL WHERE number = 3")


def move_the_boundary_forward() -> None:
    """The newest segment reaches further, and the entries there are gone."""
    digest = AuditEntry.objects.get(position=OLD + 2).digest
    sql(f"UPDATE {SEGMENTS} SET last = %s, after = %s WHERE number = 3", OLD + 2, digest)
    sql(f"DELETE FROM {ENTRIES} WHERE position <= %s", OLD + 2)


def forge_a_segment() -> None:
    """Another segment behind the newest one, with a made-up MAC, and the entries there are gone."""
    newest = AuditSegment.objects.get(number=3)
    newest.number, newest.first, newest.before = 4, OLD + 1, newest.after
    newest.last, newest.after = OLD + 2, AuditEntry.objects.get(position=OLD + 2).digest
    newest.save(force_insert=True)
    sql(f"DELETE FROM {ENTRIES} WHERE position <= %s", OLD + 2)


def forge_a_segment_with_an_entry() -> None:
    """The same, with a made-up entry of its sealing."""
    forge_a_segment()
    about = AuditEntry.objects.filter(event=Event.AUDIT_SEGMENT_SEALED).latest("id")
    put_back(about, pk=None, position=None, digest="", key_hint="", object_id="4", number=(about.number or 0) + 1)
    sql(f"UPDATE {SEGMENTS} SET entry = %s WHERE number = 4", about.pk)


def exchange_two_seals() -> None:
    sql(f"UPDATE {SEGMENTS} SET number = 9 WHERE number = 1")
    sql(f"UPDATE {SEGMENTS} SET number = 1 WHERE number = 2")
    sql(f"UPDATE {SEGMENTS} SET number = 2 WHERE number = 9")


def delete_the_entry_of_a_seal() -> None:
    about = AuditEntry.objects.filter(event=Event.AUDIT_SEGMENT_SEALED).latest("id")
    sql(f"DELETE FROM {ENTRIES} WHERE id = %s", about.pk)


def delete_without_a_seal() -> None:
    sql(f"DELETE FROM {ENTRIES} WHERE position = %s", OLD + 1)


def take_all_traces_away() -> None:
    """No segments, no entries, no record of the newest link."""
    sql(f"DELETE FROM {SEGMENTS}")
    sql(f"DELETE FROM {ENTRIES} WHERE position <= %s", OLD + 2)
    sql("DELETE FROM audit_audithead")


ATTACKS: dict[Callable[[], None], str] = {
    remove_the_newest: Code.SEGMENT_REMOVED,
    remove_one_in_between: Code.SEGMENT_REMOVED,
    remove_all: Code.SEGMENT_REMOVED,
    move_the_boundary_back: Code.LINKS_TAKEN,
    move_the_boundary_forward: Code.SEAL_ALTERED,
    forge_a_segment: Code.SEAL_ALTERED,
    forge_a_segment_with_an_entry: Code.SEAL_ALTERED,
    exchange_two_seals: Code.SEAL_ALTERED,
    delete_the_entry_of_a_seal: Code.SEAL_NOT_IN_TRAIL,
    delete_without_a_seal: Code.LINKS_TAKEN,
    take_all_traces_away: Code.SEGMENT_REMOVED,
}


@pytest.mark.parametrize("manipulate", ATTACKS, ids=lambda each: each.__name__)
def test_each_manipulation_is_found(former: list[AuditEntry], manipulate: Callable[[], None]) -> None:
    with attack():
        manipulate()
        assert ATTACKS[manipulate] in codes()
        assert ATTACKS[manipulate] in codes()


def test_a_seal_of_a_site_that_was_put_back_counts_no_more(trail: None) -> None:
    """The row has the site's own MAC; the trail of that moment has no entry of it."""
    with without_triggers():
        before = list(AuditEntry.objects.order_by("id"))
        row = AuditHead.objects.get()
        seal_until(CUTOFF, actor=ADMIN)
        sql(f"DELETE FROM {ENTRIES}")
        sql(f"DELETE FROM {SEGMENTS} WHERE number > 1")
        for entry in before:
            if (entry.position or 0) > 5:
                put_back(entry)
        row.save()
        assert Code.SEAL_NOT_IN_TRAIL in codes()


# ── Entries that were sealed come back ───────────────────────────────────────────────────────────────────────────────
def test_an_entry_that_is_put_back_at_its_place_is_found(former: list[AuditEntry]) -> None:
    for entry in former:
        with attack():
            put_back(entry)
            assert Code.BEFORE_THE_SEAL in codes()


def test_an_entry_that_is_put_back_to_be_linked_anew_is_refused(former: list[AuditEntry]) -> None:
    for entry in former:
        with attack():
            put_back(entry, position=None, digest="", key_hint="")
            assert codes() == {Code.UNLINKED}


def test_so_it_is_where_the_seals_were_away_while_it_was_linked(former: list[AuditEntry]) -> None:
    kept = list(AuditSegment.objects.all())
    for entry in former:
        with attack():
            sql(f"DELETE FROM {SEGMENTS}")
            put_back(entry, position=None, digest="", key_hint="")
            link_new_entries()
            AuditSegment.objects.bulk_create(kept)
            assert codes() & {Code.WRITER_ORDER, Code.UNLINKED}


def test_an_entry_that_was_inserted_with_an_old_moment_is_refused(former: list[AuditEntry]) -> None:
    with attack():
        put_back(former[0], pk=None, position=None, digest="", key_hint="", number=99, at=CUTOFF - timedelta(days=9))
        assert codes() == {Code.UNLINKED}
    with attack():
        put_back(former[0], pk=None, position=3, number=99)
        assert codes() == {Code.BEFORE_THE_SEAL}


# ── An older seal of the same segment ────────────────────────────────────────────────────────────────────────────────
def test_a_seal_from_before_an_erasure_is_found(former: list[AuditEntry], folder: Path) -> None:
    older = AuditSegment.objects.get(number=2)
    with attack():
        newer = AuditEntry.objects.filter(event=Event.AUDIT_SEGMENT_SEALED, object_id="2").get()
        assert (newer.after or {})["revision"] == 0
        older.revision = 1
        older.save()
        assert Code.SEAL_ALTERED in codes()


def test_what_a_forged_row_holds_stops_no_verification(former: list[AuditEntry]) -> None:
    for value in ("[]", "null", '{"x": "y"}', json.dumps({"x": 10**30})):
        with attack():
            sql(f"UPDATE {SEGMENTS} SET writers = %s, until = %s", value, NOW + timedelta(days=1))
            assert Code.SEAL_ALTERED in codes()
