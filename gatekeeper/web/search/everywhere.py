"""One search over all that a person may open: people, groups, teams, pages, and what logs know by a number."""

from collections.abc import Sequence
from dataclasses import dataclass

from gatekeeper.directory.access.resolver import Access
from gatekeeper.web.framework.permissions import may_configure, may_read_logs, may_read_people
from gatekeeper.web.search.groups_and_teams import groups_section, teams_section
from gatekeeper.web.search.options import Fit, Section
from gatekeeper.web.search.pages import pages_section
from gatekeeper.web.search.people import people_section
from gatekeeper.web.search.references import references_section


@dataclass(frozen=True, kw_only=True, slots=True)
class Most:
    """How many options of each kind."""

    people: int
    groups: int
    teams: int
    pages: int


BELOW_THE_FIELD = Most(people=8, groups=5, teams=3, pages=5)
ON_THE_PAGE = Most(people=25, groups=25, teams=25, pages=25)


def search_everywhere(search: str, access: Access, most: Most) -> Sequence[Section]:
    """What this person may open and looks for; what has exactly this name first. Without a search: pages.

    Cost: at most a dozen queries, whatever the number of people.
    """
    sections: list[Section | None] = []
    if search:
        configures = may_configure(access)
        sections = [
            references_section(search) if may_read_logs(access) else None,
            people_section(search, most.people) if may_read_people(access) else None,
            groups_section(search, most.groups) if configures else None,
            teams_section(search, most.teams) if configures else None,
        ]
    found = [section for section in (*sections, pages_section(search, access, most.pages)) if section is not None]
    return sorted(found, key=lambda section: section.fit is not Fit.EXACT)
