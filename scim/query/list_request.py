"""Parameters of a list or search request, and the rows that match it (RFC 7644 §3.4.2, §3.4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.directory.models import IdpGroup, User
from scim.protocol.client_quirks import member
from scim.protocol.errors import InvalidCursor, InvalidFilter, InvalidPath, InvalidValue
from scim.protocol.limits import DEFAULT_COUNT, MAX_COUNT
from scim.protocol.paths import read_path
from scim.protocol.schemas import GROUP, USER, Attribute, ResourceType
from scim.query.filters import compile_filter, with_sort_key
from scim.query.parameters import joined_names, query_parameters, read_number, read_text
from scim.resources.projection import Projection

Rows = QuerySet[Any]
_BY_CREATION = KeysetOrder(key="created_at")
_INSTANTS = frozenset({"meta.created", "meta.lastModified"})  # what columns hold; the search index has texts


@dataclass(frozen=True)
class Query:
    """One request for a list. Unknown parameters are ignored, since Entra puts its flags into the address."""

    filter: str | None = None
    sort_by: str | None = None
    descending: bool = False
    start: int = 1
    count: int = DEFAULT_COUNT
    cursor: str | None = None
    attributes: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    scope: str = ""

    @classmethod
    def of_request(cls, request: HttpRequest) -> "Query":
        """From the query string of a GET; names in any case."""
        return cls.of_parameters(query_parameters(request))

    @classmethod
    def of_parameters(cls, given: Mapping[str, Any]) -> "Query":
        """From parameters or a SearchRequest body.

        Raises: InvalidValue, naming the parameter; InvalidFilter for a filter that is no text; InvalidCursor.
        """
        order = read_text(given, "sortOrder")
        if order is not None and order.lower() not in ("ascending", "descending"):
            raise InvalidValue("sortOrder is ascending or descending.")
        cursor = member(given, "cursor")
        if cursor is not None and not isinstance(cursor, str):
            raise InvalidCursor("A cursor is a text.")
        if cursor is not None and member(given, "startIndex") is not None:
            raise InvalidValue("Use cursor or startIndex, not both.")
        return cls(
            cursor=cursor,
            filter=read_text(given, "filter", InvalidFilter),
            sort_by=read_text(given, "sortBy"),
            descending=order is not None and order.lower() == "descending",
            start=max(read_number(given, "startIndex", 1), 1),
            count=min(max(read_number(given, "count", DEFAULT_COUNT), 0), MAX_COUNT),
            attributes=joined_names(given, "attributes"),
            excluded=joined_names(given, "excludedAttributes"),
        )

    def projection(self, resource_type: ResourceType) -> Projection:
        return Projection(resource_type, self.attributes, self.excluded)


def rows_of(resource_type: ResourceType) -> Rows:
    """The rows of a type that SCIM sees: no deleted ones, and never local administrators."""
    return User.objects.provisioned() if resource_type.is_user else IdpGroup.objects.live()


@dataclass(frozen=True)
class Ordered:
    """Rows in their order. ``is_instant``: the key that they are sorted by is a time.

    ``is_everybody``: all users in the order of their creation, of whom ``list_positions.py`` knows the places.
    """

    rows: Rows
    order: KeysetOrder
    is_instant: bool
    is_everybody: bool = False


def matching(query: Query, resource_type: ResourceType, resource_types: tuple[ResourceType, ...]) -> Ordered:
    """The rows that the filter selects, in their order: as asked, else by creation; ties always by id."""
    attribute = _sort_attribute(query.sort_by, resource_type, resource_types) if query.sort_by else None
    if attribute is None and query.filter is None:
        return _all_by_creation(is_user=resource_type.is_user)
    rows = rows_of(resource_type)
    if query.filter is not None:
        rows = rows.filter(compile_filter(resource_type, query.filter, resource_types))
    if attribute is None:
        return Ordered(rows.order_by(*_BY_CREATION.order_by), _BY_CREATION, is_instant=True)
    # A missing value is the largest one: last when ascending, first when descending (RFC 7644 §3.4.2.3).
    order = KeysetOrder(key="sort_key", descending=query.descending, nullable=True)
    rows = with_sort_key(rows, resource_type, attribute).order_by(*order.order_by)
    return Ordered(rows, order, attribute.path in _INSTANTS)


@cache
def _all_by_creation(*, is_user: bool) -> Ordered:
    """All users or groups. Made once: whoever reads the rows takes a part of them, which is a query of its own."""
    rows = rows_of(USER if is_user else GROUP).order_by(*_BY_CREATION.order_by)
    return Ordered(rows, _BY_CREATION, is_instant=True, is_everybody=is_user)


def _sort_attribute(name: str, resource_type: ResourceType, among: tuple[ResourceType, ...]) -> Attribute | None:
    """The attribute that ``sortBy`` names; None when only another type of the request has it."""
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
