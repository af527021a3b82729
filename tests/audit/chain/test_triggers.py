"""The database refuses to change or delete audit entries, but for linking and for blanking personal parts."""

import pytest
from django.db import DatabaseError, connection, transaction

from gatekeeper.audit.chain import triggers
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.models import AuditEntry
from gatekeeper.health.checks.audit_checks import check_audit_triggers
from tests.audit.chain.attacker import sql
from tests.audit.chain.test_attacker import COLUMNS, another_value
from tests.audit.chain.test_links import write

pytestmark = pytest.mark.django_db
TABLE = triggers.TABLE


@pytest.fixture
def entries() -> list[AuditEntry]:
    """One that is linked, and one that waits."""
    write("a")
    link_new_entries()
    write("b")
    return list(AuditEntry.objects.order_by("id"))


def refused(statement: str, *parameters: object) -> bool:
    try:
        with transaction.atomic():
            sql(statement, *parameters)
    except DatabaseError as refusal:
        return triggers.REFUSAL in str(refusal)
    return False


def test_every_column_is_covered():
    named = {*triggers.LINK, *triggers.OBJECT_PART, *triggers.ACTOR_PART, *triggers.OTHERS}

    assert named == {field.column for field in COLUMNS}


@pytest.mark.parametrize("field", COLUMNS, ids=lambda field: field.column)
def test_no_column_can_be_changed(entries, field):
    linked, waiting = entries
    for entry in (linked, waiting):
        if entry is waiting and field.column == "position":
            continue  # that is linking; what is linked wrongly, verify names
        new = another_value(field, getattr(entry, field.name))
        assert refused(f"UPDATE {TABLE} SET {field.column} = %s WHERE id = %s", new, entry.pk)


def test_nothing_can_be_deleted(entries):
    assert refused(f"DELETE FROM {TABLE} WHERE id = %s", entries[0].pk)
    assert refused(f"DELETE FROM {TABLE}")
    if connection.vendor == "postgresql":
        assert refused(f"TRUNCATE {TABLE}")


def test_a_link_cannot_be_taken_away(entries):
    assert refused(f"UPDATE {TABLE} SET position = NULL, digest = '', key_hint = '' WHERE id = %s", entries[0].pk)


def test_a_blanked_part_cannot_be_written_again(entries):
    blank = "object_label = 'Erased user', before = NULL, after = NULL, object_salt = ''"

    assert refused(f"UPDATE {TABLE} SET {blank} WHERE id = %s", entries[0].pk)  # by no erasure
    assert not refused(f"UPDATE {TABLE} SET {blank}, erased_by = 1 WHERE id = %s", entries[0].pk)
    assert refused(f"UPDATE {TABLE} SET object_label = 'x', erased_by = 2 WHERE id = %s", entries[0].pk)


def test_doctor_misses_a_trigger_that_is_gone(db):
    assert check_audit_triggers().status == "ok"
    name = triggers.NAMES[0]
    sql(f"DROP TRIGGER {name}" + (f" ON {TABLE}" if connection.vendor == "postgresql" else ""))

    assert check_audit_triggers().status == "failed"


def test_doctor_misses_a_trigger_that_is_switched_off(db):
    if connection.vendor == "sqlite":
        return  # has no such switch
    sql(f"ALTER TABLE {TABLE} DISABLE TRIGGER {triggers.NAMES[0]}")

    assert check_audit_triggers().status == "failed"
