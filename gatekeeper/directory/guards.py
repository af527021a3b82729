"""Nobody locks everybody out (rule 9)."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from gatekeeper.directory.access import SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import MappingVersion, Membership, User
from gatekeeper.directory.permissions import Permission
from gatekeeper.directory.queries import access_of_many, site_facts
from gatekeeper.errors import NobodyCouldConfigure

_BATCH = 500
_inside: ContextVar[bool] = ContextVar("keeping_a_configurator", default=False)


@contextmanager
def keeping_a_configurator() -> Iterator[None]:
    """Wraps every change that can take access away, inside its transaction.

    A site where nobody could configure before has nothing to protect yet: it is being set up by commands.
    Of several that are nested the outermost decides, so that a whole document is judged by its end, not by its steps.
    Cost:   one query while an active local administrator exists, which is nearly always.
    Raises: NobodyCouldConfigure; the transaction is then rolled back.
    """
    if _inside.get():
        yield
        return
    protected = not _local_administrator_exists() and _somebody_can_configure()
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)
    if protected and not _somebody_can_configure():
        raise NobodyCouldConfigure


def _local_administrator_exists() -> bool:
    """They keep their access whatever happens to groups and mappings, and SCIM cannot touch them."""
    return User.objects.local().filter(active=True).exists()


def somebody_could_configure(site: SiteFacts) -> bool:
    """Whether an active person could come in and configure, if the site's facts were these."""
    if _local_administrator_exists():
        return True
    candidates = _candidates([(None, site.default_mapping), *site.mappings.items()])
    return candidates is not None and _one_can(candidates, site)


def _somebody_can_configure() -> bool:
    """The same for the facts of now; on a site where no mapping leads there, by one query."""
    candidates = _candidates((version.group_id, version.record()) for version in MappingVersion.objects.live())
    return candidates is not None and _one_can(candidates, site_facts())


def _one_can(candidates: QuerySet[User], site: SiteFacts) -> bool:
    people = candidates.order_by("id").iterator(chunk_size=_BATCH)
    while batch := list(islice(people, _BATCH)):
        if any(access.can_configure for access in access_of_many(batch, site=site).values()):
            return True
    return False


def _candidates(mappings: Iterable[tuple[UUID | None, MappingRecord]]) -> QuerySet[User] | None:
    """Whoever has a mapping with the level or the permission: the two may come from different mappings."""
    leading = [group_id for group_id, mapping in mappings if _may_lead_there(mapping)]
    if not leading:
        return None
    active = User.objects.provisioned().filter(active=True)
    if None in leading:
        return active
    return active.filter(Exists(Membership.objects.live().filter(user=OuterRef("pk"), group__in=leading)))


def _may_lead_there(mapping: MappingRecord) -> bool:
    return mapping.level is Level.GLOBAL_ADMINISTRATOR or Permission.CONFIGURATION in mapping.permissions
