"""What one person would have if they were in other groups: the rules of access, over facts that nobody has written."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from gatekeeper.directory.access.loaders import facts_of
from gatekeeper.directory.access.resolver import Access, PersonFacts, SiteFacts, effective_access
from gatekeeper.directory.models import EndedBecause, IdpGroup, User


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Access as it is and as it would be. ``person`` and ``site``: the facts that would hold."""

    before: Access
    after: Access
    person: PersonFacts
    site: SiteFacts

    def unmapped(self, groups: Iterable[IdpGroup]) -> list[IdpGroup]:
        """Which of these groups have no mapping of their own."""
        return [group for group in groups if group.id not in self.site.mappings]


def what_if(user: User, *, add: Collection[IdpGroup], take_out: Collection[UUID]) -> WhatIf:
    """Answer for one person. Seven queries at most, and nothing is written."""
    person, site = facts_of(user, {group.id for group in add})
    proposed = in_other_groups(person, [(group.id, group.display_name) for group in add], take_out)
    return WhatIf(effective_access(person, site), effective_access(proposed, site), proposed, site)


def in_other_groups(person: PersonFacts, add: Collection[tuple[UUID, str]], take_out: Collection[UUID]) -> PersonFacts:
    """The facts of somebody who joined and left groups. Out of the last one: as removed from it (docs/rules.md#3)."""
    groups = {group_id: name for group_id, name in (*person.groups, *add) if group_id not in take_out}
    last_ended = EndedBecause.REMOVED if person.groups else person.last_ended
    return replace(person, groups=list(groups.items()), last_ended=None if groups else last_ended)
