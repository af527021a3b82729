"""The filter column of each attribute of User and Group (RFC 7643 §4)."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, TextField, Value
from django.db.models.functions import Cast, Concat
from scim2_models.path import CompareOperator

from gatekeeper.directory.models import Membership
from scim.models import AttributeValue
from scim.protocol.addresses import scim_url
from scim.protocol.errors import InvalidFilter
from scim.protocol.schemas import ENTERPRISE_USER, GROUP, USER, Attribute, ResourceType
from scim.query.columns import (
    AddressColumn,
    Constant,
    FilterColumn,
    IdColumn,
    TextColumn,
    TextExpression,
    ValueColumn,
    everything,
    nothing,
)
from scim.query.related_columns import IndexedColumn, RelatedColumn, owners_of, row_condition

Columns = Mapping[str, Callable[[], FilterColumn]]


def column_of(resource_type: ResourceType, attribute: Attribute) -> FilterColumn:
    """The column that holds an attribute's values. Raises: InvalidFilter for one that can't be compared."""
    head, _, sub = attribute.path.partition(".")
    if head in RELATIONS and "urn:" not in head:
        return RELATIONS[head][sub or "value"]()
    if attribute.path == "schemas":
        return _SchemasColumn(resource_type)
    known = _COLUMNS[resource_type.name].get(attribute.path)
    if known is not None:
        return known()
    if not resource_type.is_user or (attribute.path in USER.common or head == "meta"):
        raise InvalidFilter(f"{attribute.path} can't be used in a filter.")
    if attribute.path == _MANAGER_NAME:
        raise InvalidFilter(f"{attribute.path} can't be used in a filter; compare the manager's id.")
    return IndexedColumn(attribute, is_single=not _is_in_list(resource_type, attribute))


def _is_in_list(resource_type: ResourceType, attribute: Attribute) -> bool:
    """Whether the attribute is multi-valued, or a sub-attribute of one that is."""
    return any(
        each.multi_valued and (each is attribute or attribute in each.subs.values())
        for _, each in resource_type.each_attribute()
    )


_DISPLAY_NAME = USER.schema.attributes["displayname"]
_MANAGER_NAME = f"{ENTERPRISE_USER}:manager.displayName"


def _common(resource_type: ResourceType) -> Columns:
    def version() -> Any:
        return Concat(Value('W/"'), Cast(F("version"), CharField()), Value('"'), output_field=TextField())

    return {
        "id": lambda: IdColumn("pk"),
        "externalId": lambda: TextColumn("external_id", nullable=True),
        "meta": lambda: Constant(resource_type.name),
        "meta.resourceType": lambda: Constant(resource_type.name),
        "meta.created": lambda: ValueColumn("created_at"),
        "meta.lastModified": lambda: ValueColumn("updated_at"),
        "meta.location": lambda: AddressColumn(scim_url(f"{resource_type.endpoint}/"), "pk"),
        "meta.version": lambda: TextExpression(version),
    }


class _SchemasColumn:
    """``schemas``: the core schema for every resource, an extension for those with data of it."""

    def __init__(self, resource_type: ResourceType) -> None:
        self.resource_type = resource_type

    def compare(self, operator: CompareOperator, wanted: Any) -> Q:
        if operator != CompareOperator.eq:
            raise InvalidFilter(f"schemas can't be compared by {operator.value}.")
        if wanted == self.resource_type.schema.urn:
            return everything()
        extension = self.resource_type.extension(str(wanted))
        if extension is None or extension.urn != wanted:
            return nothing()
        paths = [path for each in extension.attributes.values() for path in _paths(each)]
        return owners_of(AttributeValue.objects.filter(path__in=paths), "user_id")

    def present(self) -> Q:
        return everything()

    def order(self) -> Any:
        raise InvalidFilter("Resources can't be sorted by schemas.")


def _paths(attribute: Attribute) -> list[str]:
    return [attribute.path, *(sub.path for sub in attribute.subs.values())]


def _members() -> Any:
    return Membership.objects.live()


def _live_members() -> Any:
    return Membership.objects.live().filter(user__deleted_at=None)


class _MemberNameColumn:
    """A member's display: the displayName of the user, found through the search index."""

    def compare(self, operator: CompareOperator, wanted: Any) -> Q:
        return self._users(row_condition(_DISPLAY_NAME, operator, wanted))

    def present(self) -> Q:
        return self._users(Q(path=_DISPLAY_NAME.path))

    def order(self) -> Any:
        raise InvalidFilter("Groups can't be sorted by their members' names.")

    def _users(self, condition: Q) -> Q:
        return Q(Exists(AttributeValue.objects.filter(condition, user_id=OuterRef("user_id"))))


_COLUMNS: Mapping[str, Columns] = {
    "User": {
        **_common(USER),
        "userName": lambda: TextColumn("user_name_folded"),
        "active": lambda: ValueColumn("active"),
    },
    "Group": {**_common(GROUP), "displayName": lambda: TextColumn("display_name_folded")},
}
RELATIONS: Mapping[str, Mapping[str, Callable[[], RelatedColumn]]] = {
    "members": {
        "value": lambda: RelatedColumn(_live_members, "group_id", IdColumn("user_id")),
        "$ref": lambda: RelatedColumn(_live_members, "group_id", AddressColumn(scim_url("/Users/"), "user_id")),
        "type": lambda: RelatedColumn(_live_members, "group_id", Constant("user")),
        "display": lambda: RelatedColumn(_live_members, "group_id", _MemberNameColumn()),
    },
    "groups": {
        "value": lambda: RelatedColumn(_members, "user_id", IdColumn("group_id")),
        "$ref": lambda: RelatedColumn(_members, "user_id", AddressColumn(scim_url("/Groups/"), "group_id")),
        "type": lambda: RelatedColumn(_members, "user_id", Constant("direct")),
        "display": lambda: RelatedColumn(_members, "user_id", TextColumn("group__display_name_folded")),
    },
}
