"""Who had a permission or a level at a moment: an auditor's question, answered from the facts of that moment."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from gatekeeper.directory.access.group_sets import active_people, each_group_set
from gatekeeper.directory.access.loaders import SLICE, access_of_many, site_facts
from gatekeeper.directory.access.resolver import Access, SiteFacts
from gatekeeper.directory.impact.counts import ImpactCounts
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import User
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import InvalidValue

COLUMNS = ("user_name", "email", "can_sign_in", "level", "permissions", "teams", "given_by")


def who_had(wanted: Level | Permission, at: datetime | None = None) -> Iterator[tuple[User, Access]]:
    """Everybody whose effective access held the permission, or was of exactly the level, at a moment (None: now).

    Order: by present userName. ``access.can_sign_in`` says who could have used it at that moment.
    Cost:  people are filtered by group set, in slices; access with names and links is read only for those found.
    """
    site = site_facts(at)
    found = holders(wanted, at, site)
    while some := list(islice(found, SLICE)):
        yield from with_access(some, at, site)


def holders(wanted: Level | Permission, at: datetime | None = None, site: SiteFacts | None = None) -> Iterator[UUID]:
    """The ids of the people of ``who_had``, in its order: all that counting and paging need."""
    facts = site or site_facts(at)
    counts = ImpactCounts(facts, facts)
    people = each_group_set(active_people(at).order_by("user_name_folded", "id"), at)
    holds = _holds(wanted)
    return (user_id for user_id, group_set in people if holds(counts.both(group_set)[0]))


def with_access(
    ids: Sequence[UUID], at: datetime | None = None, site: SiteFacts | None = None
) -> Iterator[tuple[User, Access]]:
    """These people with their access at a moment, in the order of ``ids``."""
    users = User.objects.in_bulk(ids)
    access = access_of_many(users.values(), at, site)
    yield from ((users[user_id], access[user_id]) for user_id in ids)


def as_row(user: User, access: Access) -> dict[str, Any]:
    """One person as the command, the page, the API and the CSV show them."""
    document = access.as_document()
    return {
        "id": str(user.id),
        **{name: document[name] for name in COLUMNS[:-1]},
        "given_by": [source["name"] for source in document["sources"]],
    }


def level_or_permission(name: str) -> Level | Permission:
    """``"administrator"`` or ``"reports"``: no level is called like a permission. Raises InvalidValue."""
    known: dict[str, Level | Permission] = {level.slug: level for level in Level if level is not Level.NONE}
    known |= {permission.value: permission for permission in Permission}
    if name not in known:
        raise InvalidValue("permission or level", f"there is no {name}; known are {', '.join(known)}.")
    return known[name]


def _holds(wanted: Level | Permission) -> Callable[[Access], bool]:
    if isinstance(wanted, Permission):
        return lambda access: wanted in access.permissions
    return lambda access: access.level is wanted
