"""The key ``retention`` of a configuration document: for how many days what is kept, where that is not the default."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.config_as_code.changes import ChangeCode
from gatekeeper.directory.models.retention import DEFAULT_DAYS
from gatekeeper.directory.people.retention import retention_days, set_retention
from gatekeeper.errors import InvalidValue
from gatekeeper.maintenance.kept_logs import BY_CODE
from gatekeeper.maintenance.log_retention import Days, differing_days, keep_logs_for, kept_days

KEY = "retention"
PEOPLE = "deleted_people"

_LOGS: Mapping[str, Days] = {code: each.days for code, each in BY_CODE.items()}
_KNOWN = (PEOPLE, *_LOGS)

Note = Callable[..., None]


def export_retention() -> dict[str, Days]:
    """What differs from the defaults; null: for ever."""
    people = retention_days()
    return {**({PEOPLE: people} if people != DEFAULT_DAYS else {}), **differing_days()}


def read_retention(value: Any) -> dict[str, Days]:
    """Days by what is kept. Raises: InvalidValue, which names the place; which numbers will do the services know."""
    if not isinstance(value, dict):
        raise InvalidValue(KEY, _("an object of days by what is kept is needed."))
    for name, days in value.items():
        if name not in _KNOWN:
            raise InvalidValue(
                f"{KEY}.{name[:60]}", _("there is no such key; known are %(known)s."), known=", ".join(_KNOWN)
            )
        is_for_ever = days is None and name != PEOPLE
        if not is_for_ever and (isinstance(days, bool) or not isinstance(days, int)):
            what = "a number of days is needed." if name == PEOPLE else "a number of days or null is needed."
            raise InvalidValue(f"{KEY}.{name}", what)
    return value


def apply_retention(stated: Mapping[str, Days], note: Note, *, actor: Actor) -> None:
    """Keep everything for as long as ``stated``, and what it does not name for the default; ``note`` gets each change.

    Raises: InvalidValue for a number of days that will not do.
    """
    people, was = int(stated[PEOPLE] or 0) if PEOPLE in stated else DEFAULT_DAYS, retention_days()
    logs = {**_LOGS, **{name: days for name, days in stated.items() if name != PEOPLE}}
    before = kept_days()
    try:
        changed = keep_logs_for(logs, actor=actor)
    except InvalidValue as refusal:
        raise InvalidValue(f"{KEY}.{refusal.attribute}", refusal.reason) from None
    try:
        set_retention(people, actor=actor)
    except InvalidValue as refusal:
        raise InvalidValue(f"{KEY}.{PEOPLE}", refusal.reason) from None
    if people != was:
        note(ChangeCode.RETENTION_SET, name=PEOPLE, days=people, was_days=was)
    for code, days in changed.items():
        note(ChangeCode.RETENTION_SET, name=code, days=days, was_days=before[code])
