"""Who had a permission or a level at a moment: an auditor's question, answered from the facts of that moment."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from gatekeeper.directory.access.group_sets import active_people
from gatekeeper.directory.access.holders import Wanted, holders_among
from gatekeeper.directory.access.loaders import SLICE, access_of_many, site_facts
from gatekeeper.directory.access.people_pages import BY_USER_NAME
from gatekeeper.directory.access.people_parts import Parts, united
from gatekeeper.directory.access.resolver import Access, SiteFacts, Source
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import User
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import InvalidValue

COLUMNS = ("user_name", "email", "can_sign_in", "level", "permissions", "teams", "given_by")
COLUMNS_OF_HOLDERS = (*COLUMNS, "also_in")


def who_had(wanted: Level | Permission, at: datetime | None = None) -> Iterator[tuple[User, Access]]:
    """Everybody whose effective access held the permission, or was of exactly the level, at a moment (None: now).

    Order: by present userName. ``access.can_sign_in`` says who could have used it at that moment.
    Cost:  people are found by the database; access with names and links is read for them in slices.
    """
    site = site_facts(at)
    yield from all_with_access(holders(wanted, at, site), at, site)


def all_with_access(
    people: Parts, at: datetime | None = None, site: SiteFacts | None = None
) -> Iterator[tuple[User, Access]]:
    """All of ``people`` with their access at a moment, by userName, read in slices."""
    ids = united(people).order_by(*BY_USER_NAME.order_by).values_list("id", flat=True)
    found = ids.iterator(chunk_size=5000)
    while some := list(islice(found, SLICE)):
        yield from with_access(some, at, site)


def holders(wanted: Level | Permission, at: datetime | None = None, site: SiteFacts | None = None) -> Parts:
    """The people of ``who_had``, in disjoint parts: all that counting and paging need."""
    asked = Wanted(permission=wanted) if isinstance(wanted, Permission) else Wanted(level=wanted)
    return holders_among(active_people(at), asked, site or site_facts(at), at)


def with_access(
    ids: Sequence[UUID], at: datetime | None = None, site: SiteFacts | None = None
) -> Iterator[tuple[User, Access]]:
    """These people with their access at a moment, in the order of ``ids``."""
    users = User.objects.in_bulk(ids)
    access = access_of_many(users.values(), at, site)
    yield from ((users[user_id], access[user_id]) for user_id in ids)


def as_row(user: User, access: Access, wanted: Level | Permission | None = None) -> dict[str, Any]:
    """One person as the command, the page, the API and the CSV show them.

    ``given_by`` names what gives ``wanted``, and ``also_in`` the person's other groups; without ``wanted`` everything
    that gives something is in ``given_by``.
    """
    document, sources = access.as_document(), access.sources
    giving = [source for source in sources if wanted is None or _gives_it(source, wanted)]
    others = [source for source in sources if source not in giving and source.kind != "fallback"]
    return {
        "id": str(user.id),
        **{name: document[name] for name in COLUMNS[:-1]},
        "given_by": [source.name for source in giving],
        "also_in": [source.name for source in others],
    }


def _gives_it(source: Source, wanted: Level | Permission) -> bool:
    mapping = source.mapping
    return wanted in mapping.permissions if isinstance(wanted, Permission) else mapping.level is wanted


def level_or_permission(name: str) -> Level | Permission:
    """``"administrator"`` or ``"reports"``: no level is called like a permission. Raises InvalidValue."""
    known: dict[str, Level | Permission] = {level.slug: level for level in Level if level is not Level.NONE}
    known |= {permission.value: permission for permission in Permission}
    if name not in known:
        raise InvalidValue(
            _("permission or level"), _("there is no %(name)s; known are %(known)s."), name=name, known=", ".join(known)
        )
    return known[name]
