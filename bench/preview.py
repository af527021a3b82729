"""How long a preview takes: 100,000 people in one group, each in several others too, and 20,000 who left.

    .venv/bin/python -m bench.preview [PEOPLE]                              on SQLite
    DATABASE_URL=postgres://… .venv/bin/python -m bench.preview [PEOPLE]    on PostgreSQL

Everything happens in a database of its own, which is dropped at the end.
"""
# ruff: noqa: E402 - Django has to be set up before models can be imported.

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.db import connection
from django.utils import timezone

from bench.own_database import own_database
from gatekeeper.audit.actor import Actor
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.people_pages import Place
from gatekeeper.directory.changes import GroupRecord, MappingRecord
from gatekeeper.directory.groups.idp_groups import create_group
from gatekeeper.directory.impact.affected_people import affected_people
from gatekeeper.directory.impact.preview import Preview, preview_between
from gatekeeper.directory.impact.proposals import ProposedChange
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import choose_fallback_team, set_mapping
from gatekeeper.directory.models import ActivePeriod, EndedBecause, IdpGroup, Membership, User
from gatekeeper.directory.permissions import Permission
from gatekeeper.directory.teams.teams import create_team

ACTOR = Actor.command("bench")
GROUPS, OTHERS = 200, 4  # groups beside the large one; of how many of them each person is a member
TEAMED = 0.1  # of the mappings name a team
LEAVERS = 20_000  # people who were removed from their last group
REPEATS = 5


def main() -> None:
    """Fill, measure, clean up."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    random.seed(7)
    with own_database("preview"):
        group = fill(people)
        print(f"{connection.vendor}: {people:,} people, {Membership.objects.count():,} memberships")
        measure(group)


def fill(people: int) -> IdpGroup:
    """Facts in bulk; mappings and teams through the service functions."""
    team = create_team("General", actor=ACTOR)
    special = create_team("Special", actor=ACTOR)
    choose_fallback_team(team.id, actor=ACTOR)
    large = create_group(GroupRecord(display_name="Everybody"), [], actor=ACTOR)
    others = [create_group(GroupRecord(display_name=f"Group {n}"), [], actor=ACTOR) for n in range(GROUPS)]
    for group in [large, *others]:
        permissions = frozenset(random.sample(list(Permission)[2:], 2))
        teams = frozenset({special.id}) if random.random() < TEAMED else frozenset[UUID]()
        wanted = MappingRecord(level=random.choice(list(Level)[:4]), permissions=permissions, team_ids=teams)
        set_mapping(group.id, wanted, actor=ACTOR)
    names = [f"p{number}@example.com" for number in range(people + LEAVERS)]
    users = [
        User(user_name=name, user_name_folded=name, work_email=name, work_email_folded=name, display_name=name)
        for name in names
    ]
    User.objects.bulk_create(users, batch_size=5000)
    ActivePeriod.objects.bulk_create((ActivePeriod(user=user) for user in users), batch_size=5000)
    Membership.objects.bulk_create(memberships(users[:people], large, others), batch_size=5000)
    removed = {"until": timezone.now(), "ended_because": EndedBecause.REMOVED}
    left = (Membership(user=user, group=large, **removed) for user in users[people:])
    Membership.objects.bulk_create(left, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return large


def memberships(users: list[User], large: IdpGroup, others: list[IdpGroup]) -> Iterator[Membership]:
    """Everybody in the large group, and in a few of the others at random."""
    for user in users:
        for group in [large, *random.sample(others, OTHERS)]:
            yield Membership(user=user, group=group)


def measure(group: IdpGroup) -> None:
    """The previews that a page asks for, and the list beside them."""
    site = site_facts()
    team = site.fallback_team_id
    assert team is not None
    other = next(known for known in site.teams if known != team)
    wanted = MappingRecord(level=Level.ADMINISTRATOR, permissions=frozenset({Permission.REPORTS}))
    change = ProposedChange.mapping(group.id, wanted)
    kinds = {
        "the large group's mapping": change,
        "the large group back on the Default Mapping": ProposedChange.mapping(group.id, None),
        "the Default Mapping": ProposedChange.mapping(None, wanted),
        "the fallback team": ProposedChange(fallback_team=(other,)),
        "no fallback team": ProposedChange(fallback_team=(None,)),
        "the last group policy": ProposedChange(last_group_policy="fallback"),
        "a team's deletion": ProposedChange.without_team(site, other),
        "a merger of teams": ProposedChange.merged_teams(site, team, other),
        "everything at once": ProposedChange(
            mappings=dict.fromkeys(site.mappings, wanted), default_mapping=wanted, fallback_team=(other,)
        ),
    }
    for name, proposal in kinds.items():
        report(f"preview of {name}, with the first page", lambda: shown(proposal))  # noqa: B023
    preview = previewed(change)
    last = User.objects.order_by("-user_name_folded")[50]
    report("first page of the people", lambda: len(affected_people(preview)[0]))
    report("last page of the people", lambda: len(affected_people(preview, place=Place(after=last.pk))[0]))
    report("search among the people", lambda: len(affected_people(preview, search="p9999")[0]))


def previewed(change: ProposedChange) -> Preview:
    """The preview of a change of the facts as they are, which are read too."""
    site = site_facts()
    return preview_between(site, change.applied_to(site))


def shown(change: ProposedChange) -> int:
    """What a request for the preview works out: the numbers, their fingerprint, and one page of people."""
    preview = previewed(change)
    affected_people(preview)
    return preview.affected if preview.fingerprint else 0


def report(what: str, work: Callable[[], Any]) -> None:
    """Median and slowest of a few runs, and the processor time of the median: this process and the database's own."""
    took = []
    for _ in range(REPEATS):
        began, busy = time.perf_counter(), processor_time()
        result = work()
        took.append((time.perf_counter() - began, processor_time() - busy))
    took.sort()
    median, slowest = took[len(took) // 2], took[-1][0]
    print(
        f"  {what}: {result:,} people, median {median[0]:.2f} s (processor {median[1]:.2f} s), slowest {slowest:.2f} s",
        flush=True,
    )


def processor_time() -> float:
    """Seconds of processor that this process and, on this machine, its PostgreSQL backend have used."""
    own = time.process_time()
    if connection.vendor != "postgresql":
        return own
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()
    status = Path(f"/proc/{backend}/stat")
    if not status.exists():
        return own
    user, system = status.read_text().rpartition(")")[2].split()[11:13]
    return own + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
