"""Loading the facts of a moment from the database: a fixed number of queries, whatever the size of groups and lists."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, FilteredRelation, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from gatekeeper.directory.access.past import former_names, names_at, states_at, user_by_name_at
from gatekeeper.directory.access.resolver import (
    INITIAL_DEFAULT_MAPPING,
    Access,
    PersonFacts,
    Removal,
    SiteFacts,
    effective_access,
)
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.models import (
    EndedBecause,
    IdentityProvider,
    LastGroupPolicy,
    MappingVersion,
    Membership,
    Origin,
    SignInIdentity,
    SiteChoice,
    Team,
    User,
)
from gatekeeper.directory.models.periods import holds_at
from gatekeeper.errors import LocalAdministratorNotFound

# So many ids fit into one statement on both databases; longer lists are read in slices.
SLICE = 900


def access_of(user: User, at: datetime | None = None) -> Access:
    """Effective access of one person, now or at a moment. Seven queries at most; in the past eleven."""
    return access_of_many([user], at)[user.id]


def access_of_many(
    users: Iterable[User], at: datetime | None = None, site: SiteFacts | None = None
) -> dict[UUID, Access]:
    """Effective access of many people by user id; the number of queries grows by one set per 900 people."""
    people = list(users)
    found: dict[UUID, Access] = {}
    for start in range(0, len(people), SLICE):
        persons = facts_of_people(people[start : start + SLICE], at)
        if site is None and len(people) > SLICE:
            site = site_facts(at)
        facts = site or site_facts(at, groups={group_id for person in persons for group_id, _ in person.groups})
        found |= {person.user_id: effective_access(person, facts) for person in persons}
    return found


def access_under(user: User, *sites: SiteFacts) -> list[Access]:
    """Access of one person as it is, under several states of the site's facts. Three queries."""
    [person] = facts_of_people([user], None)
    return [effective_access(person, site) for site in sites]


def facts_of(user: User, groups: Collection[UUID]) -> tuple[PersonFacts, SiteFacts]:
    """What access follows from for one person now; the mappings are those of their groups and of ``groups``.

    Seven queries at most.
    """
    [person] = facts_of_people([user], None)
    return person, site_facts(groups={*groups, *(group_id for group_id, _ in person.groups)})


def site_facts(at: datetime | None = None, *, groups: Collection[UUID] | None = None) -> SiteFacts:
    """What holds for everybody: mappings, teams, choices. Four queries (in the past: five), whatever the users.

    ``groups``: only the mappings of these, and the Default Mapping; a large site has thousands.
    """
    default, mappings = _mappings(at, groups)
    choice = SiteChoice.objects.at(at).order_by("-since").first()
    return SiteFacts(
        default_mapping=default,
        mappings=mappings,
        teams=names_at(dict(Team.objects.at(at).values_list("id", "name")), at),
        fallback_team_id=choice.fallback_team_id if choice else None,
        last_group_policy=choice.last_group_policy if choice else LastGroupPolicy.REVOKE,
        **_connections(at),
    )


def with_all_mappings(site: SiteFacts) -> SiteFacts:
    """The same facts of now, of which only the mappings of some groups were loaded, with those of all. One query."""
    default, mappings = _mappings(None, None)
    return replace(site, default_mapping=default, mappings=mappings)


def _mappings(at: datetime | None, groups: Collection[UUID] | None) -> tuple[MappingRecord, dict[UUID, MappingRecord]]:
    """The Default Mapping, and those of these groups or of all. One query."""
    versions = MappingVersion.objects.at(at)
    if groups is not None:
        versions = versions.filter(Q(group=None) | Q(group__in=groups))
    found = {version.group_id: version.record() for version in versions}
    default = found.pop(None, INITIAL_DEFAULT_MAPPING)
    return default, {group_id: mapping for group_id, mapping in found.items() if group_id is not None}


def _connections(at: datetime | None) -> dict[str, Any]:
    """Whether there is an identity provider; where each states e-mail domains, for which only. One query."""
    held = FilteredRelation("domains", condition=holds_at(at, "domains__"))
    providers = IdentityProvider.objects.trusted().at(at).alias(held=held).order_by()
    rows = list(providers.values_list("held__domain", "held__ascii"))
    for_everybody = any(domain is None for domain, _ in rows)
    only = None if for_everybody or not rows else frozenset(form for row in rows for form in row)
    return {"has_saml_connection": bool(rows), "only_domains": only}


def facts_of_people(users: Sequence[User], at: datetime | None = None) -> list[PersonFacts]:
    """What each person's access follows from, beside what holds for everybody, for ``SLICE`` people at most.

    Three queries; in the past six.
    """
    ids = [user.id for user in users]
    memberships = _memberships_of([user.id for user in users if not user.is_local], at)
    former = {} if at is None else former_names({*ids, *(group_id for _, group_id, _ in memberships)}, at)
    groups: dict[UUID, list[tuple[UUID, str]]] = {}
    for user_id, group_id, name in memberships:
        groups.setdefault(user_id, []).append((group_id, former[group_id].name if group_id in former else name))
    without = [user.id for user in users if user.id not in groups and not user.is_local]
    ended, removals = ends_of_memberships(without, at)
    states = _states(ids) if at is None else states_at(users, at, former)
    return [
        PersonFacts(
            user_id=user.id,
            user_name=states[user.id].user_name,
            email=states[user.id].work_email,
            active=states[user.id].active,
            deleted=user.deleted_at is not None and (at is None or user.deleted_at <= at),
            local=user.origin == Origin.LOCAL,
            groups=groups.get(user.id, ()),
            last_ended=ended.get(user.id),
            linked=states[user.id].linked,
            conflicting=states[user.id].conflicting,
            last_removal=removals.get(user.id),
        )
        for user in users
    ]


def _memberships_of(ids: list[UUID], at: datetime | None) -> list[tuple[UUID, UUID, str]]:
    """The person, the group and the group's present name."""
    if not ids:
        return []
    rows = Membership.objects.at(at).filter(user__in=ids)
    return list(rows.values_list("user_id", "group_id", "group__display_name"))


def ends_of_memberships(ids: list[UUID], at: datetime | None) -> tuple[dict[UUID, str], dict[UUID, Removal]]:
    """Why each person's last membership ended, and their last removal. One query.

    Of several memberships that ended at one moment, a removal counts: it revokes.
    """
    if not ids:
        return {}, {}
    last, removals = dict[UUID, tuple[datetime, bool]](), dict[UUID, Removal]()
    # What has ended by now is what has an end: that lies ahead where the clock was set back since.
    ended = Membership.objects.filter(until__isnull=False) if at is None else Membership.objects.filter(until__lte=at)
    columns = ("user_id", "until", "ended_because", "group_id", "group__display_name")
    for user_id, until, because, group_id, name in ended.filter(user__in=ids).order_by("until").values_list(*columns):
        if until is None:
            continue
        is_removal = because == EndedBecause.REMOVED
        last[user_id] = max(last.get(user_id, (until, is_removal)), (until, is_removal))
        if is_removal:
            removals[user_id] = Removal(group_id, name, until)
    because_of: dict[UUID, str] = {
        user_id: EndedBecause.REMOVED if removed else EndedBecause.GROUP_DELETED
        for user_id, (_, removed) in last.items()
    }
    return because_of, removals


def _states(ids: list[UUID]) -> dict[UUID, Any]:
    """Active, linked and conflicting now, for each person, by one query."""
    rows = (
        User.objects.filter(id__in=ids)
        .annotate(linked=link_exists(), conflicting=conflict_exists())
        .only("id", "active", "user_name", "work_email")
    )
    return {row.id: row for row in rows}


def link_exists() -> Exists:
    """The condition "a link lets this user in": its connection is live, and it is for their present work e-mail."""
    links = SignInIdentity.objects.live().filter(
        user=OuterRef("pk"), provider__until=None, name_id_folded=OuterRef("work_email_folded")
    )
    return Exists(links)


def conflict_exists() -> Exists:
    """The condition "another active person from the identity provider has the same work e-mail"."""
    # As a column the address would be taken for unique, and PostgreSQL would plan for nobody who has no twin.
    address = Coalesce(OuterRef("work_email_folded"), Value(""))
    twins: QuerySet[Model] = User.objects.provisioned().filter(active=True, work_email_folded=address)
    return Exists(twins.exclude(pk=OuterRef("pk")))


def people_with_address_of(user: User, most: int) -> list[User]:
    """Who else is active with the same work e-mail, from the identity provider. One query, by an index."""
    if not user.work_email_folded:
        return []
    twins = User.objects.provisioned().filter(active=True, work_email_folded=user.work_email_folded)
    return list(twins.exclude(pk=user.pk).only("id", "display_name", "user_name")[:most])


def people_of_a_shared_address(most: int) -> list[User]:
    """The first people of one work e-mail that several active ones have, by the order of addresses. Two queries.

    Cost: addresses are read in the order of their index until two are the same.
    """
    people = User.objects.provisioned().filter(active=True, work_email_folded__isnull=False)
    shared = people.order_by("work_email_folded").values("work_email_folded").annotate(number=Count("pk"))
    first = shared.filter(number__gt=1).values_list("work_email_folded", flat=True).first()
    if first is None:
        return []
    same = people.filter(work_email_folded=first).order_by("user_name_folded")
    return list(same.only("id", "display_name", "user_name", "work_email")[:most])


def user_by_name(name: str, at: datetime | None = None) -> User | None:
    """Find a person by userName or work e-mail in any case: live users before deleted ones, SCIM before local.

    ``at``: by the names of that moment; users who were created later are not found.
    """
    if not _is_text(name):
        return None
    if at is not None:
        return user_by_name_at(name, at)
    folded = fold(name)

    def preference(user: User) -> tuple[bool, bool, bool, float]:
        return (
            user.deleted_at is not None,
            user.user_name_folded != folded,
            user.is_local,
            -user.created_at.timestamp(),
        )

    found = User.objects.filter(Q(user_name_folded=folded) | Q(work_email_folded=folded))
    return min(found, key=preference, default=None)


def local_administrator_called(email: str) -> User:
    """Find a local administrator by e-mail in any case. Raises LocalAdministratorNotFound."""
    found = User.objects.local().filter(user_name_folded=fold(email)).first() if _is_text(email) else None
    if found is None:
        raise LocalAdministratorNotFound(email)
    return found


def _is_text(name: str) -> bool:
    """Whether a column could hold this text as a name; asking a database for another one would be an error."""
    return "\x00" not in name and not any("\ud800" <= character <= "\udfff" for character in name)
