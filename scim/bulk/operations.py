"""Reading a Bulk request (RFC 7644 §3.7): its operations, and the state while they are performed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any

from scim.bulk.references import references
from scim.http.request_context import ScimRequestContext
from scim.protocol.client_quirks import member
from scim.protocol.errors import InvalidSyntax, InvalidValue, TooLarge
from scim.protocol.limits import MAX_OPERATIONS

_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass
class Operation:
    """One operation as it was sent. ``problem``: why it can't be performed; ``result``: None until it is reached."""

    method: str
    path: str
    bulk_id: str | None
    version: str | None
    data: Any
    problem: Exception | None = None
    result: dict[str, Any] | None = None
    is_alone: bool = False

    @cached_property
    def references(self) -> list[str]:
        """The bulkIds in its path and its data; the data is searched once."""
        return [*references(self.path), *references(self.data)]

    @property
    def failed(self) -> bool:
        return self.result is not None and int(self.result["status"]) >= HTTPStatus.BAD_REQUEST


@dataclass
class BulkRun:
    """The state of one Bulk request. ``ids`` are the resources that were created, by bulkId.

    ``waiting`` are creations in a circle of managers, each with the manager that is to be set afterwards.
    """

    context: ScimRequestContext
    operations: list[Operation]
    fail_on_errors: int | None
    ids: dict[str, str] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    waiting: list[tuple[Operation, Any]] = field(default_factory=list)
    errors: int = 0
    creators: dict[str, Operation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        creations = (each for each in self.operations if each.method == "POST" and each.bulk_id is not None)
        self.creators = {str(each.bulk_id): each for each in creations}

    @property
    def is_over(self) -> bool:
        """Whether as many operations failed as ``failOnErrors`` allows."""
        return self.fail_on_errors is not None and self.errors >= self.fail_on_errors

    def creator_of(self, bulk_id: str) -> Operation | None:
        """The operation that creates what ``bulk_id`` refers to."""
        return self.creators.get(bulk_id)

    def context_of(self, operation: Operation) -> ScimRequestContext:
        """The context of one operation, with a log entry of its own."""
        outer = self.context
        path = f"{outer.request.path.rstrip('/')} {operation.path}"
        return ScimRequestContext(
            outer.request,
            outer.request_id,
            outer.credential,
            outer.schemas,
            operation.data,
            method=operation.method,
            path=path,
        )


def read_bulk_request(context: ScimRequestContext) -> BulkRun:
    """The operations of a BulkRequest. One that can't be read has its ``problem``, and the others are performed.

    Raises: InvalidSyntax, InvalidValue for a request that is no BulkRequest; TooLarge (413) beyond the limit.
    """
    given = member(context.document, "Operations")
    if not isinstance(given, list):
        raise InvalidSyntax("A Bulk request needs a list called Operations.")
    if len(given) > MAX_OPERATIONS:
        raise TooLarge(f"A Bulk request may have at most {MAX_OPERATIONS} operations; this one has {len(given)}.")
    limit = member(context.document, "failOnErrors")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise InvalidValue("failOnErrors is a whole number from 1 on.")
    operations = [_read_operation(each) for each in given]
    _require_distinct(each.bulk_id for each in operations if each.bulk_id is not None)
    return BulkRun(context, operations, limit)


def _require_distinct(bulk_ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for bulk_id in bulk_ids:
        if bulk_id in seen:
            raise InvalidValue(f"The bulkId {bulk_id[:100]} stands at more than one operation.")
        seen.add(bulk_id)


def _read_operation(given: Any) -> Operation:
    if not isinstance(given, Mapping):
        raise InvalidSyntax("Each of the Operations is an object.")
    method, path, bulk_id, version = (member(given, name) for name in ("method", "path", "bulkId", "version"))
    operation = Operation(str(method).upper(), str(path), None, None, member(given, "data"))
    if operation.method not in _METHODS:
        operation.problem = InvalidSyntax(f"{str(method)[:50]} is no method of a Bulk operation.")
    elif not isinstance(path, str):
        operation.problem = InvalidSyntax("A Bulk operation needs a path.")
    elif not all(each is None or isinstance(each, str) for each in (bulk_id, version)):
        operation.problem = InvalidValue("bulkId and version are texts.")
    else:
        operation.bulk_id, operation.version = bulk_id or None, version or None
    if operation.problem is None and operation.method == "POST" and operation.bulk_id is None:
        operation.problem = InvalidSyntax("A POST in a Bulk request needs a bulkId.")
    return operation
