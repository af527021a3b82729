"""What the banners of every page ask: nothing is counted while there is nothing to say, and seldom while there is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.directory.deprovisioning_limits.limits import (
    approve_held_changes,
    deprovisioning_state,
    set_deprovisioning_limits,
)
from gatekeeper.directory.deprovisioning_limits.shown_state import shown_state
from gatekeeper.directory.people.users import edit_user
from tests.builders import ADMIN, ENTRA, make_group, make_users, map_group
from tests.fresh_cache import forget_what_is_kept

pytestmark = pytest.mark.django_db


def lose(how_many: int) -> None:
    people = make_users(how_many)
    for user in people:
        user.active_periods.update(since="2020-01-01T00:00:00Z")
        edit_user(user.id, lambda current: replace(current, active=False), actor=ENTRA)


def exceed() -> None:
    set_deprovisioning_limits(share=1, minimum=1, minutes=60, hold=False, actor=ADMIN)
    lose(3)


def gain() -> None:
    map_group(make_group("GK Top", make_users(1)), "global_administrator")


def limit() -> None:
    set_deprovisioning_limits(share=50, minimum=10, minutes=30, hold=True, actor=ADMIN)


def test_what_was_announced_before_the_window_is_not_shown() -> None:
    exceed()
    now = timezone.now()

    assert shown_state(now + timedelta(minutes=59)) is not None
    assert shown_state(now + timedelta(minutes=61)) is None


@pytest.mark.parametrize("losses", [0, 3, 15])
def test_a_quiet_day_costs_one_statement_however_many_lose_access(losses: int) -> None:
    lose(losses)

    with CaptureQueriesContext(connection) as asked:
        assert shown_state() is None

    assert len(asked) == 1
    assert not deprovisioning_state().alarming


@pytest.mark.parametrize("happens", [exceed, gain, limit])
def test_what_happened_is_counted_once_for_several_pages(happens: Callable[[], None]) -> None:
    happens()

    first = shown_state()
    with CaptureQueriesContext(connection) as asked:
        assert shown_state() == first == deprovisioning_state()
        again = len(asked)

    assert first is not None
    with CaptureQueriesContext(connection) as asked:
        deprovisioning_state()
    assert again - len(asked) == 1


def test_an_approval_shows_at_once_and_the_counts_after_some_seconds() -> None:
    exceed()
    set_deprovisioning_limits(share=1, minimum=1, minutes=60, hold=True, actor=ADMIN)
    before = shown_state()
    assert before is not None
    assert before.approved_until is None

    until = approve_held_changes(actor=ADMIN)
    approved = shown_state()
    assert approved is not None
    assert approved.approved_until == until

    lose(2)
    assert shown_state() == approved
    forget_what_is_kept()
    assert shown_state() == deprovisioning_state()
