"""Two changes at one moment, each of which leaves the other's person: on PostgreSQL, by two real connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connection

from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.groups.idp_groups import delete_group
from gatekeeper.directory.mappings.mappings import set_mapping
from gatekeeper.directory.models import IdpGroup, User
from gatekeeper.directory.people.users import edit_user
from gatekeeper.errors import NobodyCouldConfigure
from gatekeeper.runtime.transactions import one_transaction
from tests.builders import ADMIN, ENTRA, link, make_group, make_provider, make_user, map_group

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("postgresql" not in connection.vendor, reason="SQLite lets one transaction write at a time"),
]

TOGETHER = 1.0  # seconds to wait for the other one, who comes only if nothing makes them wait for each other


def deactivate(user: User, _: IdpGroup) -> None:
    edit_user(user.id, lambda current: replace(current, active=False), actor=ENTRA)


def unmap(_: User, group: IdpGroup) -> None:
    set_mapping(group.id, MappingRecord(), actor=ADMIN)


def end_group(_: User, group: IdpGroup) -> None:
    delete_group(group.id, actor=ENTRA)


@pytest.mark.parametrize("second", [deactivate, unmap, end_group])
def test_of_two_changes_that_each_take_one_of_the_last_two_one_is_refused(
    second: Callable[[User, IdpGroup], None],
) -> None:
    make_provider()
    people = [make_user(), make_user()]
    groups = [make_group(members=[user]) for user in people]
    for group in groups:
        map_group(group, "global_administrator", ["configuration"])
    link()
    before_commit = Barrier(2)

    def take(what: tuple[Callable[[User, IdpGroup], None], User, IdpGroup]) -> Any:
        change, user, group = what
        try:
            with one_transaction():
                change(user, group)
                with suppress(BrokenBarrierError):
                    before_commit.wait(TOGETHER)
        except NobodyCouldConfigure:
            return "refused"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as threads:
        came_of_it = list(threads.map(take, [(deactivate, people[0], groups[0]), (second, people[1], groups[1])]))

    assert sorted(came_of_it) == ["done", "refused"]
    found = access_of_many(User.objects.filter(pk__in=[user.pk for user in people]))
    assert sum(access.can_configure for access in found.values()) == 1
