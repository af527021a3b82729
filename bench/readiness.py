"""How long lists and counts by readiness take, and who_had: 100,000 people, each in several groups.

    .venv/bin/python -m bench.readiness [PEOPLE]                              on SQLite
    DATABASE_URL=postgres://… .venv/bin/python -m bench.readiness [PEOPLE]    on PostgreSQL

Everything happens in a database of its own, which is dropped at the end.
"""

import random
import sys
from itertools import islice

from bench.preview import ACTOR, fill, report  # isort: skip

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from bench.own_database import own_database
from gatekeeper.directory.access.people_pages import page_by_name
from gatekeeper.directory.access.people_parts import count_people
from gatekeeper.directory.access.states import State
from gatekeeper.directory.explanation.readiness_lists import count_states, state_parts
from gatekeeper.directory.explanation.who_had import holders, who_had
from gatekeeper.directory.identity_linking.identity_providers import add_identity_provider
from gatekeeper.directory.identity_linking.sign_in import UNKNOWN_PERSON
from gatekeeper.directory.models import EndedBecause, Membership, SignInIdentity, User
from gatekeeper.directory.permissions import Permission
from saml.models import SignInAttempt
from saml.sync.name_mismatches import differs_from_name_id


def main() -> None:
    """Fill, measure, clean up."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    random.seed(7)
    with own_database("readiness"):
        fill(people)
        vary()
        counts = ", ".join(f"{state.value} {count:,}" for state, count in count_states(differs_from_name_id()).items())
        print(f"{connection.vendor}: {counts}; {SignInAttempt.objects.count():,} sign-in attempts")
        measure()


def vary() -> None:
    """Link four of five, remove one of twenty from all groups, deactivate others, and refuse NameIDs."""
    provider = add_identity_provider("Entra", actor=ACTOR)
    users = list(User.objects.order_by("user_name_folded").only("id", "user_name", "work_email"))
    now = timezone.now()
    linked = [
        SignInIdentity(user=user, provider=provider, name_id=user.user_name, name_id_folded=user.user_name)
        for number, user in enumerate(users)
        if number % 5
    ]
    SignInIdentity.objects.bulk_create(linked, batch_size=5000)
    for number in range(0, len(users), 20):
        Membership.objects.filter(user=users[number]).end(now, ended_because=EndedBecause.REMOVED)
    for number in range(7, len(users), 50):
        User.objects.filter(pk=users[number].pk).update(active=False)
    attempts = (
        SignInAttempt(
            user=user,
            accepted=number % 50 != 3,
            failed_check=UNKNOWN_PERSON if number % 50 == 3 else "",
            name_key=f"{number}",
        )
        for _ in range(5)
        for number, user in enumerate(users)
    )
    SignInAttempt.objects.bulk_create(attempts, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measure() -> None:
    """What the pages ask for."""
    nobody = Q(pk__in=[])
    report("counts of all states", lambda: sum(count_states(differs_from_name_id()).values()))
    report("counts without refused NameIDs", lambda: sum(count_states(nobody).values()))
    for state in (State.CAN_SIGN_IN, State.NAME_ID_DIFFERS, State.NO_GROUP_ACCESS):
        people = state_parts(User.objects.all(), state, differs_from_name_id())
        report(f"count of {state.value}", lambda: count_people(people))  # noqa: B023 - called at once
        report(f"first page of {state.value}", lambda: len(page_by_name(people).people))  # noqa: B023
    report("who had a permission: count", lambda: count_people(holders(Permission.REPORTS)))
    moment = timezone.now()
    report("who had a permission: count at a moment", lambda: count_people(holders(Permission.REPORTS, moment)))
    report("who had a permission: first 50", lambda: sum(1 for _ in islice(who_had(Permission.REPORTS, moment), 50)))


if __name__ == "__main__":
    main()
