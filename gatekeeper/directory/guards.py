"""Nobody locks everybody out (rule 9)."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from django.db.models import Exists, OuterRef, QuerySet

from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import MappingVersion, Membership, User
from gatekeeper.directory.permissions import Permission
from gatekeeper.directory.queries import access_of_many, site_facts
from gatekeeper.errors import NobodyCouldConfigure

_BATCH = 500


@contextmanager
def keeping_a_configurator() -> Iterator[None]:
    """Wraps every change that can take access away, inside its transaction.

    A site where nobody could configure before has nothing to protect yet: it is being set up by commands.
    Cost:   one query while an active local administrator exists, which is nearly always.
    Raises: NobodyCouldConfigure; the transaction is then rolled back.
    """
    if _local_administrator_exists() or not _somebody_can_configure():
        yield
        return
    yield
    if not _somebody_can_configure():
        raise NobodyCouldConfigure


def _local_administrator_exists() -> bool:
    """They keep their access whatever happens to groups and mappings, and SCIM cannot touch them."""
    return User.objects.local().filter(active=True).exists()


def _somebody_can_configure() -> bool:
    candidates = _candidates()
    if candidates is None:
        return False
    site = site_facts()
    people = candidates.order_by("id").iterator(chunk_size=_BATCH)
    while batch := list(islice(people, _BATCH)):
        if any(access.can_configure for access in access_of_many(batch, site=site).values()):
            return True
    return False


def _candidates() -> QuerySet[User] | None:
    """Whoever has a mapping with the level or the permission: the two may come from different mappings."""
    versions = [
        version
        for version in MappingVersion.objects.live()
        if version.level == Level.GLOBAL_ADMINISTRATOR or Permission.CONFIGURATION.value in version.permissions
    ]
    if not versions:
        return None
    active = User.objects.provisioned().filter(active=True)
    if any(version.group_id is None for version in versions):
        return active
    member = Membership.objects.live().filter(user=OuterRef("pk"), group__in=[version.group_id for version in versions])
    return active.filter(Exists(member))
