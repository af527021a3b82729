"""Discovery as scim2-tester is shown it: without custom attributes for which it makes a text that is no value.

It sends a text for a decimal and for a dateTime, which a server has to refuse. The attributes of these types in the
core schemas are read-only, so it sends none of them.
"""

from collections.abc import Collection, Iterable
from typing import Any

_UNFILLED = ("decimal", "dateTime")


def without_what_it_cannot_fill(document: Any, emptied: Collection[str]) -> Any:
    """A document of ``/Schemas`` or ``/ResourceTypes``. ``emptied``: extensions of which nothing is left."""
    if isinstance(document, list):
        return [
            without_what_it_cannot_fill(each, emptied)
            for each in document
            if not _is_unfilled(each) and not _extends_by(each, emptied)
        ]
    if isinstance(document, dict):
        return {name: without_what_it_cannot_fill(value, emptied) for name, value in document.items()}
    return document


def emptied_schemas(schemas: Iterable[Any]) -> set[str]:
    """The ids of the schemas that have such attributes only."""
    return {
        str(schema.get("id"))
        for schema in schemas
        if isinstance(schema, dict)
        and isinstance(attributes := schema.get("attributes"), list)
        and attributes
        and all(map(_is_unfilled, attributes))
    }


def _is_unfilled(attribute: Any) -> bool:
    writable = isinstance(attribute, dict) and attribute.get("mutability") != "readOnly"
    return writable and attribute.get("type") in _UNFILLED


def _extends_by(extension: Any, emptied: Collection[str]) -> bool:
    """Whether it is an entry of ``schemaExtensions`` (RFC 7643 §6), or a schema, that is hidden."""
    named = (extension.get("schema") or extension.get("id")) if isinstance(extension, dict) else None
    return named in emptied
