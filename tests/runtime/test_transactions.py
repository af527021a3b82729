"""One transaction for one change: what joins it makes no savepoint, and what is caught inside needs one of its own."""

from contextlib import nullcontext, suppress

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from gatekeeper.directory.models import Team
from gatekeeper.runtime.transactions import one_transaction

pytestmark = pytest.mark.django_db(transaction=True)


class _Refused(Exception):
    """A refusal inside of a change."""


@one_transaction()
def add(name: str, *, refused: bool = False) -> None:
    Team.objects.create(name=name, name_folded=name)
    if refused:
        raise _Refused


@one_transaction()
def add_two(*, catch: bool) -> None:
    """Two calls that join, of which one is refused."""
    with suppress(_Refused) if catch else nullcontext():
        add("One", refused=True)
    add("Two")


def names() -> set[str]:
    return set(Team.objects.values_list("name", flat=True))


def test_calls_inside_join_without_savepoints() -> None:
    with CaptureQueriesContext(connection) as captured, one_transaction():
        add("One")
        add("Two")

    assert not [each for each in captured if "SAVEPOINT" in each["sql"]]
    assert names() == {"One", "Two"}


def test_a_failure_that_leaves_the_change_takes_all_of_it_back() -> None:
    with pytest.raises(_Refused):
        add_two(catch=False)

    assert names() == set()


def test_a_failure_that_is_caught_without_a_savepoint_is_a_mistake_that_shows() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        add_two(catch=True)

    assert names() == set()


def test_a_savepoint_around_what_may_fail_lets_the_rest_go_on() -> None:
    with one_transaction():
        with suppress(_Refused), transaction.atomic():
            add("One", refused=True)
        add("Two")

    assert names() == {"Two"}


def test_a_change_inside_somebody_elses_transaction_is_refused() -> None:
    """It would be said to have happened before it was committed."""
    with pytest.raises(RuntimeError), transaction.atomic():
        add("One")


def test_what_runs_after_the_commit_begins_a_change_of_its_own() -> None:
    with one_transaction():
        add("One")
        transaction.on_commit(lambda: add("Two"))

    assert names() == {"One", "Two"}
