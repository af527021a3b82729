"""Lockout protection: after a change somebody is left who may configure the site (docs/rules.md#9)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from gatekeeper.directory.access.affected_scope import groups_where, in_no_group, members_where, with_last_ended
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import (
    EndedBecause,
    LastGroupPolicy,
    SignInIdentity,
    User,
)
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import NobodyCouldConfigure
from gatekeeper.runtime.statements.fixed_sql import Statement, is_true, same

_LOCK_NUMBER = 0x6A7E_0009  # any number, the same in every process; advisory locks are per database
_inside: ContextVar[bool] = ContextVar("protected_from_lockout", default=False)


@contextmanager
def protected_from_lockout() -> Iterator[None]:
    """Wrap a change that can take access away, inside its transaction, and check its result.

    A site where nobody could configure before has nothing to protect yet: it is being set up by commands.
    Nested calls check once, at the end of the outermost: a whole document is judged by its result, not by its steps.
    Concurrent transactions check one after the other: two people can't both be taken for the one who is left.
    Cost:   one query while an active local administrator exists, which is nearly always.
    Raises: NobodyCouldConfigure; the transaction is then rolled back.
    """
    if _inside.get():
        yield
        return
    protected = _depends_on_people() and _somebody_can_configure()
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)
    if protected:
        _wait_for_other_judgements()
        if not _somebody_can_configure():
            raise NobodyCouldConfigure


def somebody_could_configure(site: SiteFacts) -> bool:
    """Whether an active person could come in and configure, if the site's facts were these."""
    return _local_administrator_exists() or _linked_people_can(site)


def _wait_for_other_judgements() -> None:
    """Let one transaction check at a time. The lock is taken last, and so cannot deadlock with the locks of rows.

    A transaction that waited sees what the other one committed. On SQLite one transaction writes at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_NUMBER])


def _depends_on_people() -> bool:
    """Whether no local administrator is there, and a mapping makes people Global Administrators. One query."""
    return is_true(_NO_LOCAL_ADMINISTRATOR_AND_LEADING, {"level": Level.GLOBAL_ADMINISTRATOR.value})


def _local_administrator_exists() -> bool:
    """Local administrators keep their access whatever happens to groups and mappings, and SCIM cannot touch them."""
    return is_true(_LOCAL_ADMINISTRATOR, {})


def _somebody_can_configure() -> bool:
    """Whether an active person from the identity provider can configure now. Mostly one query."""
    asked = {"level": Level.GLOBAL_ADMINISTRATOR.value, "permission": Permission.CONFIGURATION.value}
    return is_true(_BY_ONE_MAPPING, asked) or _linked_people_can(site_facts())


_LOCAL = "EXISTS (SELECT 1 FROM directory_user WHERE deleted_at IS NULL AND origin = 'local' AND active)"
_LEADING = "EXISTS (SELECT 1 FROM directory_mappingversion WHERE until IS NULL AND level = %(level)s)"
_LOCAL_ADMINISTRATOR = same(f"SELECT {_LOCAL}")
_NO_LOCAL_ADMINISTRATOR_AND_LEADING = same(f"SELECT NOT {_LOCAL} AND {_LEADING}")
# Somebody who may configure by the mapping of one group: enough nearly always, and found without the site's facts.
_SOMEBODY = """
SELECT EXISTS (
  SELECT 1 FROM directory_mappingversion AS mapping
    JOIN directory_membership AS member ON member.group_id = mapping.group_id AND member.until IS NULL
    JOIN directory_user AS person ON person.id = member.user_id
    JOIN directory_signinidentity AS link ON link.user_id = person.id AND link.until IS NULL
    JOIN directory_identityprovider AS provider ON provider.id = link.provider_id AND provider.until IS NULL
   WHERE mapping.until IS NULL AND mapping.level = %(level)s AND {permitted}
     AND person.active AND person.deleted_at IS NULL AND person.origin = 'scim'
     AND link.name_id_folded = person.work_email_folded)"""
_BY_ONE_MAPPING = Statement(
    _SOMEBODY.format(permitted="mapping.permissions @> to_jsonb(%(permission)s::text)"),
    _SOMEBODY.format(permitted="EXISTS (SELECT 1 FROM json_each(mapping.permissions) WHERE value = %(permission)s)"),
)


def _linked_people_can(site: SiteFacts) -> bool:
    """docs/rules.md#8 as a query. The level and the permission may come from different groups."""
    mappings = (site.default_mapping, *site.mappings.values())
    if not site.has_saml_connection or not all(
        any(map(gives, mappings)) for gives in (_gives_level, _gives_permission)
    ):
        return False
    links = SignInIdentity.objects.live().filter(
        user=OuterRef("pk"), provider__until=None, name_id_folded=F("user__work_email_folded")
    )
    people = User.objects.provisioned().filter(Exists(links), active=True)
    if people.filter(
        *(members_where(groups_where(site, gives)) for gives in (_gives_level, _gives_permission))
    ).exists():
        return True
    if not (_gives_level(site.default_mapping) and _gives_permission(site.default_mapping)):
        return False
    groupless = people.filter(in_no_group())
    if site.last_group_policy == LastGroupPolicy.REVOKE:
        groupless = with_last_ended(groupless).filter(~Q(last_ended=EndedBecause.REMOVED) | Q(last_ended=None))
    return groupless.exists()


def _gives_level(mapping: MappingRecord) -> bool:
    return mapping.level is Level.GLOBAL_ADMINISTRATOR


def _gives_permission(mapping: MappingRecord) -> bool:
    return Permission.CONFIGURATION in mapping.permissions
