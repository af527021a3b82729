"""The privilege levels: one total order, the larger the more may be done."""

from enum import IntEnum

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
        return "No access" if self is Level.NONE else self.slug.replace("_", " ").title()

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]

    @classmethod
    def from_slug(cls, slug: object) -> "Level":
        """``"administrator"`` gives ``Level.ADMINISTRATOR``. Raises UnknownLevel."""
        for level in cls:
            if level.slug == slug:
                return level
        raise UnknownLevel(slug)


_MEANINGS = {
    Level.GLOBAL_ADMINISTRATOR: "Adds, edits and deletes everything.",
    Level.ADMINISTRATOR: "Adds, edits and deletes within their own teams.",
    Level.GLOBAL_COLLABORATOR: "Reads and takes part everywhere.",
    Level.COLLABORATOR: "Reads and takes part within their own teams.",
    Level.EMPLOYEE_PORTAL: "May only submit requests.",
    Level.NONE: "Cannot sign in.",
}

ADMINISTRATOR_LEVELS = frozenset({Level.ADMINISTRATOR, Level.GLOBAL_ADMINISTRATOR})
