"""Why somebody has what they have: which source gives each thing, since when, and by whose decision."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from gatekeeper.directory.access.loaders import people_with_address_of
from gatekeeper.directory.access.past import had_twin
from gatekeeper.directory.access.resolver import Access, Blocked, Source
from gatekeeper.directory.access.states import Readiness
from gatekeeper.directory.explanation.readiness import readiness_of
from gatekeeper.directory.history.facts import History
from gatekeeper.directory.history.loading import history_of
from gatekeeper.directory.history.origins import Gives, Trace
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import User

MOST_OTHERS = 4  # with the same address, who are read: lists name fewer, and say that there are others


@dataclass(frozen=True, slots=True)
class Reason:
    """One source of access, or of one thing. ``since``: from when on, without a break, it came from there.

    ``member_since``: when the person joined the group; None where there is no group. ``decided_at`` and
    ``decided_by``: when and by whom it was decided that the source grants it; None and "" where nobody ever decided.
    """

    source: Source
    since: datetime | None
    member_since: datetime | None
    decided_at: datetime | None
    decided_by: str

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
    """One thing that somebody has, with every source that gives it. ``kind``: level, permission or team.

    ``note`` says so where it has no effect.
    """

    kind: str
    name: str
    reasons: tuple[Reason, ...]
    note: str = ""

    def as_document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "kind": self.kind,
            "name": self.name,
            "note": self.note,
            "by": [reason.as_document() for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """A person's access in full: each thing with its reasons, every source, and what stands in the way of sign-in.

    ``same_address``: of a conflict that there is now, ``MOST_OTHERS`` at most of those who have the same work e-mail.
    """

    access: Access
    given: tuple[Given, ...]
    reasons: tuple[Reason, ...]
    readiness: Readiness
    same_address: Sequence[User] = ()

    def of(self, kind: str) -> list[Given]:
        """Only what is of this kind."""
        return [one for one in self.given if one.kind == kind]

    def as_document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {"readiness": self.readiness.as_document(), "given": [one.as_document() for one in self.given]}


def explain(
    user: User,
    at: datetime | None = None,
    received: Mapping[UUID, str] | None = None,
    history: History | None = None,
) -> Explanation:
    """Explain one person's access, now or at a moment. A fixed number of queries, whatever the size of groups.

    ``received``: NameIDs that were refused because they differ from the person's, by their id; the SAML endpoint
    knows them.
    ``history``: the person's, where the caller has read it already.
    """
    known, moment = history or history_of(user), at or timezone.now()
    access, others = _access(known, moment, at)
    trace = Trace(known, moment)
    return Explanation(
        access,
        tuple(_given(access, trace)),
        tuple(_reason(source, trace, lambda _: True) for source in access.sources),
        readiness_of(known, access, at, received),
        others,
    )


def _access(history: History, moment: datetime, at: datetime | None) -> tuple[Access, Sequence[User]]:
    """From the history, which has all but conflicts: only where these can matter, the database is asked once more.

    Beside it who is in conflict with the person now.
    """
    access, user = history.access_at(moment), history.user
    if access.blocked_because is not Blocked.AWAITING_SAML_SYNC:
        return access, ()
    if at:
        return history.access_at(at, conflicting=had_twin(user, history.folded_address_at(at), at)), ()
    others = people_with_address_of(user, MOST_OTHERS)
    return history.access_at(moment, conflicting=bool(others)), others


def _given(access: Access, trace: Trace) -> Iterator[Given]:
    def by(gives: Gives) -> tuple[Reason, ...]:
        return tuple(_reason(source, trace, gives) for source in access.sources if gives(source.mapping))

    if access.level is not Level.NONE:
        yield Given("level", access.level.label, by(lambda mapping: mapping.level is access.level))
    for permission in sorted(access.permissions, key=lambda permission: permission.label):
        givers = by(lambda mapping: permission in mapping.permissions)  # noqa: B023 - used at once
        yield Given("permission", permission.label, givers, "" if access.has(permission) else permission.note)
    for team_id, name in sorted(access.teams.items(), key=lambda team: team[1].casefold()):
        yield Given("team", name, by(lambda mapping: team_id in mapping.team_ids))  # noqa: B023 - used at once


def _reason(source: Source, trace: Trace, gives: Gives) -> Reason:
    return Reason(source, trace.since(source, gives), trace.member_since(source), *trace.decision(source, gives))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
