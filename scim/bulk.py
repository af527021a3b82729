"""Many operations in one request (RFC 7644 §3.7). Each is a request of its own: its transaction, its log entry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice, takewhile
from typing import Any
from uuid import UUID

from django.db import transaction

from scim import groups, users
from scim.bulk_references import references, resolved, without_manager
from scim.documents import group_url, user_url
from scim.http.dispatch import ScimEndpoint, Write, in_transaction, refusal
from scim.http.errors import Conflict, InvalidSyntax, InvalidValue, MethodNotAllowed, NotFound, TooLarge
from scim.http.etags import etag, version_check
from scim.http.request_context import Answer, Exchange
from scim.protocol.client_quirks import member
from scim.protocol.limits import MAX_OPERATIONS
from scim.protocol.references import as_id
from scim.protocol.schemas import ENTERPRISE_USER
from scim.request_log import record_changes, record_refusal

BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
_DEPTH_LIMIT = 20  # operations that wait for each other
_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ENDPOINTS: Mapping[str, Any] = {"Users": users, "Groups": groups}


@dataclass
class Operation:
    """One operation as it was asked, and what came of it (``result``: None while it wasn't reached)."""

    method: str
    path: str
    bulk_id: str | None
    version: str | None
    data: Any
    problem: Exception | None = None
    result: dict[str, Any] | None = None
    is_alone: bool = False

    @property
    def failed(self) -> bool:
        return self.result is not None and int(self.result["status"]) >= HTTPStatus.BAD_REQUEST


@dataclass
class Run:
    """The state of one Bulk request. ``ids`` are the resources that were created, by bulkId."""

    exchange: Exchange
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
        return self.fail_on_errors is not None and self.errors >= self.fail_on_errors

    def creator_of(self, bulk_id: str) -> Operation | None:
        """The operation that creates what ``bulk_id`` refers to."""
        return self.creators.get(bulk_id)


class BulkView(ScimEndpoint):
    """``/Bulk``."""

    def post(self, exchange: Exchange) -> Answer:
        """200 with one result for each operation that was reached.

        Raises: InvalidSyntax for a request that is no BulkRequest; TooLarge (413) beyond the limits, before anything.
        """
        run = _read(exchange)
        for position, operation in enumerate(run.operations):
            if run.is_over:
                break
            _create_together(run, position)
            _perform(run, operation)
        for operation, manager in run.waiting:
            _set_manager(run, operation, manager)
        results = [each.result for each in run.operations if each.result is not None]
        return Answer({"schemas": [BULK_RESPONSE], "Operations": results})


def _read(exchange: Exchange) -> Run:
    given = member(exchange.document, "Operations")
    if not isinstance(given, list):
        raise InvalidSyntax("A Bulk request needs a list called Operations.")
    if len(given) > MAX_OPERATIONS:
        raise TooLarge(f"A Bulk request may have at most {MAX_OPERATIONS} operations; this one has {len(given)}.")
    limit = member(exchange.document, "failOnErrors")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise InvalidValue("failOnErrors is a whole number from 1 on.")
    operations = [_read_operation(each) for each in given]
    seen: set[str] = set()
    for operation in operations:
        if operation.bulk_id is not None and operation.bulk_id in seen:
            raise InvalidValue(f"The bulkId {operation.bulk_id[:100]} stands at more than one operation.")
        seen |= {operation.bulk_id} if operation.bulk_id is not None else set()
    return Run(exchange, operations, limit)


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


def _create_together(run: Run, position: int) -> None:
    """Create the users that follow each other here and refer to nothing with one set of statements.

    If that is refused, nothing has happened, and they are done one by one, so that each gets its own answer.
    """
    following = list(takewhile(_is_plain_creation, islice(run.operations, position, None)))
    if len(following) < 2:
        return
    exchanges = [_exchange_of(run, operation) for operation in following]
    answer = Answer(None, HTTPStatus.CREATED)
    try:
        create = users.create_many(exchanges, [exchange.document for exchange in exchanges])
        with transaction.atomic(durable=True):
            created = create()
            record_changes(exchanges, answer)
    except Exception:  # noqa: BLE001  # whatever it is, it comes again for the operation that it belongs to
        for operation in following:
            operation.is_alone = True
        return
    for operation, user in zip(following, created, strict=True):
        run.ids[operation.bulk_id or ""] = str(user.id)
        run.begun.add(operation.bulk_id or "")
        operation.result = _result(
            operation, Answer(None, HTTPStatus.CREATED, _headers(user_url(user.id), user.version))
        )


def _is_plain_creation(operation: Operation) -> bool:
    is_new_user = operation.method == "POST" and operation.path.strip("/") == "Users"
    is_open = operation.result is None and operation.problem is None and not operation.is_alone
    return is_new_user and is_open and not any(references(operation.data))


def _perform(run: Run, operation: Operation, depth: int = 0) -> None:
    """Do one operation, after the creations that it refers to, in whatever order they stand.

    A chain of managers longer than the limit is not followed: those managers are set afterwards, as in a circle.
    """
    if operation.result is not None or (operation.bulk_id in run.begun):
        return
    if operation.bulk_id is not None:
        run.begun.add(operation.bulk_id)
    for name in [*references(operation.path), *references(operation.data)]:
        creator = run.creator_of(name)
        if creator is not None and creator is not operation and not run.is_over and depth < _DEPTH_LIMIT:
            _perform(run, creator, depth + 1)
    if run.is_over:
        return
    exchange = _exchange_of(run, operation)
    try:
        answer = in_transaction(exchange, _prepared(run, operation, exchange))
    except Exception as error:  # noqa: BLE001  # answered and logged like the refusal of a single request
        answer = refusal(error)
        record_refusal(exchange, answer, error)
        run.errors += 1
    operation.result = _result(operation, answer)


def _exchange_of(run: Run, operation: Operation) -> Exchange:
    outer = run.exchange
    path = f"{outer.request.path.rstrip('/')} {operation.path}"
    return Exchange(outer.request, outer.request_id, outer.key, operation.data, method=operation.method, path=path)


def _prepared(run: Run, operation: Operation, exchange: Exchange) -> Write:
    """Read and judge the operation; returns what is left to be done in its transaction."""
    if operation.problem is not None:
        raise operation.problem
    endpoint, target = _target(resolved(operation.path, run.ids))
    room, address = _ENDPOINTS[endpoint], user_url if endpoint == "Users" else group_url
    if (operation.method == "POST") != (target is None):
        allowed = ("POST",) if target is None else ("PUT", "PATCH", "DELETE")
        raise MethodNotAllowed(operation.method, allowed)
    expect = version_check(operation.version) if operation.version else None
    if operation.method == "DELETE":
        return _removal(room.remove(exchange, target, expect), address(target))
    exchange.body = _data(run, operation)
    if operation.method == "POST":
        change, status = room.create(exchange, exchange.document), HTTPStatus.CREATED
    else:
        asked = room.replace if operation.method == "PUT" else room.patch
        change, status = asked(exchange, target, exchange.document, expect), HTTPStatus.OK

    def write() -> Answer:
        row = change()
        if operation.method == "POST":
            run.ids[operation.bulk_id or ""] = str(row.id)
        return Answer(None, status, _headers(address(row.id), row.version))

    return write


def _removal(remove: Callable[[], None], location: str) -> Write:
    def write() -> Answer:
        remove()
        return Answer(None, HTTPStatus.NO_CONTENT, _headers(location))

    return write


def _headers(location: str, version: int | None = None) -> dict[str, str]:
    """What a request of its own would answer in its headers."""
    return {"Location": location} if version is None else {"Location": location, "ETag": etag(version)}


def _target(path: str) -> tuple[str, UUID | None]:
    """The endpoint and the id that a path names. Raises: NotFound; InvalidSyntax for other endpoints."""
    endpoint, _, rest = path.strip("/").partition("/")
    if endpoint not in _ENDPOINTS:
        raise InvalidSyntax(f"{path[:200]} can't be part of a Bulk request; /Users and /Groups can.")
    if not rest:
        return endpoint, None
    target = as_id(rest)
    if target is None:
        raise NotFound(f"There is nothing at {path[:200]}.")
    return endpoint, target


def _data(run: Run, operation: Operation) -> Any:
    """The document with its references resolved. A manager who isn't there yet, in a circle, is set afterwards.

    Raises: Conflict (409) for a reference to an operation that failed; InvalidValue for one to nothing.
    """
    data = resolved(operation.data, run.ids)
    if any(references(data)):
        rest, manager = without_manager(data)
        if any(references(manager)) and not _has_failed(run, manager):
            run.waiting.append((operation, manager))
            data = rest
    for name in references(data):
        if run.creator_of(name) is None:
            raise InvalidValue(f"No operation of this request creates bulkId:{name[:100]}.")
        raise Conflict(f"bulkId:{name[:100]} can't be resolved: that operation did not create a resource.")
    return data


def _has_failed(run: Run, value: Any) -> bool:
    creators = [run.creator_of(name) for name in references(value)]
    return any(creator is None or creator.failed for creator in creators)


def _set_manager(run: Run, operation: Operation, manager: Any) -> None:
    """The second half of a circle, as a PATCH of its own."""
    if operation.bulk_id not in run.ids or any(references(resolved(manager, run.ids))):
        return
    path = f"{ENTERPRISE_USER}:manager"
    body = {"Operations": [{"op": "replace", "path": path, "value": resolved(manager, run.ids)}]}
    user_id = UUID(run.ids[operation.bulk_id or ""])
    exchange = _exchange_of(run, operation)
    exchange.method, exchange.body = "PATCH", body
    change = users.patch(exchange, user_id, body, None)
    answer = in_transaction(exchange, lambda: Answer(headers={"ETag": etag(change().version)}))
    if operation.result is not None:
        operation.result["version"] = answer.headers["ETag"]


def _result(operation: Operation, answer: Answer) -> dict[str, Any]:
    result: dict[str, Any] = {"method": operation.method}
    if operation.bulk_id is not None:
        result["bulkId"] = operation.bulk_id
    for name, header in (("location", "Location"), ("version", "ETag")):
        if header in answer.headers:
            result[name] = answer.headers[header]
    result["status"] = str(int(answer.status))
    if answer.document is not None:
        result["response"] = answer.document
    return result
