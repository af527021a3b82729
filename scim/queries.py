"""What a list or search request asks for, and the page that answers it (RFC 7644 §3.4.2, §3.4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest

from gatekeeper.directory.models import IdpGroup, User
from scim.dialect import member
from scim.documents import group_documents, user_documents
from scim.errors import InvalidPath, InvalidValue
from scim.filters import compile_filter, sort_expression
from scim.paths import read_path
from scim.projection import Projection
from scim.schemas import USER, Attribute, ResourceType

DEFAULT_COUNT = 100
MAX_COUNT = 1000
MAX_INDEX = 2**31 - 1  # beyond any list; larger numbers don't fit into SQLite's OFFSET
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

Document = dict[str, Any]
Rows = QuerySet[Any]


@dataclass(frozen=True)
class Query:
    """One request for a list. Parameters that nobody knows are ignored (Entra puts its flags into the address)."""

    filter: str | None = None
    sort_by: str | None = None
    descending: bool = False
    start: int = 1
    count: int = DEFAULT_COUNT
    cursor: str | None = None
    attributes: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)

    @classmethod
    def of_request(cls, request: HttpRequest) -> "Query":
        """From the query string of a GET; names in any case."""
        given = {name: values[-1] for name, values in request.GET.lists() if values}
        return cls.of_parameters(given)

    @classmethod
    def of_parameters(cls, given: Mapping[str, Any]) -> "Query":
        """From parameters or a SearchRequest body. Raises: InvalidValue, naming the parameter."""
        order = _text(given, "sortOrder")
        if order is not None and order.lower() not in ("ascending", "descending"):
            raise InvalidValue("sortOrder is ascending or descending.")
        return cls(
            filter=_text(given, "filter"),
            sort_by=_text(given, "sortBy"),
            descending=order is not None and order.lower() == "descending",
            start=max(_number(given, "startIndex", 1), 1),
            count=min(max(_number(given, "count", DEFAULT_COUNT), 0), MAX_COUNT),
            attributes=names(given, "attributes"),
            excluded=names(given, "excludedAttributes"),
        )

    def projection(self, resource_type: ResourceType) -> Projection:
        return Projection(resource_type, self.attributes, self.excluded)


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = member(given, name)
    if value is not None and not isinstance(value, str):
        raise InvalidValue(f"{name} is a text.")
    return value or None


def _number(given: Mapping[str, Any], name: str, default: int) -> int:
    value = member(given, name)
    if value is None or value == "":
        return default
    try:
        number = int(value) if (isinstance(value, str) and len(value) < 20) or type(value) is int else None
    except ValueError:
        number = None
    if number is None:
        raise InvalidValue(f"{name} is a whole number.")
    return min(number, MAX_INDEX)


def names(given: Mapping[str, Any], name: str) -> list[str]:
    """A list of attribute names: comma-separated in an address, a list in a body."""
    value = member(given, name)
    if isinstance(value, str):
        value = value.split(",")
    if value is not None and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        raise InvalidValue(f"{name} is a list of attribute names.")
    return [each.strip() for each in value or () if each.strip()]


def rows_of(resource_type: ResourceType) -> Rows:
    """Everything of a type that SCIM sees: no deleted ones, and never local administrators."""
    return User.objects.provisioned() if resource_type is USER else IdpGroup.objects.live()


def documents_of(resource_type: ResourceType, rows: list[Any], projection: Projection) -> list[Document]:
    """The documents of rows of one type."""
    return user_documents(rows, projection) if resource_type is USER else group_documents(rows, projection)


def list_page(query: Query, resource_types: tuple[ResourceType, ...]) -> Document:
    """The ListResponse. Over several types (the root) users come before groups.

    Cost: for each type one query for the page, one for the total unless the page tells it, and what documents need.
    """
    total = 0
    resources: list[Document] = []
    for resource_type in resource_types:
        start = max(query.start - total, 1)
        room = query.count - len(resources)
        found, rows = _slice(matching(query, resource_type, resource_types), start, room)
        total += found
        resources += documents_of(resource_type, rows, query.projection(resource_type))
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": total,
        "startIndex": query.start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def matching(query: Query, resource_type: ResourceType, resource_types: tuple[ResourceType, ...]) -> Rows:
    """The rows that the filter selects, in their order: as asked, else by creation; ties always by id."""
    rows = rows_of(resource_type)
    if query.filter is not None:
        rows = rows.filter(compile_filter(resource_type, query.filter, resource_types))
    if query.sort_by is None:
        return rows.order_by("created_at", "pk")
    attribute = _sort_attribute(query.sort_by, resource_type, resource_types)
    if attribute is None:
        return rows.order_by("created_at", "pk")
    rows = rows.annotate(sort_key=sort_expression(resource_type, attribute))
    # A missing value is the largest one: last when ascending, first when descending (RFC 7644 §3.4.2.3).
    key = F("sort_key").desc(nulls_first=True) if query.descending else F("sort_key").asc(nulls_last=True)
    ordered: Rows = rows.order_by(key, "pk")
    return ordered


def _sort_attribute(name: str, resource_type: ResourceType, among: tuple[ResourceType, ...]) -> Attribute | None:
    """What ``sortBy`` names; None when another type of the request has it and this one has not."""
    try:
        target = read_path(resource_type, name)
    except InvalidPath as error:
        if any(each is not resource_type and each.find(name.partition(".")[0]) for each in among):
            return None
        raise InvalidValue(f"sortBy: {error}") from error
    attribute = target.sub or target.attribute
    if attribute is not None and attribute.is_complex and target.selection is None:
        attribute = attribute.sub("value") or attribute.sub("formatted")
    if attribute is None or target.selection is not None:
        raise InvalidValue(f"sortBy: resources can't be sorted by {name}.")
    return attribute


def _slice(rows: Rows, start: int, count: int) -> tuple[int, list[Any]]:
    """How many there are, and the page of them. A page that isn't full tells the total by itself."""
    page = list(rows[start - 1 : start - 1 + count]) if count > 0 else []
    if (count > 0 and 0 < len(page) < count) or (count > 0 and not page and start == 1):
        return start - 1 + len(page), page
    return max(rows.order_by().count(), start - 1 + len(page) if page else 0), page
