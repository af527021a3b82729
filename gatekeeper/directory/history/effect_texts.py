"""What somebody gains or loses by a change: codes with values, and the text of each, made when the history is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.states import State
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission


class EffectCode(StrEnum):
    """What a change did to access. Names in the comments are the parameters of the text."""

    NOTHING = "nothing"
    LEVEL = "level"  # level
    LEVEL_CHANGED = "level_changed"  # before, after
    PERMISSION_GAINED = "permission_gained"  # permission
    PERMISSION_LOST = "permission_lost"  # permission
    TEAM_GAINED = "team_gained"  # team
    TEAM_LOST = "team_lost"  # team
    STATE = "state"  # state
    STATE_CHANGED = "state_changed"  # before, after


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing gained, lost or changed. ``parameters``: levels, permissions and states themselves, names of teams."""

    code: EffectCode
    parameters: Mapping[str, Level | Permission | State | str] = field(default_factory=dict)

    @property
    def is_loss(self) -> bool:
        """Whether something is taken: a permission, a team, a higher level, or that they can sign in."""
        before, after = self.parameters.get("before"), self.parameters.get("after")
        if isinstance(before, Level) and isinstance(after, Level):
            return after < before
        return self.code in _LOSSES or before == State.CAN_SIGN_IN

    @property
    def text(self) -> str:
        """The effect in one line, in the current language."""
        values = {
            name: value.label if isinstance(value, Level | Permission | State) else value
            for name, value in self.parameters.items()
        }
        return str(_TEXTS[self.code]) % values


_LOSSES = frozenset({EffectCode.PERMISSION_LOST, EffectCode.TEAM_LOST})
_TEXTS = {
    EffectCode.NOTHING: _("Nothing gained or lost by it."),
    EffectCode.LEVEL: _("Level: %(level)s"),
    EffectCode.LEVEL_CHANGED: _("Level: %(before)s → %(after)s"),
    EffectCode.PERMISSION_GAINED: _("Gained permission %(permission)s"),
    EffectCode.PERMISSION_LOST: _("Lost permission %(permission)s"),
    EffectCode.TEAM_GAINED: _("Gained team %(team)s"),
    EffectCode.TEAM_LOST: _("Lost team %(team)s"),
    EffectCode.STATE: _("Sign-in: %(state)s"),
    EffectCode.STATE_CHANGED: _("Sign-in: %(before)s → %(after)s"),
}
