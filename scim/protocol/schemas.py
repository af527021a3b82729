"""The schemas of User and Group, which discovery, parsing, filters and projections share.

The definitions are those of scim2-models (RFC 7643 §4, §8.7), read once at import and adjusted where this site differs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from django_scim.constants import SchemaURI
from scim2_models import EnterpriseUser, Group, User

Document = dict[str, Any]

CORE_USER: str = SchemaURI.USER
CORE_GROUP: str = SchemaURI.GROUP
ENTERPRISE_USER: str = SchemaURI.ENTERPRISE_USER
SCHEMA_URN = "urn:ietf:params:scim:schemas:core:2.0:Schema"


@dataclass(frozen=True, eq=False)
class Attribute:
    """One attribute or sub-attribute with its characteristics (RFC 7643 §2.2); ``path`` is its full name."""

    name: str
    path: str
    type: str
    multi_valued: bool
    case_exact: bool
    mutability: str
    returned: str
    required: bool
    subs: Mapping[str, "Attribute"]

    @classmethod
    def read(cls, definition: Mapping[str, Any], prefix: str = "") -> "Attribute":
        """Build the tree from an attribute definition as RFC 7643 §7 writes it."""
        path = prefix + definition["name"]
        return cls(
            name=definition["name"],
            path=path,
            type=definition["type"],
            multi_valued=definition.get("multiValued", False),
            case_exact=definition.get("caseExact", False),
            mutability=definition.get("mutability", "readWrite"),
            returned=definition.get("returned", "default"),
            required=definition.get("required", False),
            subs=_by_name(cls.read(sub, path + ".") for sub in definition.get("subAttributes") or ()),
        )

    @cached_property
    def is_complex(self) -> bool:
        return self.type == "complex"

    @cached_property
    def is_text(self) -> bool:
        """Whether its values are texts of any form: binaries and references are, too (RFC 7643 §2.3)."""
        return self.type not in ("complex", "boolean", "integer", "decimal", "dateTime")

    @cached_property
    def is_number(self) -> bool:
        return self.type in ("integer", "decimal")

    @cached_property
    def is_reference(self) -> bool:
        """Whether it refers to another resource, by id and by address: a manager, a member."""
        return "value" in self.subs and "$ref" in self.subs

    @property
    def read_only(self) -> bool:
        return self.mutability == "readOnly"

    def sub(self, name: str) -> "Attribute | None":
        """The sub-attribute of that name in any case, or None."""
        return self.subs.get(name.lower())


def _by_name(attributes: Iterable[Attribute]) -> Mapping[str, Attribute]:
    return MappingProxyType({attribute.name.lower(): attribute for attribute in attributes})


@dataclass(frozen=True, eq=False)
class Schema:
    """A schema with its URN; ``document`` is what ``/Schemas`` answers, without ``meta``."""

    urn: str
    document: Document
    prefix: str = ""

    @cached_property
    def attributes(self) -> Mapping[str, Attribute]:
        return _by_name(Attribute.read(definition, self.prefix) for definition in self.document["attributes"])

    def find(self, name: str) -> Attribute | None:
        return self.attributes.get(name.lower())


@dataclass(frozen=True, eq=False)
class ResourceType:
    """An endpoint with its core schema and extensions (RFC 7643 §6)."""

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
    common: Mapping[str, Attribute] = field(default_factory=dict)

    @cached_property
    def _extensions_by_urn(self) -> Mapping[str, Schema]:
        return {extension.urn.lower(): extension for extension in self.extensions}

    @property
    def is_user(self) -> bool:
        """Whether its resources are users, whatever extensions are declared for them."""
        return self.name == "User"

    def with_extensions(self, extensions: Iterable[Schema]) -> "ResourceType":
        """The same type with further extensions."""
        return replace(self, extensions=(*self.extensions, *extensions))

    @cached_property
    def urns(self) -> tuple[str, ...]:
        """The URNs of its schemas in lower case."""
        return (self.schema.urn.lower(), *self._extensions_by_urn)

    def extension(self, urn: str) -> Schema | None:
        """The extension with that URN in any case, or None."""
        return self._extensions_by_urn.get(urn.lower())

    def is_core(self, urn: str) -> bool:
        return urn.lower() == self.schema.urn.lower()

    def find(self, name: str, urn: str | None = None) -> Attribute | None:
        """The attribute of that name, in any case; without a URN a core or common one (RFC 7644 §3.10)."""
        if urn is None or self.is_core(urn):
            return self.schema.find(name) or self.common.get(name.lower())
        extension = self.extension(urn)
        return extension.find(name) if extension else None

    def locate(self, name: str, urn: str | None = None) -> tuple[Schema | None, Attribute | None]:
        """Like ``find``, for paths and filters: a bare name may also be an extension's.

        Entra asks ``manager eq "…"`` and patches the path ``manager`` without the URN that RFC 7644 §3.10 wants.
        """
        found = self.find(name, urn)
        if found is not None or urn is not None:
            return (self.extension(urn) if urn else None), found
        return next(((each, each.find(name)) for each in self.extensions if each.find(name)), (None, None))

    def each_attribute(self) -> Iterator[tuple[Schema | None, Attribute]]:
        """All attributes that a profile may hold, with the extension that each belongs to."""
        for attribute in self.schema.attributes.values():
            yield None, attribute
        for extension in self.extensions:
            for attribute in extension.attributes.values():
                yield extension, attribute

    def declared_part(self, profile: Document) -> Document:
        """A profile without what a schema had that is not declared any more. Keys of extensions are URNs."""
        stale = [urn for urn in profile if ":" in urn and not self._has_all(urn, profile[urn])]
        if not stale:
            return profile
        kept = {name: value for name, value in profile.items() if name not in stale}
        for urn in stale:
            known = {name: value for name, value in profile[urn].items() if self.find(name, urn) is not None}
            if known:
                kept[urn] = known
        return kept

    def _has_all(self, urn: str, names: Iterable[str]) -> bool:
        extension = self._extensions_by_urn.get(urn.lower())
        return extension is not None and all(name.lower() in extension.attributes for name in names)

    def document(self, base_url: str) -> Document:
        """The ResourceType document (RFC 7643 §6)."""
        document: Document = {
            "schemas": [SchemaURI.RESOURCE_TYPE],
            "id": self.name,
            "name": self.name,
            "endpoint": self.endpoint,
            "description": self.description,
            "schema": self.schema.urn,
            "meta": {"resourceType": "ResourceType", "location": f"{base_url}/ResourceTypes/{self.name}"},
        }
        if self.extensions:
            document["schemaExtensions"] = [{"schema": each.urn, "required": False} for each in self.extensions]
        return document


# Where this site differs from the RFC's defaults; None takes the attribute away.
_ADJUSTED: Mapping[str, Mapping[str, Any] | None] = {
    # Sign-in is through SAML; a password that a client sends is dropped, so it is not advertised either.
    "User.password": None,
    # Everybody is active or not: the state can't be unassigned, and a POST without it means active.
    "User.active": {"required": True},
    "User.groups.type": {"canonicalValues": ["direct"]},
    "Group.displayName": {"uniqueness": "server"},
    # Nested groups are refused, since Entra flattens them.
    "Group.members.type": {"canonicalValues": ["User"]},
    "Group.members.$ref": {"referenceTypes": ["User"]},
    # Derived from the user, whatever the client sends.
    "Group.members.display": {
        "mutability": "readOnly",
        "description": "The displayName of the member.",
    },
    # Entra sends the id alone; the reference is derived from it.
    "EnterpriseUser.manager.value": {"required": False},
    "EnterpriseUser.manager.$ref": {"required": False},
}


# A common attribute, which a schema may list (RFC 7643 §3.1): Microsoft's gallery test looks for all that Entra maps.
_EXTERNAL_ID: Document = {
    "name": "externalId",
    "type": "string",
    "multiValued": False,
    "description": "The identifier that the client has for the resource.",
    "required": False,
    "caseExact": True,
    "mutability": "readWrite",
    "returned": "default",
    "uniqueness": "none",
}


def _adjusted(definitions: Iterable[Document], prefix: str) -> list[Document]:
    kept = []
    for definition in definitions:
        path = f"{prefix}.{definition['name']}"
        change = _ADJUSTED.get(path, {})
        if change is None:
            continue
        adjusted = {**definition, **change}
        adjusted["description"] = " ".join(str(adjusted.get("description") or definition["name"]).split())
        if "subAttributes" in definition:
            adjusted["subAttributes"] = _adjusted(definition["subAttributes"], path)
        kept.append(adjusted)
    return kept


def _schema(
    model: type[User[Any]] | type[Group] | type[EnterpriseUser], description: str, *, extension: bool
) -> Schema:
    published: Document = model.to_schema().model_dump()
    urn = published["id"]
    attributes = _adjusted(published["attributes"], published["name"])
    document: Document = {
        "schemas": [SCHEMA_URN],
        "id": urn,
        "name": published["name"],
        "description": description,
        "attributes": attributes if extension else [_EXTERNAL_ID, *attributes],
    }
    return Schema(urn, document, prefix=f"{urn}:" if extension else "")


def _common() -> Mapping[str, Attribute]:
    """The attributes of every resource; they belong to no schema document (RFC 7643 §3.1)."""

    def define(name: str, kind: str = "string", **more: Any) -> Document:
        return {"name": name, "type": kind, "caseExact": True, "mutability": "readOnly", **more}

    meta = [
        define("resourceType"),
        define("created", "dateTime"),
        define("lastModified", "dateTime"),
        define("location", "reference"),
        define("version"),
    ]
    return _by_name(
        Attribute.read(definition)
        for definition in (
            define("id", returned="always"),
            define("externalId", mutability="readWrite"),
            define("schemas", "reference", multiValued=True, returned="always"),
            define("meta", "complex", subAttributes=meta),
        )
    )


_COMMON = _common()

USER = ResourceType(
    name="User",
    endpoint="/Users",
    description="A person whom the identity provider provisioned.",
    schema=_schema(User, "A person.", extension=False),
    # Administrators declare further ones: scim/attributes/.
    extensions=(_schema(EnterpriseUser, "What an organisation says about a person.", extension=True),),
    common=_COMMON,
)
GROUP = ResourceType(
    name="Group",
    endpoint="/Groups",
    description="A group of people that the identity provider pushed.",
    schema=_schema(Group, "A group of people.", extension=False),
    common=_COMMON,
)


@dataclass(frozen=True, eq=False)
class SchemaSet:
    """The resource types at one moment: the site's own, with the extensions that administrators have declared."""

    user: ResourceType = USER
    group: ResourceType = GROUP

    @cached_property
    def types(self) -> tuple[ResourceType, ...]:
        return self.user, self.group

    @cached_property
    def by_urn(self) -> Mapping[str, Schema]:
        """All schemas by their URNs in lower case."""
        return {schema.urn.lower(): schema for each in self.types for schema in (each.schema, *each.extensions)}

    def of(self, resource_type: ResourceType) -> ResourceType:
        """The type of that name as it is in this set."""
        return self.user if resource_type.is_user else self.group


DELIVERED = SchemaSet()
