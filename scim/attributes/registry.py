"""The schemas with the attributes that administrators have declared, as this process knows them.

Each change of a declaration gives the one row of ``CustomAttributesVersion`` a new random number. The statement that
finds a request's credential reads it, too, so that a declaration holds from the next request on, on every process.
"""

from dataclasses import dataclass

from scim.models import CustomAttribute, CustomAttributesVersion
from scim.protocol.custom_attributes import Definition, schema_set
from scim.protocol.schemas import DELIVERED, SchemaSet


@dataclass(frozen=True, slots=True)
class _Known:
    """Immutable, and replaced as a whole: threads need no lock."""

    version: int
    schemas: SchemaSet


class Registry:
    """What this process read last."""

    def __init__(self) -> None:
        self._known = _Known(0, DELIVERED)

    def at(self, version: int) -> SchemaSet:
        """The schemas of that version, or of a newer one. Cost: two queries where this process does not know it."""
        known = self._known
        if known.version != version:
            # The version is read first: what is newer than it is read again by the next request, and does no harm.
            known = self._known = _Known(read_version(), schema_set(live_definitions()))
        return known.schemas

    def is_known(self, version: int) -> bool:
        """Whether this process knows that version. No query."""
        return self._known.version == version

    def known_schemas(self) -> SchemaSet:
        """Those that were read last, which may be outdated. No query."""
        return self._known.schemas

    def current(self) -> SchemaSet:
        """Those of this moment. Cost: one query."""
        return self.at(read_version())


registry = Registry()


def read_version() -> int:
    """The version of this moment; 0 where nothing was ever declared."""
    return CustomAttributesVersion.objects.values_list("version", flat=True).first() or 0


def live_definitions() -> list[Definition]:
    """What is declared, in the order in which it was."""
    return [definition_of(each) for each in CustomAttribute.objects.filter(removed_at=None)]


def definition_of(row: CustomAttribute) -> Definition:
    """The definition that a row stores."""
    return Definition(
        schema=row.schema,
        name=row.name,
        type=row.type,
        multi_valued=row.multi_valued,
        case_exact=row.case_exact,
        description=row.description,
    )
