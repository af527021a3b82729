"""The rows of the table "IdP groups": what each group grants, and to how many people. A fixed number of queries."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator

from gatekeeper.directory.access.resolver import DEFAULT_MAPPING_NAME, SiteFacts
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.groups.people_counts import member_counts
from gatekeeper.directory.models import IdpGroup

GROUPS_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One line of the table; ``group_id`` is None for the Default Mapping."""

    name: str
    group_id: UUID | None
    level: str
    permissions: list[str]
    teams: list[str]
    members: int | None
    is_default: bool


def default_row(site: SiteFacts) -> MappingRow:
    """The first row, whatever page and search."""
    return _row(DEFAULT_MAPPING_NAME, None, site.default_mapping, site, members=None, is_default=False)


def group_page(site: SiteFacts, search: str, number: str | None) -> tuple[Page[Any], list[MappingRow]]:
    """One page of the groups on the page whose name contains ``search``. Three queries."""
    groups = IdpGroup.objects.on_the_page().only("id", "display_name").order_by("display_name_folded", "id")
    if search:
        groups = groups.filter(display_name_folded__contains=fold(search))
    page = Paginator(groups, GROUPS_PER_PAGE).get_page(number)
    shown = list(page.object_list)
    counts = member_counts(group.id for group in shown)
    return page, [_group_row(group, site, counts.get(group.id, 0)) for group in shown]


def _group_row(group: IdpGroup, site: SiteFacts, members: int) -> MappingRow:
    own = site.mappings.get(group.id)
    return _row(
        group.display_name, group.id, own or site.default_mapping, site, members=members, is_default=own is None
    )


def _row(
    name: str, group_id: UUID | None, mapping: MappingRecord, site: SiteFacts, *, members: int | None, is_default: bool
) -> MappingRow:
    return MappingRow(
        name=name,
        group_id=group_id,
        level=mapping.level.label,
        permissions=sorted(permission.label for permission in mapping.permissions),
        teams=sorted(site.teams[team] for team in mapping.team_ids if team in site.teams),
        members=members,
        is_default=is_default,
    )
