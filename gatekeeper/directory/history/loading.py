"""Reading the facts that ever affected one person's access: one statement for all that have much the same columns."""

from collections.abc import Collection, Iterable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from gatekeeper.directory.history.facts import History
from gatekeeper.directory.models import (
    ActivePeriod,
    FormerName,
    IdentityProvider,
    IdpGroup,
    MappingVersion,
    Membership,
    ProviderDomain,
    SignInIdentity,
    SiteChoice,
    Team,
    User,
)
from gatekeeper.directory.models.periods import Period
from gatekeeper.runtime.statements.fixed_sql import (
    Columns,
    Statement,
    among,
    instance,
    instances,
    run,
    same,
)

P = TypeVar("P", bound=Period)

_VERSION = Columns.of(MappingVersion, "id", "since", "until", "group_id", "made_by", "level", "permissions", "team_ids")
_CHOICE = Columns.of(SiteChoice, "id", "since", "until", "fallback_team_id", "last_group_policy")
_ACTIVE = Columns.of(ActivePeriod, "id", "since", "until", "user_id")
# The mappings of everybody and of the person's groups, the site's choices, and when the person was active.
_PERIODS = f"""
SELECT 'version', {_VERSION.text} FROM directory_mappingversion WHERE group_id IS NULL
UNION ALL
SELECT 'version', {_VERSION.text} FROM directory_mappingversion WHERE group_id {{of_groups}}
UNION ALL
SELECT 'choice', {_CHOICE.text}, NULL, NULL, NULL FROM directory_sitechoice
UNION ALL
SELECT 'active', {_ACTIVE.text}, NULL, NULL, NULL, NULL FROM directory_activeperiod WHERE user_id = %(user)s"""  # noqa: S608 - constants

_FORMER = Columns.of(FormerName, "id", "object_id", "name", "name_folded", "until", "work_email", "work_email_folded")
_TEAM = Columns.of(Team, "id", "name", "name_folded", "created_at", "deleted_at")
_NAMES = f"""
SELECT 'former', {_FORMER.text}, NULL FROM directory_formername WHERE object_id {{of_objects}}
UNION ALL
SELECT 'team', NULL, id, name, name_folded, created_at, NULL, NULL, deleted_at FROM directory_team WHERE id {{of_teams}}
ORDER BY name_folded"""  # noqa: S608 - constants

_PROVIDER, _DOMAIN = Columns.of_all(IdentityProvider), Columns.of_all(ProviderDomain)
_CONNECTIONS = same(
    f"""
SELECT {", ".join(f"provider.{name}" for name in _PROVIDER.names)},
       {", ".join(f"domain.{name}" for name in _DOMAIN.names)}
  FROM directory_identityprovider AS provider
  LEFT JOIN directory_providerdomain AS domain ON domain.provider_id = provider.id"""  # noqa: S608 - constants
)


def _with_ids(text: str, *names: str) -> Statement:
    """The statement, in which ``of_<name>`` stands for the condition "is one of the ids in that parameter"."""
    conditions = {f"of_{name}": among(f"%({name})s") for name in names}
    return Statement(
        text.format(**{name: condition.postgresql for name, condition in conditions.items()}),
        text.format(**{name: condition.sqlite for name, condition in conditions.items()}),
    )


_PERIODS_OF = _with_ids(_PERIODS, "groups")
_NAMES_OF = _with_ids(_NAMES, "objects", "teams")


class _Periods(NamedTuple):
    versions: list[MappingVersion]
    choices: list[SiteChoice]
    active: list[ActivePeriod]


def history_of(user: User) -> History:
    """Load everything that ever affected one person's access. Five queries, whatever the size of the groups; for a
    local administrator, whom neither groups nor connections concern, two.
    """
    if user.is_local:
        return _local_history(user)
    memberships = list(Membership.objects.filter(user=user).select_related("group").order_by("since", "id"))
    groups = {membership.group_id: membership.group for membership in memberships}
    versions, choices, active = _periods(user, groups)
    team_ids = {UUID(team_id) for version in versions for team_id in version.team_ids}
    team_ids |= {choice.fallback_team_id for choice in choices if choice.fallback_team_id}
    providers, domains = _connections()
    names, teams = _names({user.id, *groups, *team_ids}, team_ids)
    return History(
        user=user,
        active=active,
        memberships=memberships,
        links=list(SignInIdentity.objects.filter(user=user).select_related("provider").order_by("since", "id")),
        versions=versions,
        choices=choices,
        providers=providers,
        domains=domains,
        teams=teams,
        names=names,
    )


def _local_history(user: User) -> History:
    names, _ = _names({user.id}, ())
    return History(
        user=user,
        active=list(ActivePeriod.objects.filter(user=user).order_by("since", "id")),
        memberships=[],
        links=[],
        versions=[],
        choices=[],
        providers=[],
        domains=[],
        teams=[],
        names=names,
    )


def _periods(user: User, groups: Mapping[UUID, IdpGroup]) -> _Periods:
    rows = run(_PERIODS_OF, {"user": user.id, "groups": list(groups)})
    versions: list[MappingVersion] = _of_kind("version", _VERSION, rows)
    for version in versions:
        version.group = groups[version.group_id] if version.group_id else None
    return _Periods(
        _in_order(versions), _in_order(_of_kind("choice", _CHOICE, rows)), _in_order(_of_kind("active", _ACTIVE, rows))
    )


def _connections() -> tuple[list[IdentityProvider], list[ProviderDomain]]:
    """The providers through which people may or might sign in, and the domains of all."""
    width = len(_PROVIDER.names)
    providers: dict[Any, IdentityProvider] = {}
    domains: list[ProviderDomain] = []
    for row in run(_CONNECTIONS, {}):
        provider: IdentityProvider = instance(_PROVIDER, row[:width])
        provider = providers.setdefault(provider.id, provider)
        if row[width] is not None:
            domain: ProviderDomain = instance(_DOMAIN, row[width:])
            domain.provider = provider
            domains.append(domain)
    trusted = [provider for provider in providers.values() if not provider.test_only]
    return _in_order(trusted), _in_order(domains)


def _names(objects: Collection[UUID], team_ids: Collection[UUID]) -> tuple[dict[UUID, list[FormerName]], list[Team]]:
    """Former names by the id of what was called so, and teams in the order of their names."""
    rows = run(_NAMES_OF, {"objects": list(objects), "teams": list(team_ids)})
    formers: list[FormerName] = _of_kind("former", _FORMER, rows)
    names: dict[UUID, list[FormerName]] = {}
    for former in sorted(formers, key=attrgetter("until", "id")):
        names.setdefault(former.object_id, []).append(former)
    teams = [(*row[2:6], row[8]) for row in rows if row[0] == "team"]
    return names, instances(_TEAM, teams)


def _of_kind(kind: str, columns: Columns, rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    """The instances of the rows that begin with the kind; behind their columns stand those of other kinds."""
    return instances(columns, [row[1 : len(columns.names) + 1] for row in rows if row[0] == kind])


def _in_order(facts: Iterable[P]) -> list[P]:
    """In the order in which they began."""
    return sorted(facts, key=attrgetter("since", "pk"))
