"""Why no mapping gives somebody a team: codes with what they are about, and the text of each, made when it is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.language_forms import listed


class FallbackCode(StrEnum):
    """A reason to be in the fallback team. The comments say whose names the text needs."""

    TEAMS_DELETED = "teams_deleted"  # the deleted teams
    LOCAL_ADMINISTRATOR = "local_administrator"
    IN_NO_GROUP = "in_no_group"
    GROUPS_UNMAPPED = "groups_unmapped"  # the groups on the Default Mapping
    MAPPINGS_WITHOUT_TEAM = "mappings_without_team"  # the groups with a mapping
    NEITHER_WITH_TEAM = "neither_with_team"  # the groups with a mapping; those on the Default Mapping


@dataclass(frozen=True, slots=True)
class FallbackReason:
    """``names``: what the code is about. ``unmapped``: groups on the Default Mapping, where others have their own."""

    code: FallbackCode
    names: tuple[str, ...] = ()
    unmapped: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The reason in one sentence."""
        names, unmapped = _shortened(self.names), _shortened(self.unmapped)
        return _TEXTS[self.code](len(self.names)) % {"names": names, "unmapped": unmapped}


_TEXTS: Mapping[FallbackCode, Callable[[int], str]] = {
    FallbackCode.TEAMS_DELETED: lambda names: ngettext(
        "%(names)s was deleted, and no mapping names another team.",
        "%(names)s were deleted, and no mapping names another team.",
        names,
    ),
    FallbackCode.LOCAL_ADMINISTRATOR: lambda _names: _("A local administrator; no mapping gives them a team."),
    FallbackCode.IN_NO_GROUP: lambda _names: _("In no group, and the Default Mapping names no team."),
    FallbackCode.GROUPS_UNMAPPED: lambda names: ngettext(
        "%(names)s has no mapping of its own, and the Default Mapping names no team.",
        "%(names)s have no mapping of their own, and the Default Mapping names no team.",
        names,
    ),
    FallbackCode.MAPPINGS_WITHOUT_TEAM: lambda names: ngettext(
        "The mapping of %(names)s names no team.", "The mappings of %(names)s name no team.", names
    ),
    FallbackCode.NEITHER_WITH_TEAM: lambda _names: _(
        "Neither the mapping of %(names)s nor the Default Mapping, for %(unmapped)s, names a team."
    ),
}


def _shortened(names: tuple[str, ...]) -> str:
    """Names in a sentence: A; A and B; A, B and 3 more."""
    if len(names) > 3:
        names = (*names[:2], _("%(number)s more") % {"number": len(names) - 2})
    return listed(names)
