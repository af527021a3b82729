"""Who had a permission or a level at a moment: an auditor's question, answered from the facts of that moment."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from gatekeeper.directory.access.affected_scope import Holds
from gatekeeper.directory.access.group_sets import active_people
from gatekeeper.directory.access.loaders import SLICE, access_of_many, site_facts
from gatekeeper.directory.access.people_parts import Parts, gives_level, granted, united, without_level
from gatekeeper.directory.access.resolver import LOCAL_ADMINISTRATOR, Access, SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import Origin, User
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import InvalidValue

COLUMNS = ("user_name", "email", "can_sign_in", "level", "permissions", "teams", "given_by")


def who_had(wanted: Level | Permission, at: datetime | None = None) -> Iterator[tuple[User, Access]]:
    """Everybody whose effective access held the permission, or was of exactly the level, at a moment (None: now).

    Order: by present userName. ``access.can_sign_in`` says who could have used it at that moment.
    Cost:  people are found by the database; access with names and links is read for them in slices.
    """
    site = site_facts(at)
    ids = united(holders(wanted, at, site)).order_by("user_name_folded", "id").values_list("id", flat=True)
    found = ids.iterator(chunk_size=5000)
    while some := list(islice(found, SLICE)):
        yield from with_access(some, at, site)


def holders(wanted: Level | Permission, at: datetime | None = None, site: SiteFacts | None = None) -> Parts:
    """The people of ``who_had``, in disjoint parts: all that counting and paging need."""
    facts = site or site_facts(at)
    active = active_people(at)
    provisioned = active.filter(origin=Origin.SCIM)
    if isinstance(wanted, Permission):
        parts = granted(provisioned, facts, *_gives(wanted, facts), at=at)
        is_local = wanted in LOCAL_ADMINISTRATOR.permissions
    elif wanted is Level.NONE:
        return without_level(provisioned, facts, at)
    else:
        parts = granted(provisioned, facts, lambda of: of.level is wanted, never=lambda of: of.level > wanted, at=at)
        is_local = wanted is LOCAL_ADMINISTRATOR.level
    return [*parts, *([active.filter(origin=Origin.LOCAL)] if is_local else [])]


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


def _gives(permission: Permission, site: SiteFacts) -> list[Holds]:
    """What mappings have to fulfil to give a permission: beside no level it has no effect."""

    def names_it(mapping: MappingRecord) -> bool:
        return permission in mapping.permissions

    naming = filter(names_it, (site.default_mapping, *site.mappings.values()))
    return [names_it] if all(map(gives_level, naming)) else [names_it, gives_level]
