"""What stands between a person and signing in, in plain words with the next step; and where access comes from. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gatekeeper.directory.access import Access, Blocked, Source
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission


@dataclass(frozen=True, slots=True)
class Readiness:
    """``kind`` is ready, waiting or blocked; ``due`` is when the next step happens by itself, if it does."""

    kind: str
    label: str
    text: str
    next_step: str
    due: datetime | None = None


_BLOCKED: dict[Blocked, tuple[str, str, str]] = {
    Blocked.DEACTIVATED: (
        "Deactivated",
        "The identity provider has deactivated this person. Sign-in is refused and no session is open.",
        "Assign them to the application in Entra again: sign-in comes back at once, with their groups.",
    ),
    Blocked.NO_GROUP_ACCESS: (
        "No access",
        "No group or mapping gives this person access.",
        "Add them to a group in Entra, or give their group a level other than No access.",
    ),
    Blocked.NO_SAML_CONNECTION: (
        "No SAML connection",
        "No identity provider is connected, or none is for the domain of this person's work e-mail.",
        "Set up single sign-on, or add the domain to a connection; the sync links everybody afterwards.",
    ),
    Blocked.IDENTITY_CONFLICT: (
        "Conflict",
        "Another active person has the same work e-mail, so neither is linked.",
        "Change one of the two addresses in Entra; the next sync links both.",
    ),
    Blocked.DELETED: (
        "Deleted",
        "The identity provider has deleted this person. The record stays for the audit trail.",
        "Assign them again in Entra if they should come back; they will be a new user here.",
    ),
}


def readiness_of(access: Access, *, due: datetime) -> Readiness:
    """The state of one person. ``due`` is when the next SAML user sync runs."""
    if access.blocked_because is None:
        return Readiness("ready", "Can sign in", "Nothing stands in the way.", "")
    if access.blocked_because is Blocked.AWAITING_SAML_SYNC:
        return _awaiting_sync(access, due)
    label, text, next_step = _BLOCKED[access.blocked_because]
    return Readiness("blocked", label, text, next_step)


def _awaiting_sync(access: Access, due: datetime) -> Readiness:
    if not access.email:
        return Readiness(
            "blocked",
            "No work e-mail",
            "This person has no work e-mail, so the sync has nothing to link them by.",
            'Map userPrincipalName to emails[type eq "work"].value in Entra.',
        )
    return Readiness(
        "waiting",
        "Awaiting the sync",
        "Provisioned, and not linked to single sign-on yet. The SAML user sync does that.",
        "Nothing to do: after the next sync they can sign in.",
        due,
    )


@dataclass(frozen=True, slots=True)
class Grant:
    """One thing that somebody has, and the names of what gives it. ``note`` is set where it has no effect."""

    name: str
    given_by: Sequence[str]
    note: str = ""


def explain_level(access: Access) -> Grant:
    """The level, and which sources are that high."""
    if access.level is Level.NONE:
        return Grant(access.level.label, ())
    return Grant(access.level.label, _givers(access.sources, lambda source: source.mapping.level == access.level))


def explain_permissions(access: Access) -> list[Grant]:
    """Each permission with its sources, by name."""
    return sorted((_explain_permission(access, permission) for permission in access.permissions), key=_by_name)


def explain_teams(access: Access) -> list[Grant]:
    """Each team with its sources, by name; the fallback team says so."""
    return sorted((_explain_team(access, team_id) for team_id in access.teams), key=_by_name)


def _explain_permission(access: Access, permission: Permission) -> Grant:
    given_by = _givers(access.sources, lambda source: permission in source.mapping.permissions)
    return Grant(permission.label, given_by, "" if access.has(permission) else permission.note)


def _explain_team(access: Access, team_id: UUID) -> Grant:
    return Grant(access.teams[team_id], _givers(access.sources, lambda source: team_id in source.mapping.team_ids))


def _by_name(grant: Grant) -> str:
    return grant.name


def _givers(sources: Iterable[Source], gives: Callable[[Source], bool]) -> list[str]:
    return [source_name(source) for source in sources if gives(source)]


def source_name(source: Source) -> str:
    """How a page names a source."""
    if source.kind == "fallback":
        return "the fallback team"
    return f"{source.name} (default)" if source.kind == "group" and source.uses_default else source.name
