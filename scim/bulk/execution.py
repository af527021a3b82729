"""Performing the operations of a Bulk request (RFC 7644 §3.7), each in its transaction and with its log entry."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from itertools import islice, takewhile
from typing import Any
from uuid import UUID

from gatekeeper.runtime.transactions import one_transaction
from scim import groups, users
from scim.bulk.operations import BulkRun, Operation
from scim.bulk.references import references, resolved, without_manager
from scim.http.dispatch import Write, error_response, run_in_transaction
from scim.http.errors import Conflict, MethodNotAllowed, NotFound
from scim.http.request_context import ScimRequestContext, ScimResponse
from scim.protocol.errors import InvalidSyntax, InvalidValue
from scim.protocol.references import as_id
from scim.protocol.schemas import ENTERPRISE_USER
from scim.protocol.versions import etag, version_check
from scim.request_log.entries import record_changes, record_refusal
from scim.resources.adapters import group_url, user_url

_DEPTH_LIMIT = 20  # operations that wait for each other
_ENDPOINTS: Mapping[str, Any] = {"Users": users, "Groups": groups}


def perform_all(run: BulkRun) -> None:
    """Perform the operations until too many have failed; then set the managers that referred to each other."""
    for position, operation in enumerate(run.operations):
        if run.is_over:
            break
        _create_together(run, position)
        _perform(run, operation)
    for operation, manager in run.waiting:
        _set_manager(run, operation, manager)


def _create_together(run: BulkRun, position: int) -> None:
    """Create the users that follow each other here and refer to nothing with one set of statements.

    If that is refused, nothing has happened, and they are created one by one, so that each gets its own response.
    """
    following = list(takewhile(_is_plain_creation, islice(run.operations, position, None)))
    if len(following) < 2:
        return
    contexts = [run.context_of(operation) for operation in following]
    try:
        create = users.create_many(contexts, [context.document for context in contexts])
        with one_transaction():
            created = create()
            record_changes(contexts, ScimResponse(None, HTTPStatus.CREATED))
    except Exception:  # noqa: BLE001  # whatever it is, it is raised again for the operation that it belongs to
        for operation in following:
            operation.is_alone = True
        return
    for operation, user in zip(following, created, strict=True):
        run.ids[operation.bulk_id or ""] = str(user.id)
        run.begun.add(operation.bulk_id or "")
        headers = _headers(user_url(user.id), user.version)
        operation.result = _result(operation, ScimResponse(None, HTTPStatus.CREATED, headers))


def _is_plain_creation(operation: Operation) -> bool:
    is_new_user = operation.method == "POST" and operation.path.strip("/") == "Users"
    is_open = operation.result is None and operation.problem is None and not operation.is_alone
    return is_new_user and is_open and not operation.references


def _perform(run: BulkRun, operation: Operation, depth: int = 0) -> None:
    """Perform one operation, after the creations that it refers to, in whatever order they stand.

    A chain of managers longer than the limit is not followed: those managers are set afterwards, as in a circle.
    """
    if operation.result is not None or (operation.bulk_id in run.begun):
        return
    if operation.bulk_id is not None:
        run.begun.add(operation.bulk_id)
    for name in operation.references:
        creator = run.creator_of(name)
        if creator is not None and creator is not operation and not run.is_over and depth < _DEPTH_LIMIT:
            _perform(run, creator, depth + 1)
    if run.is_over:
        return
    context = run.context_of(operation)
    try:
        response = run_in_transaction(context, _prepare(run, operation, context))
    except Exception as error:  # noqa: BLE001  # answered and logged like the refusal of a single request
        response = error_response(error)
        record_refusal(context, response, error)
        run.errors += 1
    operation.result = _result(operation, response)


def _prepare(run: BulkRun, operation: Operation, context: ScimRequestContext) -> Write:
    """Read and check the operation. Returns what is to run in its transaction."""
    if operation.problem is not None:
        raise operation.problem
    endpoint, target = _target(resolved(operation.path, run.ids))
    resource, address = _ENDPOINTS[endpoint], user_url if endpoint == "Users" else group_url
    if (operation.method == "POST") != (target is None):
        allowed = ("POST",) if target is None else ("PUT", "PATCH", "DELETE")
        raise MethodNotAllowed(operation.method, allowed)
    expect = version_check(operation.version) if operation.version else None
    if operation.method == "DELETE":
        return _removal(resource.remove(context, target, expect), address(target))
    context.body = _data(run, operation)
    if operation.method == "POST":
        change, status = resource.create(context, context.document), HTTPStatus.CREATED
    else:
        edit = resource.replace if operation.method == "PUT" else resource.patch
        change, status = edit(context, target, context.document, expect), HTTPStatus.OK

    def write() -> ScimResponse:
        row = change()
        if operation.method == "POST":
            run.ids[operation.bulk_id or ""] = str(row.id)
        return ScimResponse(None, status, _headers(address(row.id), row.version))

    return write


def _removal(remove: Callable[[], None], location: str) -> Write:
    def write() -> ScimResponse:
        remove()
        return ScimResponse(None, HTTPStatus.NO_CONTENT, _headers(location))

    return write


def _headers(location: str, version: int | None = None) -> dict[str, str]:
    """The headers that the response to a request of its own would have."""
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


def _data(run: BulkRun, operation: Operation) -> Any:
    """The document with its references resolved. A manager who isn't created yet, in a circle, is set afterwards.

    Raises: Conflict (409) for a reference to an operation that failed; InvalidValue for one to nothing.
    """
    if not operation.references:
        return operation.data
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


def _has_failed(run: BulkRun, value: Any) -> bool:
    creators = [run.creator_of(name) for name in references(value)]
    return any(creator is None or creator.failed for creator in creators)


def _set_manager(run: BulkRun, operation: Operation, manager: Any) -> None:
    """Set the manager of a user in a circle of managers, as a PATCH with a log entry of its own."""
    if operation.bulk_id not in run.ids or any(references(resolved(manager, run.ids))):
        return
    path = f"{ENTERPRISE_USER}:manager"
    body = {"Operations": [{"op": "replace", "path": path, "value": resolved(manager, run.ids)}]}
    user_id = UUID(run.ids[operation.bulk_id or ""])
    context = run.context_of(operation)
    context.method, context.body = "PATCH", body
    change = users.patch(context, user_id, body, None)
    response = run_in_transaction(context, lambda: ScimResponse(headers={"ETag": etag(change().version)}))
    if operation.result is not None:
        operation.result["version"] = response.headers["ETag"]


def _result(operation: Operation, response: ScimResponse) -> dict[str, Any]:
    result: dict[str, Any] = {"method": operation.method}
    if operation.bulk_id is not None:
        result["bulkId"] = operation.bulk_id
    for name, header in (("location", "Location"), ("version", "ETag")):
        if header in response.headers:
            result[name] = response.headers[header]
    result["status"] = str(int(response.status))
    if response.document is not None:
        result["response"] = response.document
    return result
