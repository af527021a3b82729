"""The page of a list that answers a query: by index (RFC 7644 §3.4.2.4) or by cursor (RFC 9865)."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django_scim.constants import SchemaURI

from scim.protocol.schemas import ResourceType
from scim.query.cursors import Position, read_cursor, write_cursor
from scim.query.list_positions import note_total, starting_point
from scim.query.list_request import Ordered, Query, matching
from scim.resources.documents import group_documents, user_documents
from scim.resources.projection import Projection
from scim.statements.list_users import counted_user_page, user_page

Document = dict[str, Any]


def documents_of(resource_type: ResourceType, rows: list[Any], projection: Projection) -> list[Document]:
    """The documents of rows of one type."""
    return user_documents(rows, projection) if resource_type.is_user else group_documents(rows, projection)


def list_page(query: Query, resource_types: tuple[ResourceType, ...]) -> Document:
    """The ListResponse. Over several types (the root) users come before groups.

    Cost: for each type one query for the page, one for the total unless it follows from that, and the documents'.
    """
    if query.cursor is not None:
        return _cursor_page(replace(query, scope=",".join(each.name for each in resource_types)), resource_types)
    total = 0
    resources: list[Document] = []
    for resource_type in resource_types:
        start = max(query.start - total, 1)
        remaining = query.count - len(resources)
        found, rows = _slice(matching(query, resource_type, resource_types), start, remaining)
        total += found
        resources += documents_of(resource_type, rows, query.projection(resource_type))
    return {
        "schemas": [SchemaURI.LIST_RESPONSE],
        "totalResults": total,
        "startIndex": query.start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def _slice(ordered: Ordered, start: int, count: int) -> tuple[int, list[Any]]:
    """How many there are, and the page of them."""
    if ordered.is_everybody and count > 0:
        return _slice_of_everybody(ordered, start, count)
    page = list(ordered.rows[start - 1 : start - 1 + count]) if count > 0 else []
    if count > len(page) and (page or start == 1):
        return start - 1 + len(page), page
    total = _total(ordered)
    # A row may have been deleted between the two queries; the rows of the page were there.
    return max(total, start - 1 + len(page)) if page else total, page


def _slice_of_everybody(ordered: Ordered, start: int, count: int) -> tuple[int, list[Any]]:
    """The same for all users, whose places are known, or are counted while they are few."""
    known = starting_point(start)
    if known is not None:
        page = user_page(known.after, known.skip, count)
        return max(known.total, start - 1 + len(page)) if page else known.total, page
    page, counted = counted_user_page(start - 1, count)
    total = ordered.rows.order_by().count() if counted is None else counted
    note_total(total)
    return total, page


def _total(ordered: Ordered) -> int:
    known = starting_point(1) if ordered.is_everybody else None
    if known:
        return known.total
    total = ordered.rows.order_by().count()
    if ordered.is_everybody:
        note_total(total)
    return total


def _cursor_page(query: Query, resource_types: tuple[ResourceType, ...]) -> Document:
    """A page that begins after a row, so that no resource is repeated or left out when others come and go meanwhile."""
    position = read_cursor(query)
    total = 0
    resources: list[Document] = []
    next_cursor: str | None = None
    for resource_type in resource_types:
        ordered = matching(query, resource_type, resource_types)
        total += _total(ordered)
        if position is not None and position.type_name != resource_type.name:
            continue  # a type before the one in which the last page ended
        remaining = query.count - len(resources)
        rows = _rows_after(ordered, position, remaining + 1) if query.count and next_cursor is None else []
        position = None
        if len(rows) > remaining:
            rows = rows[:remaining]
            last = rows[-1] if rows else None
            next_cursor = _cursor_at(query, resource_type, ordered, last)
        resources += documents_of(resource_type, rows, query.projection(resource_type))
    document: Document = {"schemas": [SchemaURI.LIST_RESPONSE], "totalResults": total, "itemsPerPage": len(resources)}
    return {**document, **({"nextCursor": next_cursor} if next_cursor else {}), "Resources": resources}


def _cursor_at(query: Query, resource_type: ResourceType, ordered: Ordered, last: Any) -> str:
    """The cursor after ``last``; without one, before the first of the type (the former type filled the page)."""
    if last is None:
        return write_cursor(query, Position(resource_type.name, None, ""))
    key = getattr(last, ordered.order.key)
    written = key.isoformat() if isinstance(key, datetime) else str(key) if isinstance(key, UUID) else key
    return write_cursor(query, Position(resource_type.name, written, str(last.pk)))


def _rows_after(ordered: Ordered, position: Position | None, count: int) -> list[Any]:
    """The rows after a position; from the first one where there is none, or it is before the first row of its type."""
    if position is None or not position.row_id:
        return user_page(None, 0, count) if ordered.is_everybody else list(ordered.rows[:count])
    key, row_id = position.key, UUID(position.row_id)
    if ordered.is_instant and key:
        key = datetime.fromisoformat(key)
    if ordered.is_everybody:
        return user_page((key, row_id), 0, count)
    return list(ordered.rows.filter(ordered.order.after(key, row_id))[:count])
