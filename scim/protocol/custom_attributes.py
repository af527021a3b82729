"""Attributes that administrators declare: which may be, and the extension schemas that follow (RFC 7643 §3.3, §7).

Pure. Where declarations are stored, and how each process learns of them: ``scim/attributes/``.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from gatekeeper.errors import InvalidValue
from scim.protocol.limits import MAX_CUSTOM_ATTRIBUTES, MAX_CUSTOM_DESCRIPTION, MAX_CUSTOM_PATH
from scim.protocol.schemas import DELIVERED, SCHEMA_URN, Schema, SchemaSet

CUSTOM_TYPES = ("string", "boolean", "integer", "decimal", "dateTime", "reference")
# RFC 7643 §2.1. RFC 8141 allows more characters in a URN; these are those that no path, filter or log has to escape.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9$_-]*")
_URN = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{0,30}[A-Za-z0-9](?::[A-Za-z0-9._-]+)+")
# Common attributes (RFC 7643 §3.1), and the words of filters (RFC 7644 §3.4.2.2).
_RESERVED = frozenset(
    {"schemas", "id", "externalid", "meta", "and", "or", "not", "eq", "ne", "co", "sw", "ew"}
    | {"pr", "gt", "ge", "lt", "le", "true", "false", "null"}
)
_DELIVERED_URNS = tuple(DELIVERED.by_urn)
_PROTOCOL = ("urn:ietf:params:scim:schemas:core:", "urn:ietf:params:scim:api:", *(f"{urn}:" for urn in _DELIVERED_URNS))
_WITHOUT_CONTROL = re.compile("[^\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """One attribute as it is declared. ``schema`` is the URN of its extension."""

    schema: str
    name: str
    type: str = "string"
    multi_valued: bool = False
    case_exact: bool = False
    description: str = ""

    @property
    def path(self) -> str:
        """Its full name, with which Entra maps it."""
        return f"{self.schema}:{self.name}"

    def as_document(self) -> dict[str, Any]:
        """As the commands and the configuration document write it."""
        return {
            "schema": self.schema,
            "name": self.name,
            "type": self.type,
            "multi_valued": self.multi_valued,
            "case_exact": self.case_exact,
            "description": self.description,
        }


def checked(given: Definition) -> Definition:
    """The definition as it is stored: without blanks around it, and with the case sensitivity that its type has.

    Raises: InvalidValue, naming the field and what would be right.
    """
    schema, name = given.schema.strip(), given.name.strip()
    _check_schema(schema)
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            "name",
            _("%(name)s can't be one: a letter, then letters, digits, hyphens, underscores and $."),
            name=_shown(name),
        )
    if name.lower() in _RESERVED:
        raise InvalidValue("name", _("%(name)s has a meaning of its own in SCIM; choose another one."), name=name)
    if len(f"{schema}:{name}") > MAX_CUSTOM_PATH:
        raise InvalidValue(
            "name", _("URN and name together may have at most %(limit)s characters."), limit=MAX_CUSTOM_PATH - 1
        )
    if given.type not in CUSTOM_TYPES:
        raise InvalidValue(
            "type", _("%(type)s is none; there are %(known)s."), type=_shown(given.type), known=", ".join(CUSTOM_TYPES)
        )
    description = given.description.strip()
    if len(description) > MAX_CUSTOM_DESCRIPTION or not _WITHOUT_CONTROL.fullmatch(description):
        raise InvalidValue(
            "description",
            _("at most %(limit)s characters on one line are possible."),
            limit=MAX_CUSTOM_DESCRIPTION,
        )
    return Definition(
        schema=schema,
        name=name,
        type=given.type,
        multi_valued=given.multi_valued,
        case_exact=given.type == "reference" or (given.type == "string" and given.case_exact),  # RFC 7643 §2.3.7
        description=description,
    )


def _shown(text: str) -> str:
    return text[:60] or "nothing"


def _check_schema(schema: str) -> None:
    if not _URN.fullmatch(schema):
        example = "urn:ietf:params:scim:schemas:extension:acme:2.0:User"
        raise InvalidValue(
            "schema", _("%(schema)s is no URN such as %(example)s."), schema=_shown(schema), example=example
        )
    if len(schema) > MAX_CUSTOM_PATH - 2:
        raise InvalidValue("schema", _("a URN may have at most %(limit)s characters."), limit=MAX_CUSTOM_PATH - 2)
    folded = schema.lower()
    if folded in _DELIVERED_URNS or folded.startswith(_PROTOCOL):
        raise InvalidValue(
            "schema", _("%(schema)s is a schema of SCIM itself; choose a URN of your own."), schema=schema
        )


def check_beside(definition: Definition, others: Collection[Definition]) -> None:
    """Refuse what can't be declared beside the others. One URN has one spelling, and begins no other one.

    Raises: InvalidValue.
    """
    folded = definition.schema.lower()
    for other in others:
        known = other.schema.lower()
        if known == folded and other.schema != definition.schema:
            raise InvalidValue("schema", _("it is declared as %(schema)s; spell it so."), schema=other.schema)
        if known.startswith(f"{folded}:") or folded.startswith(f"{known}:"):
            raise InvalidValue(
                "schema",
                _("of %(schema)s and %(other)s, one begins with the other."),
                schema=other.schema,
                other=definition.schema,
            )
        if other.path.lower() == definition.path.lower():
            raise InvalidValue("name", _("%(path)s is declared already."), path=other.path)
    if len(others) >= MAX_CUSTOM_ATTRIBUTES:
        raise InvalidValue(
            "name",
            _("at most %(limit)s attributes can be declared."),
            limit=MAX_CUSTOM_ATTRIBUTES,
        )


def schema_set(definitions: Iterable[Definition]) -> SchemaSet:
    """The resource types with an extension of the user for each URN, in the order of the definitions."""
    by_urn: dict[str, list[Definition]] = {}
    for each in definitions:
        by_urn.setdefault(each.schema, []).append(each)
    extensions = [_schema(urn, attributes) for urn, attributes in by_urn.items()]
    return SchemaSet(user=DELIVERED.user.with_extensions(extensions)) if extensions else DELIVERED


def _schema(urn: str, definitions: Iterable[Definition]) -> Schema:
    document = {
        "schemas": [SCHEMA_URN],
        "id": urn,
        "name": _title(urn),
        "description": "What this site's administrators declared.",
        "attributes": [_attribute(each) for each in definitions],
    }
    return Schema(urn, document, prefix=f"{urn}:")


def _title(urn: str) -> str:
    """A short name: what follows "extension" in a URN of the usual form, else its last part that is no version."""
    parts = urn.split(":")
    if "extension" in parts[:-1]:
        return parts[parts.index("extension") + 1]
    return next((part for part in reversed(parts[2:]) if part != "User" and not part[0].isdigit()), parts[-1])


def _attribute(definition: Definition) -> dict[str, Any]:
    """RFC 7643 §7."""
    written: dict[str, Any] = {
        "name": definition.name,
        "type": definition.type,
        "multiValued": definition.multi_valued,
        "description": definition.description or definition.name,
        "required": False,
        "caseExact": definition.case_exact,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }
    return {**written, "referenceTypes": ["external"]} if definition.type == "reference" else written
