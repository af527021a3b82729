"""What is certain about the limit without counting everybody is what counting everybody says (docs/rules.md#10)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from gatekeeper.directory.deprovisioning_limits import certainty
from gatekeeper.directory.deprovisioning_limits.limits import _losses, set_deprovisioning_limits
from gatekeeper.directory.mappings.mappings import set_last_group_policy
from gatekeeper.directory.models import ActivePeriod, DeprovisioningLimit, EndedBecause, Membership, Origin, User
from gatekeeper.directory.people.users import delete_user, edit_user
from tests.builders import ADMIN, ENTRA, add_members, make_group, make_users, map_group, remove_members

STEPS = ("deactivate", "reactivate", "delete", "join", "leave", "revoke", "count", "wait")


class Certainty(TestCase):
    @settings(max_examples=40)
    @given(
        steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 7)), max_size=14),
        share=st.sampled_from([1, 10, 30, 100]),
        minimum=st.integers(1, 4),
    )
    def test_what_is_certain_is_true(self, steps: list[tuple[str, int]], share: int, minimum: int) -> None:
        """Whatever happened, also within the window: certainly within the limit means not exceeded."""
        certainty.forget_active()
        set_deprovisioning_limits(share=share, minimum=minimum, minutes=60, hold=False, actor=ADMIN)
        people, group = make_users(8), make_group()
        with time_machine.travel(timezone.now(), tick=True) as clock:
            for step, number in steps:
                with self.captureOnCommitCallbacks(execute=True):
                    play(step, people[number], group, clock)
                now = timezone.now()
                limit, is_certain = certainty.limit_and_certainty(now)
                assert values_of(limit) == values_of(certainty.present_limit())
                start = now - timedelta(minutes=limit.minutes)
                losing = losing_as_a_query(start).count()
                assert certainty.people_losing(start) == losing, steps
                assert certainty.people_losing(start, 2) == min(losing, 2), steps
                if is_certain:
                    assert not _losses(limit, now).exceeded, steps


def losing_as_a_query(start: datetime) -> QuerySet[User]:
    """People who had access at some time since ``start`` and lost it: deactivated, deleted, or in no group any more."""
    deactivated = ActivePeriod.objects.filter(user=OuterRef("pk"), until__gte=start)
    removed = Membership.objects.filter(user=OuterRef("pk"), until__gte=start, ended_because=EndedBecause.REMOVED)
    member = Membership.objects.live().filter(user=OuterRef("pk"))
    inactive = Q(active=False) | Q(deleted_at__isnull=False)
    return User.objects.filter(origin=Origin.SCIM).filter(
        (inactive & Exists(deactivated)) | (Q(active=True, deleted_at=None) & Exists(removed) & ~Exists(member))
    )


def values_of(limit: DeprovisioningLimit) -> tuple[object, ...]:
    return limit.share, limit.minimum, limit.minutes, limit.hold


def play(step: str, user: User, group: object, clock: Any) -> None:
    gone = User.objects.get(pk=user.pk).deleted_at is not None
    if step == "wait":
        clock.shift(timedelta(minutes=35))
    elif step == "count":
        certainty.note_active(timezone.now(), User.objects.provisioned().filter(active=True).count())
    elif step == "revoke":
        set_last_group_policy("revoke", actor=ADMIN)
    elif gone:
        return
    elif step == "delete":
        delete_user(user.pk, actor=ADMIN)
    elif step in ("join", "leave"):
        (add_members if step == "join" else remove_members)(group, user)  # type: ignore[arg-type]
    else:
        edit_user(user.pk, lambda current: replace(current, active=step == "reactivate"), actor=ADMIN)


@pytest.mark.django_db
@pytest.mark.parametrize("crowd", [30, 300])
def test_a_loss_within_the_limit_costs_the_same_however_many_people_there_are(
    crowd: int, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    certainty.forget_active()
    users = make_users(12)
    User.objects.bulk_create(
        [User(user_name=f"{n}@crowd.x", user_name_folded=f"{n}@crowd.x") for n in range(crowd)], batch_size=500
    )
    ActivePeriod.objects.update(since="2020-01-01T00:00:00Z")
    set_deprovisioning_limits(share=50, minimum=5, minutes=60, hold=False, actor=ADMIN)
    certainty.limit_and_certainty(timezone.now())  # what it costs once to see that the limit was changed
    costs = []
    for user in users:
        with CaptureQueriesContext(connection) as captured, django_capture_on_commit_callbacks(execute=True):
            edit_user(user.pk, lambda current: replace(current, active=False), actor=ENTRA)
        costs.append(sum("count(" in query["sql"].lower() for query in captured))

    assert costs.count(1) == len(users) - 1, costs  # one statement with bounds; once the people are counted
    assert max(costs) <= 5


@pytest.mark.django_db
def test_the_same_person_deactivated_again_and_again_is_one_loss() -> None:
    certainty.forget_active()
    user = make_users(1)[0]
    set_deprovisioning_limits(share=10, minimum=3, minutes=60, hold=False, actor=ADMIN)
    certainty.limit_and_certainty(timezone.now())
    for active in (False, True) * 4:
        edit_user(user.pk, lambda current: replace(current, active=active), actor=ENTRA)  # noqa: B023

    with CaptureQueriesContext(connection) as captured:
        edit_user(user.pk, lambda current: replace(current, active=False), actor=ENTRA)

    assert sum("count(" in query["sql"].lower() for query in captured) == 2, "the facts, and the people; not everybody"


@pytest.mark.django_db
def test_a_limit_that_another_process_changed_is_the_one_that_counts() -> None:
    certainty.forget_active()
    users = make_users(5)
    certainty.limit_and_certainty(timezone.now())
    for user in users[:3]:
        edit_user(user.pk, lambda current: replace(current, active=False), actor=ADMIN)
    DeprovisioningLimit.objects.create(share=10, minimum=3, minutes=60, hold=True)

    for _ in range(2):
        limit, is_certain = certainty.limit_and_certainty(timezone.now())
        assert (limit.minimum, limit.hold) == (3, True)
        assert not is_certain


@pytest.mark.django_db
def test_a_decision_within_the_window_is_always_counted() -> None:
    map_group(make_group("GK", make_users(2)), "none")

    _, is_certain = certainty.limit_and_certainty(timezone.now())

    assert not is_certain
