"""No table of ours pays for an index that another one covers: each write would keep both."""

import pytest
from django.apps import apps
from django.db import connection

pytestmark = pytest.mark.django_db

# An index whose columns are the first ones of another, where neither holds a part of the table or an expression. A
# unique one stays, for it is a constraint.
COVERED_ON_POSTGRESQL = """
SELECT covered.indexrelid::regclass::text, other.indexrelid::regclass::text
FROM pg_index AS covered
JOIN pg_index AS other ON other.indrelid = covered.indrelid AND other.indexrelid <> covered.indexrelid
JOIN pg_class AS held ON held.oid = covered.indrelid
WHERE held.relname = ANY(%s)
AND NOT covered.indisunique AND covered.indpred IS NULL AND other.indpred IS NULL
AND covered.indexprs IS NULL AND other.indexprs IS NULL
AND (string_to_array(covered.indkey::text, ' '))[1:covered.indnkeyatts]
    = (string_to_array(other.indkey::text, ' '))[1:covered.indnkeyatts]
"""


def our_tables() -> list[str]:
    return [
        model._meta.db_table
        for model in apps.get_models()
        if model.__module__.split(".")[0] in {"gatekeeper", "saml", "scim"}
    ]


def covered_on_sqlite() -> list[tuple[str, str]]:
    found = []
    with connection.cursor() as cursor:
        for table in our_tables():
            cursor.execute(f"PRAGMA index_list({table})")
            whole = [(name, unique) for _, name, unique, _, partial in cursor.fetchall() if not partial]
            columns = {}
            for name, _ in whole:
                cursor.execute(f"PRAGMA index_info({name})")
                columns[name] = [column for _, _, column in cursor.fetchall()]
            whole = [(name, unique) for name, unique in whole if None not in columns[name]]  # as an expression is
            found += [
                (name, other)
                for name, unique in whole
                for other, _ in whole
                if name != other and not unique and columns[other][: len(columns[name])] == columns[name]
            ]
    return found


def test_no_index_is_covered_by_another_one() -> None:
    if connection.vendor != "postgresql":
        assert covered_on_sqlite() == []
        return
    with connection.cursor() as cursor:
        cursor.execute(COVERED_ON_POSTGRESQL, [our_tables()])
        assert cursor.fetchall() == []
