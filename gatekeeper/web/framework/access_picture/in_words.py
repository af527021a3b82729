"""What somebody can do, in words for themselves: what each thing means, and which of their groups gives it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from gatekeeper.directory.access.resolver import Access, Source
from gatekeeper.language_forms import listed


@dataclass(frozen=True, slots=True)
class Thing:
    """A level, permission or team. ``meaning`` may be ""; ``because``: a sentence that names what gives it."""

    name: str
    meaning: str
    because: str
    has_effect: bool = True


@dataclass(frozen=True, slots=True)
class OwnAccess:
    """Everything that somebody has."""

    level: Thing
    permissions: list[Thing]
    teams: list[Thing]


def own_access(access: Access) -> OwnAccess:
    """In words; nothing is asked of the database."""

    def because(gives: Callable[[Source], bool]) -> str:
        return _because([source for source in access.sources if gives(source)])

    permissions = [
        Thing(
            permission.label,
            permission.meaning,
            because(lambda source: permission in source.mapping.permissions),  # noqa: B023 - used at once
            access.has(permission),
        )
        for permission in sorted(access.permissions, key=lambda each: each.label)
    ]
    teams = [
        Thing(name, "", because(lambda source: team_id in source.mapping.team_ids))  # noqa: B023 - used at once
        for team_id, name in sorted(access.teams.items(), key=lambda team: team[1].casefold())
    ]
    granting = because(lambda source: source.kind != "fallback" and source.mapping.level is access.level)
    return OwnAccess(Thing(access.level.label, access.level.meaning, granting), permissions, teams)


def _because(sources: list[Source]) -> str:
    groups = [source.name for source in sources if source.kind == "group"]
    if groups:
        return _("Because you are in %(groups)s.") % {"groups": listed(groups)}
    kinds = {source.kind for source in sources}
    if "fallback" in kinds:
        return _("Because none of your groups names a team.")
    if "local" in kinds:
        return _("Because your account is a local one.")
    return _("Because everybody without a group has it.") if sources else ""
