"""A tiny SCIM server in memory, enough for an initial cycle, that can be made to answer wrongly."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

from entra_client.protocol.answer_checks import ERROR, LIST_RESPONSE

KEY = "gk_right"


@dataclass
class Reply:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/scim+json"})


Fault = Callable[[str, str, Reply], None]


class ScimServer:
    """``fault(method, path, reply)`` may change any reply before it is sent."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault = fault
        self.resources: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/scim")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        query = parse_qs(environ["QUERY_STRING"])
        self.requests.append(f"{method} {path}")
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {KEY}":
            reply = _error(401, "The API key is not known.")
        else:
            reply = getattr(self, method)(path, query, json.loads(body) if body else None)
        if self.fault:
            self.fault(method, path, reply)
        content = (
            b""
            if reply.body is None
            else (reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode())
        )
        start_response(f"{reply.status} x", [*reply.headers.items(), ("Content-Length", str(len(content)))])
        return [content]

    def GET(self, path: str, query: dict[str, list[str]], _: Any) -> Reply:  # noqa: N802
        if query.get("filter"):
            attribute, value = re.fullmatch(r'(\w+) eq "(.*)"', query["filter"][0]).groups()  # type: ignore[union-attr]
            kind, left_out = path.strip("/")[:-1], query.get("excludedAttributes")
            found = [
                {key: item for key, item in one.items() if [key] != left_out}
                for one in self.resources.values()
                if one["meta"]["resourceType"] == kind and str(one.get(attribute, "")).lower() == value.lower()
            ]
            return Reply(200, {"schemas": [LIST_RESPONSE], "totalResults": len(found), "Resources": found})
        resource = self.resources.get(path.rsplit("/", 1)[1])
        return Reply(200, dict(resource)) if resource else _error(404, "Nobody has this id.")

    def POST(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Reply:  # noqa: N802
        new_id = f"id-{len(self.resources)}"
        location = f"http://fake/scim{path}/{new_id}"
        meta = {"resourceType": path.strip("/")[:-1], "location": location}
        self.resources[new_id] = body | {"id": new_id, "meta": meta}
        return Reply(201, json.loads(json.dumps(self.resources[new_id])), Reply(0).headers | {"Location": location})

    def PATCH(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Reply:  # noqa: N802
        resource = self.resources[path.rsplit("/", 1)[1]]
        (operation,) = body["Operations"]
        if operation["path"] == "members":
            resource.setdefault("members", []).extend(operation["value"])
            return Reply(204)
        urn, _, name = operation["path"].rpartition(":")
        resource.setdefault(urn, {})[name] = {"value": operation["value"]}
        return Reply(200, json.loads(json.dumps(resource)))


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def served(application: Any) -> Iterator[str]:
    """Serve a WSGI application on a free port; yields its origin."""
    server = make_server("127.0.0.1", 0, application, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _error(status: int, detail: str) -> Reply:
    return Reply(status, {"schemas": [ERROR], "status": str(status), "detail": detail})
