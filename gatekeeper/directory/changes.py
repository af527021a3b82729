"""Plain values that endpoints hand to the directory's services: no database, no HTTP, no protocol."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission


@dataclass(frozen=True, kw_only=True, slots=True)
class UserRecord:
    """One person as the identity provider states them.

    ``attributes`` is the rest of the profile exactly as it was sent; the directory keeps it and never looks inside.
    """

    user_name: str
    active: bool = True
    external_id: str | None = None
    display_name: str | None = None
    work_email: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupRecord:
    """One IdP group as the identity provider states it, without its members."""

    display_name: str
    external_id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


def as_document(record: UserRecord | GroupRecord) -> dict[str, Any]:
    """The record as the audit trail keeps it: its own fields and the rest of the profile side by side."""
    own = {each.name: getattr(record, each.name) for each in fields(record) if each.name != "attributes"}
    return {**own, **record.attributes}


def difference(current: UserRecord | GroupRecord, wanted: UserRecord | GroupRecord) -> dict[str, dict[str, Any]]:
    """Only what differs, before and after, attribute by attribute."""
    before, after = as_document(current), as_document(wanted)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {
        "before": {name: before.get(name) for name in names},
        "after": {name: after.get(name) for name in names},
    }


@dataclass(frozen=True, slots=True)
class MembersChange:
    """What is asked of a group's membership: start from ``base`` (None: from what is there), then add and remove.

    ``add`` and ``remove`` never share an id.
    """

    base: frozenset[UUID] | None = None
    add: frozenset[UUID] = frozenset()
    remove: frozenset[UUID] = frozenset()

    @classmethod
    def keep(cls) -> "MembersChange":
        return cls()

    def applied_to(self, current: Collection[UUID]) -> frozenset[UUID]:
        """The membership that results from ``current``."""
        start = frozenset(current) if self.base is None else self.base
        return (start | self.add) - self.remove

    def named(self) -> frozenset[UUID]:
        """The users who have to exist for the change to make sense. Removing an unknown user is no mistake."""
        return (self.base or frozenset()) | self.add

    def __bool__(self) -> bool:
        return self.base is not None or bool(self.add or self.remove)


@dataclass(frozen=True, kw_only=True, slots=True)
class MappingRecord:
    """What an IdP group, or the Default Mapping, grants."""

    level: Level = Level.NONE
    permissions: frozenset[Permission] = frozenset()
    team_ids: frozenset[UUID] = frozenset()
