"""The privilege levels: one total order, the larger the more may be done."""

from enum import IntEnum

from django.utils.translation import gettext_lazy as _

from gatekeeper.errors import UnknownLevel


class Level(IntEnum):
    """Stored as its number, so that the database can take a maximum; named outside by its slug."""

    NONE = 0
    EMPLOYEE_PORTAL = 1
    COLLABORATOR = 2
    GLOBAL_COLLABORATOR = 3
    ADMINISTRATOR = 4
    GLOBAL_ADMINISTRATOR = 5

    @property
    def slug(self) -> str:
        return self.name.lower()

    @property
    def label(self) -> str:
        return str(LEVEL_LABELS[self])

    @property
    def meaning(self) -> str:
        return str(_MEANINGS[self])

    @classmethod
    def from_slug(cls, slug: object) -> "Level":
        """``"administrator"`` gives ``Level.ADMINISTRATOR``. Raises UnknownLevel."""
        for level in cls:
            if level.slug == slug:
                return level
        raise UnknownLevel(slug)


LEVEL_LABELS = {
    Level.NONE: _("No access"),
    Level.EMPLOYEE_PORTAL: _("Employee Portal"),
    Level.COLLABORATOR: _("Collaborator"),
    Level.GLOBAL_COLLABORATOR: _("Global Collaborator"),
    Level.ADMINISTRATOR: _("Administrator"),
    Level.GLOBAL_ADMINISTRATOR: _("Global Administrator"),
}
_MEANINGS = {
    Level.GLOBAL_ADMINISTRATOR: _("Adds, edits and deletes everything."),
    Level.ADMINISTRATOR: _("Adds, edits and deletes within their own teams."),
    Level.GLOBAL_COLLABORATOR: _("Reads and takes part everywhere."),
    Level.COLLABORATOR: _("Reads and takes part within their own teams."),
    Level.EMPLOYEE_PORTAL: _("May only submit requests."),
    Level.NONE: _("Cannot sign in."),
}

ADMINISTRATOR_LEVELS = frozenset({Level.ADMINISTRATOR, Level.GLOBAL_ADMINISTRATOR})
