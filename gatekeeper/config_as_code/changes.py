"""What applying a document changes: a code with its values; the text for people is made here, when it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.directory.access.resolver import DEFAULT_MAPPING_NAME
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission

Values = Mapping[str, Any]


class ChangeCode(StrEnum):
    """The kinds of changes."""

    TEAM_CREATED = "team_created"
    TEAM_RESPELT = "team_respelt"
    TEAM_DELETED = "team_deleted"
    FALLBACK_TEAM_CHOSEN = "fallback_team_chosen"
    LAST_GROUP_POLICY_SET = "last_group_policy_set"
    MAPPING_SET = "mapping_set"
    MAPPING_RESET = "mapping_reset"
    ATTRIBUTE_DECLARED = "attribute_declared"
    ATTRIBUTE_DESCRIBED = "attribute_described"
    ATTRIBUTE_REMOVED = "attribute_removed"
    RETENTION_SET = "retention_set"
    STREAM_CREATED = "stream_created"
    STREAM_CHANGED = "stream_changed"
    STREAM_DELETED = "stream_deleted"
    RECIPIENT_ADDED = "recipient_added"
    RECIPIENT_CHANGED = "recipient_changed"
    RECIPIENT_REMOVED = "recipient_removed"


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``values``: names, slugs and mappings as documents; None for what there was not."""

    code: ChangeCode
    values: Values

    @property
    def text(self) -> str:
        """The change in one sentence."""
        return _template(self.code) % {name: _shown(name, value) for name, value in self.values.items()}

    def as_document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {"code": self.code.value, "values": dict(self.values)}


def mapping_document(mapping: MappingRecord, team_names: Mapping[Any, str]) -> dict[str, Any]:
    """A mapping as a change states it, with its teams by name."""
    return {
        "level": mapping.level.slug,
        "permissions": sorted(mapping.permissions),
        "teams": sorted(team_names[team_id] for team_id in mapping.team_ids),
    }


def _template(code: ChangeCode) -> str:
    return {
        ChangeCode.TEAM_CREATED: _("Team %(name)s is created."),
        ChangeCode.TEAM_RESPELT: _("Team %(was)s is now spelt %(name)s."),
        ChangeCode.TEAM_DELETED: _("Team %(name)s is deleted."),
        ChangeCode.FALLBACK_TEAM_CHOSEN: _("The fallback team is %(name)s (was %(was)s)."),
        ChangeCode.LAST_GROUP_POLICY_SET: _("The last group policy is %(policy)s (was %(was)s)."),
        ChangeCode.MAPPING_SET: _("%(name)s grants %(mapping)s (was %(was_mapping)s)."),
        ChangeCode.MAPPING_RESET: _("%(name)s uses the Default Mapping again."),
        ChangeCode.ATTRIBUTE_DECLARED: _("The custom attribute %(name)s is declared."),
        ChangeCode.ATTRIBUTE_DESCRIBED: _("The custom attribute %(name)s has another description."),
        ChangeCode.ATTRIBUTE_REMOVED: _("The custom attribute %(name)s is removed."),
        ChangeCode.RETENTION_SET: _("%(name)s: kept for %(days)s (was %(was_days)s)."),
        ChangeCode.STREAM_CREATED: _("The SIEM stream %(name)s is created."),
        ChangeCode.STREAM_CHANGED: _("The SIEM stream %(name)s is sent elsewhere, or trusts others."),
        ChangeCode.STREAM_DELETED: _("The SIEM stream %(name)s is deleted."),
        ChangeCode.RECIPIENT_ADDED: _("E-mail is sent to %(name)s."),
        ChangeCode.RECIPIENT_CHANGED: _("%(name)s is sent other e-mail."),
        ChangeCode.RECIPIENT_REMOVED: _("No e-mail is sent to %(name)s any more."),
    }[code]


def _shown(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return _mapping_text(value)
    if name in ("days", "was_days"):
        return _("ever") if value is None else ngettext("%(days)d day", "%(days)d days", value) % {"days": value}
    if value is not None:
        return str(value)
    return _("the %(mapping)s") % {"mapping": DEFAULT_MAPPING_NAME} if name == "was_mapping" else _("none")


def _mapping_text(mapping: Values) -> str:
    """A mapping for people: "Collaborator, Reports, team Finance"."""
    permissions = sorted(Permission(name).label for name in mapping["permissions"])
    teams = [_("team %(name)s") % {"name": name} for name in mapping["teams"]]
    return ", ".join([Level.from_slug(mapping["level"]).label, *permissions, *teams])
