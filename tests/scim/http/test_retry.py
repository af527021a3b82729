"""A write that loses a race in the database is attempted again, from its beginning."""

import threading
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.test import RequestFactory

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.directory.models import User
from scim.http.dispatch import run_in_transaction
from scim.http.request_context import ScimRequestContext, ScimResponse
from tests.builders import make_users

DEADLOCK, SERIALIZATION_FAILURE, LOCK_TIMEOUT = "40P01", "40001", "55P03"


class LostRace(Exception):
    """As psycopg states it."""

    def __init__(self, sqlstate):
        self.sqlstate = sqlstate


def lose(sqlstate):
    raise OperationalError("lost") from LostRace(sqlstate)


def context():
    return ScimRequestContext.of_request(RequestFactory().patch(f"/scim/v2/Users/{uuid4()}"))


class Write:
    """Notes a change for the log, and loses the race in its first attempts."""

    def __init__(self, context, sqlstate, losses):
        self.context, self.sqlstate, self.losses, self.attempts = context, sqlstate, losses, 0

    def __call__(self):
        self.attempts += 1
        self.context.changed.append({"code": "user_created", "name": "ada"})
        self.context.ignored.append("shoeSize")
        self.context.warnings.append({"code": "removed_all", "attribute": "emails", "count": 1})
        if self.attempts <= self.losses:
            lose(self.sqlstate)
        return ScimResponse()


@pytest.mark.django_db
@pytest.mark.parametrize("sqlstate", [DEADLOCK, SERIALIZATION_FAILURE])
@pytest.mark.parametrize("losses", [1, 2])
def test_after_a_lost_race_the_change_is_made_and_logged_one_time(sqlstate, losses):
    asked = context()
    write = Write(asked, sqlstate, losses)

    run_in_transaction(asked, write)

    assert write.attempts == losses + 1
    entry = ProvisioningEntry.objects.get()
    assert (len(entry.changed), entry.ignored, len(entry.warnings)) == (1, ["shoeSize"], 1)


@pytest.mark.django_db
@pytest.mark.parametrize(("sqlstate", "losses", "attempts"), [(DEADLOCK, 3, 3), (LOCK_TIMEOUT, 1, 1), (None, 1, 1)])
def test_it_is_not_attempted_for_ever_nor_after_another_failure(sqlstate, losses, attempts):
    asked = context()
    write = Write(asked, sqlstate, losses)

    with pytest.raises(OperationalError):
        run_in_transaction(asked, write)

    assert write.attempts == attempts
    assert not ProvisioningEntry.objects.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time")
def test_the_victim_of_a_real_deadlock_wins_its_second_attempt(transactional_db):
    first, second = (user.pk for user in make_users(2))
    has_first, has_second = threading.Event(), threading.Event()
    asked, attempts = context(), []

    def lock(user_id):
        User.objects.select_for_update().get(pk=user_id)

    def other_transaction():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '10min'")  # so that the victim is the write under test
            lock(second)
            has_second.set()
            has_first.wait(10)
            lock(first)
        connection.close()

    def write():
        attempts.append(1)
        lock(first)
        has_first.set()
        has_second.wait(10)
        lock(second)
        asked.changed.append({"code": "user_created", "name": "ada"})
        return ScimResponse()

    other = threading.Thread(target=other_transaction)
    other.start()
    run_in_transaction(asked, write)
    other.join()

    assert len(attempts) == 2
    assert len(ProvisioningEntry.objects.get().changed) == 1
