"""What can change a person's access: codes, and the text of each, made when the history is shown."""

from collections.abc import Mapping
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.models import LastGroupPolicy


class CauseCode(StrEnum):
    """Something that happened. Names in the comments are the parameters of the text."""

    ADMINISTRATOR_CREATED = "administrator_created"
    PROVISIONED = "provisioned"
    DELETED = "deleted"
    ACTIVATED = "activated"
    DEACTIVATED = "deactivated"
    JOINED = "joined"  # group
    REMOVED = "removed"  # group
    GROUP_DELETED = "group_deleted"  # group
    LINKED = "linked"  # connection, name_id
    UNLINKED = "unlinked"  # connection, name_id
    CONNECTED = "connected"  # connection
    DISCONNECTED = "disconnected"  # connection
    DOMAINS_CHANGED = "domains_changed"  # connection
    USER_RENAMED = "user_renamed"
    RENAMED = "renamed"  # was, name
    TEAM_DELETED = "team_deleted"  # team
    DEFAULT_MAPPING_SET = "default_mapping_set"
    MAPPING_SET = "mapping_set"  # group
    MAPPING_RESET = "mapping_reset"  # group
    FALLBACK_TEAM_CHOSEN = "fallback_team_chosen"  # team
    NO_FALLBACK_TEAM = "no_fallback_team"
    LAST_GROUP_POLICY_SET = "last_group_policy_set"  # policy, a value of LastGroupPolicy


_TEXTS = {
    CauseCode.ADMINISTRATOR_CREATED: _("Created as a local administrator"),
    CauseCode.PROVISIONED: _("Provisioned"),
    CauseCode.DELETED: _("Deleted"),
    CauseCode.ACTIVATED: _("Activated"),
    CauseCode.DEACTIVATED: _("Deactivated"),
    CauseCode.JOINED: _("Joined %(group)s"),
    CauseCode.REMOVED: _("Removed from %(group)s"),
    CauseCode.GROUP_DELETED: _("%(group)s was deleted"),
    CauseCode.LINKED: _("Linked to %(connection)s as %(name_id)s"),
    CauseCode.UNLINKED: _("Link to %(connection)s as %(name_id)s ended"),
    CauseCode.CONNECTED: _("%(connection)s was connected"),
    CauseCode.DISCONNECTED: _("%(connection)s was disconnected"),
    CauseCode.DOMAINS_CHANGED: _("The e-mail domains of %(connection)s were changed"),
    CauseCode.USER_RENAMED: _("User name or work e-mail changed"),
    CauseCode.RENAMED: _("%(was)s was renamed to %(name)s"),
    CauseCode.TEAM_DELETED: _("Team %(team)s was deleted"),
    CauseCode.DEFAULT_MAPPING_SET: _("The Default Mapping was changed"),
    CauseCode.MAPPING_SET: _("The mapping of %(group)s was changed"),
    CauseCode.MAPPING_RESET: _("%(group)s was put back on the Default Mapping"),
    CauseCode.FALLBACK_TEAM_CHOSEN: _("%(team)s became the fallback team"),
    CauseCode.NO_FALLBACK_TEAM: _("The site has no fallback team any more"),
    CauseCode.LAST_GROUP_POLICY_SET: _("After removal from the last group: %(policy)s"),
}


def cause_text(code: CauseCode, parameters: Mapping[str, str]) -> str:
    """The text of a cause, in the current language."""
    values = {
        name: str(LastGroupPolicy(value).label) if name == "policy" else value for name, value in parameters.items()
    }
    return str(_TEXTS[code]) % values
