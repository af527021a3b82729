"""Whom the requests are about that wait for an administrator's approval."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.directory.models import Membership
from gatekeeper.errors import PrivilegeHeld


@dataclass(frozen=True, slots=True)
class HeldPeople:
    """Whose access the requests would take, and who would become Global Administrator: ids as texts."""

    losing: frozenset[str]
    becoming: frozenset[str]


def held_people(entries: Iterable[ProvisioningEntry]) -> HeldPeople:
    """Everybody whom these held requests name. A query for each request about a group.

    Who is removed from a group may be in another one: they could lose their access, and need not.
    """
    losing, becoming = set[str](), set[str]()
    for entry in entries:
        if entry.reason == PrivilegeHeld.code:
            becoming |= {str(each["id"]) for each in (entry.parameters or {}).get("people", ())}
        elif entry.user_id:
            losing.add(str(entry.user_id))
        elif entry.group_id:
            losing |= _leaving(entry, entry.group_id)
    return HeldPeople(frozenset(losing), frozenset(becoming))


def _leaving(entry: ProvisioningEntry, group_id: UUID) -> set[str]:
    """The members whom a request takes out of its group: those it names, those a PUT leaves out, or all."""
    members = set(map(str, Membership.objects.live().filter(group=group_id).values_list("user", flat=True)))
    said = str(entry.request)
    named = {member for member in members if member in said}
    if entry.method == "PUT":
        return members - named
    return named or members
