"""All facts that ever affected one person's access, and access at any moment from them, without a query.

``loading.py`` reads them. ``loaders.py`` answers for many people at one moment, this module for one person at all
moments; tests compare the two. Conflicts are left out, since they follow from other people's facts: two people with one
work e-mail are "awaiting the sync" here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from gatekeeper.directory.access.resolver import (
    INITIAL_DEFAULT_MAPPING,
    Access,
    PersonFacts,
    SiteFacts,
    effective_access,
)
from gatekeeper.directory.models import (
    ActivePeriod,
    EndedBecause,
    FormerName,
    IdentityProvider,
    LastGroupPolicy,
    MappingVersion,
    Membership,
    ProviderDomain,
    SignInIdentity,
    SiteChoice,
    Team,
    User,
)
from gatekeeper.directory.models.periods import Period


@dataclass(frozen=True)
class History:
    """The facts in the order in which they began. ``names``: former names by the id of what was called so."""

    user: User
    active: list[ActivePeriod]
    memberships: list[Membership]
    links: list[SignInIdentity]
    versions: list[MappingVersion]
    choices: list[SiteChoice]
    providers: list[IdentityProvider]
    domains: list[ProviderDomain]
    teams: list[Team]
    names: dict[UUID, list[FormerName]]

    @cached_property
    def moments(self) -> list[datetime]:
        """Every moment at which one of the facts began or ended, from the person's creation on."""
        periods: list[Iterable[Period]] = [
            self.active,
            self.memberships,
            self.links,
            self.versions,
            self.choices,
            self.providers,
            self.domains,
        ]
        ends = {end for facts in periods for fact in facts for end in (fact.since, fact.until) if end}
        ends |= {former.until for formers in self.names.values() for former in formers}
        ends |= {team.deleted_at for team in self.teams if team.deleted_at}
        ends |= {self.user.deleted_at} if self.user.deleted_at else set()
        start = self.user.created_at
        return [start, *sorted(end for end in ends if end > start)]

    def access_at(self, moment: datetime, *, conflicting: bool = False) -> Access:
        """Access at a moment: the resolver's function over the facts that held then.

        ``conflicting``: whether somebody else had the same work e-mail, which is no fact of this person.
        """
        return effective_access(self._person_at(moment, conflicting=conflicting), self.site_at(moment))

    def name_at(self, object_id: UUID, present: str, moment: datetime) -> str:
        """What the user, a group or a team was called at a moment."""
        former = self._former(object_id, moment)
        return former.name if former else present

    def folded_address_at(self, moment: datetime) -> str | None:
        """The person's work e-mail at a moment, as addresses are compared."""
        former = self._former(self.user.id, moment)
        return former.work_email_folded if former else self.user.work_email_folded

    def _former(self, object_id: UUID, moment: datetime) -> FormerName | None:
        return next((former for former in self.names.get(object_id, ()) if former.until > moment), None)

    def _person_at(self, moment: datetime, *, conflicting: bool) -> PersonFacts:
        user, former, folded = self.user, self._former(self.user.id, moment), self.folded_address_at(moment)
        groups = [
            (membership.group_id, self.name_at(membership.group_id, membership.group.display_name, moment))
            for membership in self.memberships
            if holds(membership, moment)
        ]
        return PersonFacts(
            user_id=user.id,
            user_name=former.name if former else user.user_name,
            email=former.work_email if former else user.work_email,
            active=any(holds(period, moment) for period in self.active),
            deleted=user.deleted_at is not None and user.deleted_at <= moment,
            local=user.is_local,
            groups=groups,
            last_ended=None if groups else self.last_ended(moment),
            linked=any(
                holds(link, moment) and holds(link.provider, moment) and link.name_id_folded == folded
                for link in self.links
            ),
            conflicting=conflicting,
        )

    def last_ended(self, moment: datetime) -> str | None:
        """Why the last membership ended by then; of several that ended at once a removal counts."""
        ended = [
            (membership.until, membership.ended_because == EndedBecause.REMOVED)
            for membership in self.memberships
            if membership.until and membership.until <= moment
        ]
        if not ended:
            return None
        return EndedBecause.REMOVED if max(ended)[1] else EndedBecause.GROUP_DELETED

    def site_at(self, moment: datetime) -> SiteFacts:
        """The site's facts at a moment, as far as they affected this person."""
        versions = [version for version in self.versions if holds(version, moment)]
        default = next((version.record() for version in versions if version.group_id is None), INITIAL_DEFAULT_MAPPING)
        choice = self.choice_at(moment)
        return SiteFacts(
            default_mapping=default,
            mappings={version.group_id: version.record() for version in versions if version.group_id},
            teams={
                team.id: self.name_at(team.id, team.name, moment)
                for team in self.teams
                if team.created_at <= moment and (team.deleted_at is None or team.deleted_at > moment)
            },
            fallback_team_id=choice.fallback_team_id if choice else None,
            last_group_policy=choice.last_group_policy if choice else LastGroupPolicy.REVOKE,
            has_saml_connection=any(holds(provider, moment) for provider in self.providers),
            only_domains=self._only_domains(moment),
        )

    def _only_domains(self, moment: datetime) -> frozenset[str] | None:
        """For which domains only there was a connection; None where one was for everybody, or there was none."""
        live = {provider.id for provider in self.providers if holds(provider, moment)}
        stated = [domain for domain in self.domains if domain.provider_id in live and holds(domain, moment)]
        if not live or live - {domain.provider_id for domain in stated}:
            return None
        return frozenset(form for domain in stated for form in (domain.domain, domain.ascii))

    def choice_at(self, moment: datetime) -> SiteChoice | None:
        """The site's choices that held at a moment."""
        return next((choice for choice in reversed(self.choices) if holds(choice, moment)), None)


def holds(fact: Period, moment: datetime) -> bool:
    """Whether a fact held at a moment."""
    return fact.since <= moment and (fact.until is None or fact.until > moment)
