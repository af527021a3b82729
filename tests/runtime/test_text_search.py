"""One column contains a text: the answers are those of ``icontains``, and PostgreSQL knows how many there will be."""

import pytest
from django.db import connection

from gatekeeper.audit.models import AuditEntry
from gatekeeper.runtime.text_search import column_contains
from gatekeeper.web.logs.audit_trail import SEARCHED

NAMES = ["Entra", "entra ID", "100%", "a_b", "axb", "back\\slash", "Zoë", "ZOË", "tests", "", "o'clock"]
ASKED = [*NAMES[:-2], "ENTRA", "%", "_", "\\", "'", "zoë", "ra i", "nobody"]


def write(*names: str) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(event="team.created", object_label=f"team of {name[:3]}", actor_name=name) for name in names
    )


@pytest.mark.parametrize("text", ASKED)
def test_the_same_rows_as_icontains(db: None, text: str) -> None:
    write(*NAMES)

    found = AuditEntry.objects.filter(column_contains(SEARCHED, "actor_name", text)).values_list(
        "actor_name", flat=True
    )

    assert sorted(found) == sorted(
        AuditEntry.objects.filter(actor_name__icontains=text).values_list("actor_name", flat=True)
    )


@pytest.mark.skipif(connection.vendor != "postgresql", reason="it is PostgreSQL that plans by statistics")
def test_postgresql_knows_that_nearly_all_rows_have_it(db: None) -> None:
    """Where it took them for few, it read and sorted a million entries for the newest fifty."""
    write(*["Entra"] * 900, *["tests"] * 100)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_auditentry")

    asked = AuditEntry.objects.filter(column_contains(SEARCHED, "actor_name", "entra")).order_by()

    assert int(asked.explain().partition("rows=")[2].partition(" ")[0]) > 500
