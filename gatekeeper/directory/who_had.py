"""Who had a permission or a level at a moment: the question of an auditor, answered from the facts of that moment."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from gatekeeper.directory.access import Access
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import User
from gatekeeper.directory.permissions import Permission
from gatekeeper.directory.queries import SLICE, access_of_many, site_facts
from gatekeeper.directory.signatures import active_people, each_signature
from gatekeeper.directory.tally import Tally
from gatekeeper.errors import InvalidValue


def who_had(wanted: Level | Permission, at: datetime | None = None) -> Iterator[tuple[User, Access]]:
    """Everybody whose effective access held the permission, or was of exactly the level, at a moment (None: now).

    Order: by present userName. ``access.can_sign_in`` tells who could have used it at that moment.
    Cost:  people are sifted by signature, in slices; access with names and links is read only for those found.
    """
    site = site_facts(at)
    tally = Tally(site, site)
    people = each_signature(active_people(at).order_by("user_name_folded", "id"), at)
    found = (user_id for user_id, signature in people if _holds(wanted)(tally.both(signature)[0]))
    while some := list(islice(found, SLICE)):
        users = User.objects.in_bulk(some)
        access = access_of_many(users.values(), at, site)
        yield from ((users[user_id], access[user_id]) for user_id in some)


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
