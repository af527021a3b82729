"""Who gains and who loses: what stands beside the mapping form and follows every change of it."""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, QueryDict

from gatekeeper.configuration.guards import person_of
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.preview import PAGE, AffectedPerson, Preview, ProposedChange, affected_people, preview_change

# Warnings after which Save asks once more. Whoever becomes Global Administrator is named in the preview, and is what
# the mapping was opened for; these two are what nobody means by it.
ASK_AGAIN = frozenset({"lose_own_access", "lose_own_configuration"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview as the form carries it: for which proposal it was worked out, and what it said."""

    proposal: str
    fingerprint: str

    @classmethod
    def of(cls, group_id: UUID | None, wanted: MappingRecord, preview: Preview) -> "Shown":
        """What the page is about to show."""
        return cls(_proposal(group_id, wanted), preview.fingerprint)

    @classmethod
    def from_form(cls, data: QueryDict) -> "Shown":
        """What the page showed when Save was pressed; empty texts where no scripts ran."""
        proposal, _, fingerprint = data.get("previewed", "").partition(":")
        return cls(proposal, fingerprint)

    def is_outdated_by(self, fresh: "Shown") -> bool:
        """Whether facts changed since: the same proposal, and another effect.

        A preview of another proposal says nothing: Save was quicker than the preview of the last click.
        """
        return self.proposal == fresh.proposal and self.fingerprint != fresh.fingerprint

    def __str__(self) -> str:
        return f"{self.proposal}:{self.fingerprint}"


def _proposal(group_id: UUID | None, wanted: MappingRecord) -> str:
    parts = (str(group_id), wanted.level.slug, sorted(wanted.permissions), sorted(map(str, wanted.team_ids)))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def preview_mapping(request: HttpRequest, group_id: UUID | None, wanted: MappingRecord) -> Preview:
    """What saving ``wanted`` would do now, with the warnings for whoever looks at it."""
    return preview_change(ProposedChange.mapping(group_id, wanted), by=person_of(request))


def preview_context(
    group_id: UUID | None, wanted: MappingRecord, preview: Preview, data: QueryDict | None = None
) -> dict[str, Any]:
    """What ``_mapping_preview.html`` needs: the counts, and one page of the people."""
    start = _start(data)
    people, more = affected_people(preview, search=data.get("preview_search", "") if data else "", start=start)
    return {
        "preview": preview,
        "previewed": str(Shown.of(group_id, wanted, preview)),
        "shift_groups": [
            ("Levels", preview.levels),
            ("Permissions", preview.permissions),
            ("Teams", preview.teams),
        ],
        "people": [_line(person) for person in people],
        "next_start": start + PAGE if more else None,
        "start": start,
    }


def _start(data: QueryDict | None) -> int:
    text = data.get("preview_start", "") if data else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _line(person: AffectedPerson) -> dict[str, Any]:
    """One person: the levels before and after, and what else comes or goes."""
    before, after = person.before, person.after
    return {
        "user": person.user,
        "before": before.level.label,
        "after": after.level.label,
        "gains": sorted(
            [
                *(permission.label for permission in after.permissions - before.permissions),
                *(name for team, name in after.teams.items() if team not in before.teams),
            ]
        ),
        "loses": sorted(
            [
                *(permission.label for permission in before.permissions - after.permissions),
                *(name for team, name in before.teams.items() if team not in after.teams),
            ]
        ),
    }
