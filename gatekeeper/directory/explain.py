"""Why somebody has what they have: which source gives it, since when, by whose decision; and what stands in the way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access import Access, Blocked, Source
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import (
    EndedBecause,
    IdentityProvider,
    MappingVersion,
    Membership,
    SiteChoice,
    User,
)
from gatekeeper.directory.queries import access_of
from gatekeeper.directory.sign_in import next_sync

NO_CONNECTION = "No identity provider is connected: set up SAML 2.0 in Settings > Configuration > Authentication."


@dataclass(frozen=True, slots=True)
class Reason:
    """One source of access. ``member_since``: when the person joined the group; None where there is no group.

    ``decided_at`` and ``decided_by``: when and by whom it was decided what the source is worth; None and "" where
    nobody ever decided (the initial Default Mapping, a local administrator).
    """

    source: Source
    member_since: datetime | None
    decided_at: datetime | None
    decided_by: str

    @property
    def since(self) -> datetime | None:
        """Since when the person has it from this source: from the later of joining and decision."""
        return max((moment for moment in (self.member_since, self.decided_at) if moment), default=None)

    @property
    def name(self) -> str:
        """How it reads in a list: "GK Finance (Default Mapping)" for a group without a mapping of its own."""
        if self.source.kind == "fallback":
            return f"fallback team {self.source.name}"
        return (
            f"{self.source.name} (Default Mapping)"
            if self.source.group_id and self.source.uses_default
            else self.source.name
        )

    def as_document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "kind": self.source.kind,
            "name": self.source.name,
            "uses_default_mapping": self.source.uses_default,
            "since": _iso(self.since),
            "member_since": _iso(self.member_since),
            "decided_at": _iso(self.decided_at),
            "decided_by": self.decided_by,
        }


@dataclass(frozen=True, slots=True)
class Given:
    """One thing that somebody has, with every source that gives it. ``kind``: level, permission or team."""

    kind: str
    name: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whom a sentence is about, and for which moment."""

    user: User
    access: Access
    at: datetime | None

    @property
    def moment(self) -> datetime:
        return self.at or timezone.now()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A person's access in full. ``readiness``: one sentence about sign-in with the next step and its time."""

    access: Access
    given: tuple[Given, ...]
    readiness: str

    def as_document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "readiness": self.readiness,
            "given": [
                {"kind": one.kind, "name": one.name, "by": [reason.as_document() for reason in one.reasons]}
                for one in self.given
            ],
        }


def explain(user: User, at: datetime | None = None) -> Explanation:
    """Explain one person's access, now or at a moment. A fixed number of queries, whatever the size of groups."""
    access = access_of(user, at)
    reasons = _reasons(user, access, at)
    return Explanation(access, tuple(_given(access, reasons)), readiness_sentence(user, access, at))


def _given(access: Access, reasons: list[Reason]) -> Iterator[Given]:
    def by(gives: Callable[[Source], bool]) -> tuple[Reason, ...]:
        return tuple(reason for reason in reasons if gives(reason.source))

    if access.level is not Level.NONE:
        yield Given("level", access.level.label, by(lambda source: source.mapping.level is access.level))
    for permission in sorted(access.permissions, key=lambda permission: permission.label):
        yield Given("permission", permission.label, by(lambda source: permission in source.mapping.permissions))  # noqa: B023 - used at once
    for team_id, name in sorted(access.teams.items(), key=lambda team: team[1].casefold()):
        yield Given("team", name, by(lambda source: team_id in source.mapping.team_ids))  # noqa: B023 - used at once


def _reasons(user: User, access: Access, at: datetime | None) -> list[Reason]:
    groups = [source.group_id for source in access.sources if source.group_id]
    joined = dict(Membership.objects.at(at).filter(user=user, group__in=groups).values_list("group", "since"))
    decided = _decisions(groups, at)
    fallback = _fallback_decision(at) if any(source.kind == "fallback" for source in access.sources) else (None, "")

    def reason(source: Source) -> Reason:
        if source.kind == "local":
            return Reason(source, user.created_at, None, "")
        if source.kind == "fallback":
            return Reason(source, None, *fallback)
        return Reason(
            source,
            joined.get(source.group_id) if source.group_id else None,
            *decided.get(None if source.uses_default else source.group_id, (None, "")),
        )

    return [reason(source) for source in access.sources]


def _decisions(groups: list[UUID], at: datetime | None) -> dict[UUID | None, tuple[datetime | None, str]]:
    """Who decided when what these groups, and the Default Mapping (None), are worth."""
    versions: QuerySet[MappingVersion] = MappingVersion.objects.at(at)
    found = (versions.filter(group__in=groups) | versions.filter(group=None)).only("group", "since", "made_by")
    return {version.group_id: (version.since, version.made_by) for version in found}


def _fallback_decision(at: datetime | None) -> tuple[datetime | None, str]:
    """When the fallback team was chosen, and by whom: a choice keeps no name, the audit trail does."""
    choice = SiteChoice.objects.at(at).order_by("-since").first()
    entries = AuditEntry.objects.filter(event=Event.FALLBACK_TEAM_CHOSEN)
    entry = (entries if at is None else entries.filter(at__lte=at)).first()
    if entry is not None:
        return entry.at, entry.actor_name
    return (choice.since, "") if choice else (None, "")


def readiness_sentence(user: User, access: Access, at: datetime | None = None) -> str:
    """What stands between a person and sign-in, with the next step and when it happens; three queries at most."""
    if access.blocked_because is None:
        return "Can sign in."
    return _SENTENCES[access.blocked_because](_Asked(user, access, at))


def _awaiting(asked: _Asked) -> str:
    if not asked.access.email:
        return 'Has no work e-mail to be linked by: map userPrincipalName to emails[type eq "work"].value.'
    due = next_sync(asked.moment)
    return f"Provisioned {_told(asked.user.created_at)}, awaiting the sync at {_told(due)}; can sign in after it."


def _deactivated(asked: _Asked) -> str:
    ended = asked.user.active_periods.filter(until__lte=asked.moment).order_by("-until").first()
    when = f" on {_told(ended.until)}" if ended and ended.until else ""
    return f"Deactivated by the identity provider{when}: assign them to the application there again."


def _deleted(asked: _Asked) -> str:
    return f"Deleted on {_told(asked.user.deleted_at)}: whoever is provisioned again becomes a new user."


def _without_access(asked: _Asked) -> str:
    if asked.access.sources:
        names = ", ".join(source.name for source in asked.access.sources)
        return f"Gets no level from {names}: give one of them a level, or add the person to another group."
    last = (
        Membership.objects.filter(user=asked.user, until__lte=asked.moment, ended_because=EndedBecause.REMOVED)
        .select_related("group")
        .order_by("-until")
        .first()
    )
    if last is None:
        return "Is in no group that gives access: add the person to one."
    by = _who_removed(last)
    return f"Removed from {last.group.display_name}{by} on {_told(last.until)}: add the person to a group again."


def _who_removed(membership: Membership) -> str:
    """From the audit entry of that change; nothing when it is past its retention."""
    entries = AuditEntry.objects.filter(
        event=Event.GROUP_MEMBERS_CHANGED,
        object_kind="group",
        object_id=str(membership.group_id),
        at__gte=membership.until,
    )
    entry = entries.order_by("id").first()
    return f" by {entry.actor_name}" if entry else ""


def _without_connection(asked: _Asked) -> str:
    if not IdentityProvider.objects.at(asked.at).exists():
        return NO_CONNECTION
    return f"No connection is for the domain of {asked.access.email}: add it to one in Settings > Configuration."


def _conflict(asked: _Asked) -> str:
    return (
        f"Another active person has the work e-mail {asked.access.email}: change one of them where it is kept; "
        f"the sync at {_told(next_sync(asked.moment))} links both."
    )


_SENTENCES: dict[Blocked, Callable[[_Asked], str]] = {
    Blocked.AWAITING_SAML_SYNC: _awaiting,
    Blocked.DEACTIVATED: _deactivated,
    Blocked.DELETED: _deleted,
    Blocked.NO_GROUP_ACCESS: _without_access,
    Blocked.NO_SAML_CONNECTION: _without_connection,
    Blocked.IDENTITY_CONFLICT: _conflict,
}


def _told(moment: datetime | None) -> str:
    """A time for people in the current time zone, with the zone's name."""
    return timezone.localtime(moment).strftime("%d %B %Y %H:%M %Z").lstrip("0") if moment else "an unknown day"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
