"""Rows are inserted as any other row is: with the database's constraints, errors and transactions."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from gatekeeper.directory.models import Team, User
from gatekeeper.runtime.bulk.inserts import insert_rows, moment, uid
from gatekeeper.runtime.bulk.statistics import gather_missing_statistics
from tests.builders import make_provider, make_user
from tests.scim.test_costs import make_many
from tests.statistics import forget_statistics

pytestmark = pytest.mark.django_db
COLUMNS = ("since", "name_id", "name_id_folded", "object_id", "provider_id", "user_id", "persistent_id", "stated")


def test_a_constraint_that_is_violated_is_an_integrity_error() -> None:
    user, provider = make_user(), make_provider()
    row = (moment(timezone.now()), "ä\\\t\n", "a", "", uid(provider.pk), uid(user.pk), "", "{}")

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows("directory_signinidentity", COLUMNS, [row, row])

    insert_rows("directory_signinidentity", COLUMNS, [row])
    assert user.identities.get().name_id == "ä\\\t\n"


def test_no_rows_are_no_error() -> None:
    insert_rows("directory_signinidentity", COLUMNS, [])


def test_a_table_that_was_just_filled_gets_statistics() -> None:
    forget_statistics(User)
    make_many(5000, indexed=False)

    gather_missing_statistics(User, Team)

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'directory_user'::regclass")
            assert cursor.fetchone()[0] >= 5000
