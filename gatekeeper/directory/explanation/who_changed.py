"""Who gained and who lost a permission or a level between two moments, and by which change: an auditor's question."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from gatekeeper.audit.models import AuditHead
from gatekeeper.directory.access.affected_scope import affected_scope_between, in_no_group
from gatekeeper.directory.access.loaders import SLICE
from gatekeeper.directory.access.people_pages import BY_USER_NAME
from gatekeeper.directory.access.people_parts import Parts, as_set, gives_level
from gatekeeper.directory.access.resolver import INITIAL_DEFAULT_MAPPING, SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.explanation.who_had import holders
from gatekeeper.directory.history.cause_texts import CauseCode, cause_text
from gatekeeper.directory.history.facts import holds
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import (
    ActivePeriod,
    EndedBecause,
    LastGroupPolicy,
    MappingVersion,
    Membership,
    SiteChoice,
    User,
)
from gatekeeper.directory.models.periods import holds_at
from gatekeeper.directory.permissions import Permission
from gatekeeper.runtime.row_counts import RowsFound
from gatekeeper.runtime.statements.unions import union_all

COLUMNS: Final = ("change", "user_name", "email", "why")


@dataclass(frozen=True, slots=True)
class Why:
    """One change between the two moments that had a part in it."""

    text: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """``gained``: who has it at the ``later`` moment only; ``lost``: at the ``earlier`` one only.

    ``before`` and ``after`` hold what mappings grant, and neither teams nor connections.
    """

    wanted: Level | Permission
    earlier: datetime
    later: datetime
    before: SiteFacts
    after: SiteFacts
    versions: Sequence[MappingVersion]
    choices: Sequence[SiteChoice]
    gained: Parts
    lost: Parts


def compare(wanted: Level | Permission, earlier: datetime, later: datetime) -> Comparison:
    """What there is to ask of two moments, none of which lies in the future. Two statements."""
    at_either = holds_at(earlier) | holds_at(later)
    versions = list(MappingVersion.objects.filter(at_either).select_related("group"))
    choices = list(SiteChoice.objects.filter(at_either).order_by("since"))
    before, after = (_facts_of(versions, choices, at) for at in (earlier, later))
    had, have = holders(wanted, earlier, before), holders(wanted, later, after)
    touched = _touched(wanted, min(earlier, later), max(earlier, later), before, after)
    return Comparison(
        wanted=wanted,
        earlier=earlier,
        later=later,
        before=before,
        after=after,
        versions=versions,
        choices=choices,
        gained=_without(have, had, touched),
        lost=_without(had, have, touched),
    )


def counts(comparison: Comparison) -> tuple[int, int]:
    """How many gained it, and how many lost it. One statement."""
    parts = {f"gained_{at}": RowsFound(part.order_by()) for at, part in enumerate(comparison.gained)}
    parts |= {f"lost_{at}": RowsFound(part.order_by()) for at, part in enumerate(comparison.lost)}
    # The head of the audit trail is the one row that every site has.
    found: dict[str, Any] = {**AuditHead.objects.filter(pk=1).values(**parts).get()} if parts else {}
    sums = [sum(number for name, number in found.items() if name.startswith(side)) for side in ("gained", "lost")]
    return sums[0], sums[1]


def some_of(people: Parts, most: int, after: UUID | None = None) -> list[User]:
    """Up to ``most`` of them by userName, after one person if given. Two statements at most."""
    ordered = as_set(people).order_by(*BY_USER_NAME.order_by)
    mark = User.objects.filter(pk=after).only("user_name_folded").first() if after else None
    return list((ordered.filter(BY_USER_NAME.after(mark.user_name_folded, mark.pk)) if mark else ordered)[:most])


def reasons(comparison: Comparison, people: Sequence[User]) -> dict[UUID, list[Why]]:
    """What changed for each of these people. Two statements, up to 900 people."""
    ids = [user.id for user in people]
    at_either = holds_at(comparison.earlier) | holds_at(comparison.later)
    memberships: dict[UUID, list[Membership]] = {}
    for row in Membership.objects.filter(at_either, user__in=ids).select_related("group").order_by("since"):
        memberships.setdefault(row.user_id, []).append(row)
    periods: dict[UUID, list[ActivePeriod]] = {}
    for period in ActivePeriod.objects.filter(at_either, user__in=ids):
        periods.setdefault(period.user_id, []).append(period)
    return {
        user.id: _activity(comparison, user, periods.get(user.id, []))
        or _grants(comparison, memberships.get(user.id, []))
        for user in people
    }


def rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    """Everybody who gained or lost it, as a file has them; read in slices."""
    for change, parts in (("gained", comparison.gained), ("lost", comparison.lost)):
        people = as_set(parts).order_by(*BY_USER_NAME.order_by).iterator(chunk_size=SLICE)
        while some := list(islice(people, SLICE)):
            found = reasons(comparison, some)
            for user in some:
                why = [f"{each.text} ({each.at.isoformat()})" if each.at else each.text for each in found[user.id]]
                yield {"change": change, "user_name": user.user_name, "email": user.work_email, "why": why}


@dataclass(frozen=True, slots=True)
class Changed:
    """Who gained it and then who lost it, each by userName, as one list of (change, person): to be counted and cut."""

    comparison: Comparison

    def count(self) -> int:
        """How many they are. One statement."""
        return sum(counts(self.comparison))

    def __getitem__(self, part: slice) -> list[tuple[str, User]]:
        """Some of them. Three statements at most."""
        found: list[tuple[str, User]] = []
        start, stop = part.start or 0, part.stop
        gained = counts(self.comparison)[0]
        for change, people, before in (("gained", self.comparison.gained, 0), ("lost", self.comparison.lost, gained)):
            first, last = max(start - before, 0), max(stop - before, 0)
            if last > first:
                ordered = as_set(people).order_by(*BY_USER_NAME.order_by)
                found += [(change, user) for user in ordered[first:last]]
        return found[: stop - start]


def as_documents(comparison: Comparison, some: Sequence[tuple[str, User]]) -> list[dict[str, Any]]:
    """People of ``Changed`` with what changed for each. Two statements, up to 900 people."""
    why = reasons(comparison, [user for _, user in some])
    return [
        {
            "change": change,
            "id": user.id,
            "user_name": user.user_name,
            "email": user.work_email,
            "why": [{"text": each.text, "at": each.at} for each in why[user.id]],
        }
        for change, user in some
    ]


def _facts_of(versions: Sequence[MappingVersion], choices: Sequence[SiteChoice], at: datetime) -> SiteFacts:
    held = [version for version in versions if holds(version, at)]
    default = next((version.record() for version in held if version.group_id is None), INITIAL_DEFAULT_MAPPING)
    policy = next((choice.last_group_policy for choice in reversed(choices) if holds(choice, at)), None)
    return SiteFacts(
        default_mapping=default,
        mappings={version.group_id: version.record() for version in held if version.group_id is not None},
        teams={},
        fallback_team_id=None,
        last_group_policy=policy or LastGroupPolicy.REVOKE,
        has_saml_connection=False,
    )


def _touched(
    wanted: Level | Permission, first: datetime, last: datetime, before: SiteFacts, after: SiteFacts
) -> QuerySet[Any, Any]:
    """The ids of those to whom something happened from ``first`` to ``last``: nobody else gained or lost it.

    They are found by reading the facts once, and the access of everybody at both moments need not be worked out.
    """
    scope = affected_scope_between(*_decisive(wanted, before, after))
    between = Q(since__gt=first, since__lte=last) | Q(until__gt=first, until__lte=last)
    members = Membership.objects.values("user_id")
    touched: list[QuerySet[Any, Any]] = [
        ActivePeriod.objects.filter(between).values("user_id"),
        members.filter(between),
    ]
    if scope.members is not None:
        touched.append(members.filter(scope.members, holds_at(last)))
    if scope.groupless:
        touched.append(User.objects.order_by().filter(in_no_group(last)).values("pk"))
    return union_all(touched)


def _decisive(wanted: Level | Permission, *sites: SiteFacts) -> Iterator[SiteFacts]:
    """The same facts, with what of mappings decides who has it: the level, or whether the permission is named.

    A mapping without a level has no effect alone: where one names the permission, levels decide, too.
    """
    mappings = [mapping for site in sites for mapping in (site.default_mapping, *site.mappings.values())]
    naming = [mapping for mapping in mappings if wanted in mapping.permissions]
    by_level = isinstance(wanted, Level) or not all(map(gives_level, naming))

    def reduced(mapping: MappingRecord) -> MappingRecord:
        level = mapping.level if by_level else Level.NONE
        return MappingRecord(level=level, permissions=mapping.permissions & {wanted})

    for site in sites:
        mapped = {group: reduced(mapping) for group, mapping in site.mappings.items()}
        yield replace(site, default_mapping=reduced(site.default_mapping), mappings=mapped)


def _without(people: Parts, others: Parts, among: QuerySet[Any, Any]) -> list[QuerySet[User]]:
    """Those of ``people`` who are in none of the ``others``, and whose ids are ``among`` these; in the same parts."""
    absent = [~Exists(other.filter(pk=OuterRef("pk"))) for other in others]
    return [part.filter(*absent, pk__in=among) for part in people]


def _activity(comparison: Comparison, user: User, periods: Sequence[ActivePeriod]) -> list[Why]:
    """Why somebody was active at one of the moments only; nothing for who was active at both."""
    was, now = (next((each for each in periods if holds(each, at)), None) for at in _moments(comparison))
    if was and not now:
        code = CauseCode.DELETED if user.deleted_at == was.until else CauseCode.DEACTIVATED
        return [Why(cause_text(code, {}), was.until)]
    if now and not was:
        code = CauseCode.PROVISIONED if user.created_at == now.since else CauseCode.ACTIVATED
        return [Why(cause_text(code, {}), now.since)]
    return []


def _grants(comparison: Comparison, memberships: Sequence[Membership]) -> list[Why]:
    """The changes of groups and mappings; those that have to do with what was asked, where there are any."""
    earlier, later = _moments(comparison)
    had = {row.group_id: row for row in memberships if holds(row, earlier)}
    have = {row.group_id: row for row in memberships if holds(row, later)}
    found = [(_matters(comparison, comparison.before, group), _left(row)) for group, row in _only(had, have)]
    found += [(_matters(comparison, comparison.after, group), _joined(row)) for group, row in _only(have, had)]
    for group, row in had.items():
        if group in have and _mapping(comparison.before, group) != _mapping(comparison.after, group):
            matters = _matters(comparison, comparison.before, group) or _matters(comparison, comparison.after, group)
            found.append((matters, _mapping_changed(comparison, row)))
    if not had or not have:
        found += [(True, why) for why in _of_the_groupless(comparison)]
    decisive = [why for matters, why in found if matters]
    return sorted(decisive or [why for _, why in found], key=lambda why: (why.at is None, why.at))


def _of_the_groupless(comparison: Comparison) -> Iterator[Why]:
    if comparison.before.default_mapping != comparison.after.default_mapping:
        yield Why(cause_text(CauseCode.DEFAULT_MAPPING_SET, {}), _since(comparison, None))
    policy = comparison.after.last_group_policy
    if comparison.before.last_group_policy != policy:
        chosen = next((each for each in reversed(comparison.choices) if holds(each, comparison.later)), None)
        text = cause_text(CauseCode.LAST_GROUP_POLICY_SET, {"policy": policy})
        yield Why(text, chosen.since if chosen else None)


def _moments(comparison: Comparison) -> tuple[datetime, datetime]:
    return comparison.earlier, comparison.later


def _only(some: dict[UUID, Membership], others: dict[UUID, Membership]) -> list[tuple[UUID, Membership]]:
    return [(group, row) for group, row in some.items() if group not in others]


def _mapping(site: SiteFacts, group: UUID) -> MappingRecord:
    return site.mappings.get(group, site.default_mapping)


def _matters(comparison: Comparison, site: SiteFacts, group: UUID) -> bool:
    """Whether a group's mapping gives what was asked; of a level also a higher one, which takes its place."""
    mapping = _mapping(site, group)
    if isinstance(comparison.wanted, Permission):
        return comparison.wanted in mapping.permissions
    return mapping.level >= comparison.wanted


def _left(row: Membership) -> Why:
    removed = row.ended_because == EndedBecause.REMOVED
    code = CauseCode.REMOVED if removed else CauseCode.GROUP_DELETED
    return Why(cause_text(code, {"group": row.group.display_name}), row.until)


def _joined(row: Membership) -> Why:
    return Why(cause_text(CauseCode.JOINED, {"group": row.group.display_name}), row.since)


def _mapping_changed(comparison: Comparison, row: Membership) -> Why:
    """By a mapping of its own that was set or taken away, or by the Default Mapping that the group has."""
    group, named = row.group_id, {"group": row.group.display_name}
    if group in comparison.after.mappings:
        return Why(cause_text(CauseCode.MAPPING_SET, named), _since(comparison, group))
    if group in comparison.before.mappings:
        ended = next((each.until for each in comparison.versions if each.group_id == group), None)
        return Why(cause_text(CauseCode.MAPPING_RESET, named), ended)
    return Why(cause_text(CauseCode.DEFAULT_MAPPING_SET, {}), _since(comparison, None))


def _since(comparison: Comparison, group: UUID | None) -> datetime | None:
    """Since when the mapping holds that a group, or everybody without one, has at the later moment."""
    held = (each for each in comparison.versions if each.group_id == group and holds(each, comparison.later))
    return next((each.since for each in held), None)
