"""Faults of a server: each is what somebody's server really does, in one point.

A fault stands between a request and the right answer. Which requests it changes is said by method and path; a table
of faults is a mapping from a test's name to the one fault that this test is there to find.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.conformance.server.memory import Answer, Asked, Fault, MemoryServer, Reply

Change = Callable[[Any], Any]
USERS, GROUPS, USER, GROUP = r"/Users", r"/Groups", r"/Users/[^/]+", r"/Groups/[^/]+"
ANY = r"/.*"
ERROR_PAGE = Reply(500, b"<h1>Server Error</h1>", {"Content-Type": "text/html"})


def is_about(asked: Asked, method: str, path: str) -> bool:
    return (
        re.fullmatch(method, asked.method) is not None and re.fullmatch(rf"(?:/scim/v2)?{path}", asked.path) is not None
    )


def answers(method: str, path: str, change: Callable[[Reply], Reply | None], *, having: str = "") -> Fault:
    """The request is done, and its answer changed. ``having``: only where the request's text holds this."""

    def fault(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
        reply = answer(asked)
        if not (is_about(asked, method, path) and having in _text(asked)):
            return reply
        reply = Reply(reply.status, deepcopy(reply.body), dict(reply.headers))
        return change(reply) or reply

    return fault


def body(method: str, path: str, change: Change, *, having: str = "") -> Fault:
    """The document of a successful answer is changed in place."""

    def edit(reply: Reply) -> None:
        if reply.status < 400 and isinstance(reply.body, dict):
            change(reply.body)

    return answers(method, path, edit, having=having)


def status(method: str, path: str, number: int, *, having: str = "") -> Fault:
    """The request is done, and answered with another status."""
    return answers(method, path, lambda reply: Reply(number, reply.body, reply.headers), having=having)


def refuses(method: str, path: str, number: int = 500, scim_type: str | None = None, *, having: str = "") -> Fault:
    """The request is not done, and refused."""

    def fault(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
        if is_about(asked, method, path) and having in _text(asked):
            return error(number, scim_type)
        return answer(asked)

    return fault


def ignores(method: str, path: str, *, having: str = "") -> Fault:
    """The request is answered with the resource as it is, and nothing is done."""

    def fault(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
        if not (is_about(asked, method, path) and having in _text(asked)):
            return answer(asked)
        if asked.method == "DELETE":
            return Reply(204)
        return answer(Asked("GET", asked.path, {}, asked.headers | {"if-none-match": ""}, b""))

    return fault


def rewrites(method: str, path: str, change: Callable[[str], str]) -> Fault:
    """The body of the request is misread before it is done."""

    def fault(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
        if is_about(asked, method, path):
            asked.content = change(asked.content.decode()).encode()
        return answer(asked)

    return fault


def misreads_query(path: str, change: Callable[[dict[str, list[str]]], None]) -> Fault:
    """The parameters of a GET are misread before it is done."""

    def fault(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
        if is_about(asked, "GET", path):
            asked.query = dict(asked.query)
            change(asked.query)
        return answer(asked)

    return fault


def leaves_out(*names: str) -> Change:
    """Attributes that the answer has not."""

    def change(document: Any) -> None:
        for name in names:
            document.pop(name, None)

    return change


def sets(**values: Any) -> Change:
    """Attributes that the answer has with other values."""
    return lambda document: document.update(values)


def each_resource(change: Change) -> Change:
    """Each resource of a list is changed."""

    def edit(document: Any) -> None:
        for resource in document.get("Resources", []):
            change(resource)

    return edit


def finds_nothing(document: Any) -> None:
    document.update(totalResults=0, itemsPerPage=0, Resources=[])


def error(number: int, scim_type: str | None = None) -> Reply:
    named = {"scimType": scim_type} if scim_type else {}
    schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"]
    return Reply(number, {"schemas": schemas, "status": str(number), "detail": "It is refused.", **named})


def all_of(*faults: Fault) -> Fault:
    """Several points of one fault."""

    def fault(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
        first, *rest = faults
        if not rest:
            return first(server, asked, answer)
        return first(server, asked, lambda inner: all_of(*rest)(server, inner, answer))

    return fault


def after(number: int, fault: Fault) -> Fault:
    """The fault shows from the ``number``-th request on that it is about: the first ones are answered rightly."""
    count = {"seen": 0}

    def late(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
        count["seen"] += 1
        return fault(server, asked, answer) if count["seen"] > number else answer(asked)

    return late


def _text(asked: Asked) -> str:
    values = " ".join(value for values in asked.query.values() for value in values)
    return f"{values} {asked.content.decode(errors='replace')}"
