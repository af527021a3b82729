"""Fixed statements are planned once for a connection, and what is sent together fails as anything else does."""

from typing import Any

import psycopg
import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.directory.models import User
from gatekeeper.runtime.bulk.inserts import insert_rows_later, target
from gatekeeper.runtime.statements import prepared
from gatekeeper.runtime.statements.fixed_sql import run, same
from gatekeeper.runtime.statements.prepared import prepared_cursor
from gatekeeper.runtime.statements.sent_together import sent_together
from gatekeeper.runtime.transactions import one_transaction
from tests.builders import make_group, make_user, make_users
from tests.prepared_statements import forget_prepared, plans_of_prepared

FIND = same("SELECT id FROM directory_user WHERE user_name_folded = %(name)s AND %(name)s <> ''")
ORM = User.objects.filter(user_name_folded="ada@x.com")
MEMBERS = target(
    "directory_membership", {"user_id": "uuid", "group_id": "uuid", "since": "timestamptz", "ended_because": "text"}
)
only_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite keeps what it compiled; its cursors have no other kind"
)


@pytest.fixture(autouse=True)
def nothing_prepared(db: None) -> None:
    forget_prepared()


@only_postgresql
def test_a_fixed_statement_is_prepared_once_and_a_query_of_django_never() -> None:
    ada = make_user("ada@x.com")

    for name in ("ada@x.com", "bo@x.com", "ada@x.com"):
        found = run(FIND, {"name": name})
        list(ORM)

    assert found == [(ada.pk,)]
    ours = [text for text in plans_of_prepared() if "user_name_folded = $1 AND $1 <> ''" in text]
    assert len(ours) == 1
    assert not [text for text in plans_of_prepared() if '"directory_user"."user_name_folded"' in text]


@pytest.mark.parametrize(
    ("text", "values", "row"),
    [
        ("SELECT 5 %% 3", [], (2,)),
        ("SELECT %(b)s || %(a)s || %(b)s", {"a": "1", "b": "2", "unused": "3"}, ("212",)),
        ("SELECT '%%s' || %s, 7 %% 4", ["x"], ("%sx", 3)),
        (f"SELECT {' || '.join(['%s'] * 60)}", ["x"] * 60, ("x" * 60,)),
        ("SELECT 1", {}, (1,)),
        ("SELECT '%'", None, ("%",)),
    ],
)
def test_placeholders_are_those_of_django(text: str, values: Any, row: tuple[Any, ...]) -> None:
    with prepared_cursor() as cursor:
        for _ in range(2):
            cursor.execute(text, values)
            assert cursor.fetchone() == row


@only_postgresql
def test_a_text_with_many_values_is_translated_once() -> None:
    text = f"SELECT {' || '.join(['%s'] * 70)} || 'translated once'"
    before = prepared.in_own_form.cache_info()

    for _ in range(3):
        with prepared_cursor() as cursor:
            cursor.execute(text, ["x"] * 70)
            assert isinstance(cursor.cursor, psycopg.RawCursor)

    after = prepared.in_own_form.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)


@only_postgresql
def test_where_queries_are_captured_their_values_are() -> None:
    with CaptureQueriesContext(connection) as captured:
        run(FIND, {"name": "ada@x.com"})

    assert "'ada@x.com'" in captured.captured_queries[0]["sql"]


@pytest.mark.parametrize("count", [1, 150, 300, 900])
def test_whoever_reads_what_was_collected_finds_it_however_much_it_is(count: int) -> None:
    """What is collected is sent while the cursor of the reading statement is open."""
    group, now = make_group("GK"), timezone.now()
    people = make_users(count)
    members = same("SELECT user_id FROM directory_membership WHERE until IS NULL")

    with one_transaction(), sent_together():
        insert_rows_later(MEMBERS, [(user.pk, group.pk, now, "") for user in people])
        assert len(run(members, {})) == count
        insert_rows_later(MEMBERS, [(make_user().pk, group.pk, now, "")])
        assert len(run(members, {})) == count + 1


@only_postgresql
def test_a_cursor_is_kept_until_it_has_failed_or_read_a_lot() -> None:
    with prepared_cursor() as first:
        first.execute("SELECT 1 WHERE 1 = %s", [1])
    with prepared_cursor() as second:
        second.execute("SELECT n FROM generate_series(1, %s) AS n", [1_000])
        assert len(second.fetchall()) == 1_000
    assert second is first

    with pytest.raises(DataError), transaction.atomic(), prepared_cursor() as third:
        third.execute("SELECT 1 / (%s - 1)", [1])
    assert third is not second
    with prepared_cursor() as fourth:
        assert fourth is not third
    assert run(same("SELECT 1"), {}) == [(1,)]


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_the_cursor_of_a_connection_that_was_closed_is_not_used_again() -> None:
    with prepared_cursor() as former:
        former.execute("SELECT 1 WHERE 1 = %s", [1])
    connection.close()

    with prepared_cursor() as present:
        assert present is not former
        present.execute("SELECT 1 WHERE 1 = %s", [1])


@pytest.mark.parametrize("count", [1, 30, 1_500])
def test_rows_of_any_number_are_inserted(count: int) -> None:
    group, now = make_group("GK"), timezone.now()
    people = make_users(count)

    with one_transaction(), sent_together():
        insert_rows_later(MEMBERS, [(user.pk, group.pk, now, "") for user in people])
        insert_rows_later(MEMBERS, [])

    assert set(group.memberships.values_list("user_id", flat=True)) == {user.pk for user in people}
    assert {row.since for row in group.memberships.all()} == {now}


def test_what_is_sent_together_fails_as_anything_else_and_leaves_nothing() -> None:
    group, now, ada = make_group("GK"), timezone.now(), make_user("ada@x.com")

    with pytest.raises(IntegrityError), one_transaction(), sent_together():
        insert_rows_later(MEMBERS, [(ada.pk, group.pk, now, "")] * 2)

    assert not group.memberships.exists()
