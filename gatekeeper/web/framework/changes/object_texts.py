"""What an audit entry is about, in the language of whoever reads it.

Names are shown as they were stored. Where the label is no name but says what was set or counted, it is made anew of the
values that the entry holds. An export has the stored label, and so has the sentence that records damage of the trail:
both are evidence.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import LastGroupPolicy
from gatekeeper.maintenance.kept_logs import LOGS

Values = Mapping[str, Any]


def object_text(entry: AuditEntry) -> str:
    """What the entry is about; what it holds no values for (any more) is shown as it was stored."""
    made = _TEXTS.get(entry.event)
    try:
        text = made(entry, entry.after or {}) if made else ""
    except (KeyError, ValueError, TypeError):  # written by another release, or blanked by an erasure
        text = ""
    return text or str(entry.object_label)


def is_made(event: str) -> bool:
    """Whether the text of such an entry needs the values that it holds."""
    return event in _TEXTS


def _number(value: int) -> str:
    return number_format(value, force_grouping=True)


def _alert(_entry: AuditEntry, after: Values) -> str:
    if after["held"]:
        text = _("%(lost)s of %(active)s active users would have lost access, and are held, within %(minutes)s minutes")
    else:
        text = _("%(lost)s of %(active)s active users lost access within %(minutes)s minutes")
    return text % {
        "lost": _number(after["lost"]),
        "active": _number(after["active_before"]),
        "minutes": _number(after["minutes"]),
    }


def _days(days: int | None) -> str:
    if days is None:
        return _("for ever")
    return ngettext("%(number)s day", "%(number)s days", days) % {"number": _number(days)}


def _retention(entry: AuditEntry, after: Values) -> str:
    code = entry.object_id.partition(".")[2]
    log = next((each.label for each in LOGS if each.code == code), code)
    return f"{log}: {_days(after['days'])}" if code else _days(after["days"])


def _sessions(entry: AuditEntry, after: Values) -> str:
    """Of one session the entry has the person's name; ``users`` are counted where several may have ended."""
    ended = after["sessions"]
    if entry.object_kind == "connection":
        text = ngettext(
            "%(number)s session ended by the identity provider",
            "%(number)s sessions ended by the identity provider",
            ended,
        )
        return text % {"number": _number(ended)}
    if "users" not in after:
        return ""
    sessions = ngettext("%(number)s session", "%(number)s sessions", ended) % {"number": _number(ended)}
    users = ngettext("%(number)s user", "%(number)s users", after["users"]) % {"number": _number(after["users"])}
    return _("%(sessions)s of %(users)s") % {"sessions": sessions, "users": users}


def _more_people(_entry: AuditEntry, after: Values) -> str:
    return ngettext("%(number)s more person", "%(number)s more people", after["more"]) % {
        "number": _number(after["more"])
    }


def _merged(entry: AuditEntry, after: Values) -> str:
    return _("%(team)s into %(into)s") % {"team": (entry.before or {})["name"], "into": after["into"]}


def _certificate(_entry: AuditEntry, after: Values) -> str:
    return _("%(connection)s: certificate until %(day)s") % {
        "connection": after["connection"],
        "day": str(after["not_after"])[:10],
    }


_TEXTS: Final[Mapping[str, Callable[[AuditEntry, Values], str]]] = {
    Event.SYNC_FINISHED: lambda _entry, after: (
        _("%(linked)s linked, %(unlinked)s unlinked")
        % {"linked": _number(after["linked"]), "unlinked": _number(after["unlinked"])}
    ),
    Event.DEPROVISIONING_ALERTED: _alert,
    Event.DEPROVISIONING_LIMITS_SET: lambda _entry, after: _("hold") if after["hold"] else _("alert only"),
    Event.HELD_CHANGES_APPROVED: lambda _entry, _after: _("held changes let through"),
    Event.PRIVILEGE_GAINED: _more_people,
    Event.PRIVILEGE_HELD: _more_people,
    Event.TRACING_STARTED: lambda _entry, _after: _("Reads are listed"),
    Event.TRACING_STOPPED: lambda _entry, _after: _("Reads are counted only"),
    Event.LOCAL_ACCOUNT_RULE_SET: lambda _entry, after: (
        _("a second factor") if after["second_factor"] else _("a password")
    ),
    Event.LAST_GROUP_POLICY_SET: lambda _entry, after: str(LastGroupPolicy(after["last_group_policy"]).label),
    Event.FALLBACK_TEAM_CHOSEN: lambda _entry, after: "" if after["fallback_team"] else _("no team"),
    Event.DEFAULT_MAPPING_SET: lambda _entry, _after: _("Default Mapping"),
    Event.RETENTION_SET: _retention,
    Event.SIGN_INS_ENDED: _sessions,
    Event.TEAM_MERGED: _merged,
    Event.SECRET_KEY_CHANGED: lambda _entry, _after: _("What was sealed was moved to the present SECRET_KEY"),
    Event.CERTIFICATE_EXPIRING: _certificate,
}
