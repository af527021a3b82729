"""What a run made on the server, noted where requests are sent, so that no test can forget it; and its deletion."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from entra_client.protocol.client_quirks import quoted
from entra_client.protocol.transport import Answer, NoAnswer, Request

SECONDS_TO_DELETE = 60.0  # for everything; what is left then is named
_NAMES = {"Users": "userName", "Groups": "displayName"}
_GONE = (200, 202, 204, 404, 410)

Send = Callable[[Request], Answer]


@dataclass(frozen=True)
class Made:
    """A resource: ``kind`` is Users or Groups. Without an id its creation had no answer that could be read."""

    kind: str
    id: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id or '(id unknown)'} {self.name}".rstrip()


class Ledger:
    """Everything that was made and is not deleted yet, in its order; what could not be deleted is kept apart."""

    def __init__(self) -> None:
        self._made: list[Made] = []
        self._left: list[Made] = []

    def note(self, request: Request, answer: Answer | None) -> None:
        """Take notice of a request that was sent, and of its answer if there is one."""
        parts = request.path.strip("/").split("/")
        if request.method == "POST" and request.path == "/Bulk":
            self._note_bulk(request, answer)
        elif request.method == "POST" and len(parts) == 1 and parts[0] in _NAMES:
            self._note_creation(parts[0], request.body, answer)
        elif request.method == "DELETE" and len(parts) == 2 and answer is not None and answer.status in _GONE:
            deleted = parts[0], unquote(parts[1])
            self._made = [each for each in self._made if (each.kind, each.id) != deleted]

    def tidy(self, send: Send) -> None:
        """Delete what was made, the newest first, since a group is made after its members.

        What can't be deleted now is tried again at the end.
        """
        ends = time.monotonic() + SECONDS_TO_DELETE
        for each in reversed(list(self._made)):
            self._left += [each] if time.monotonic() > ends else _delete(each, send)
            if each in self._made:
                self._made.remove(each)

    def delete_all(self, send: Send) -> list[Made]:
        """Delete what is left, at the end of a run. Returns: what could not be deleted."""
        self._made = self._left + self._made
        self._left = []
        self.tidy(send)
        return self._left

    def _note_creation(self, kind: str, body: Any, answer: Answer | None) -> None:
        name = _text(body, _NAMES[kind])
        if answer is not None and 400 <= answer.status < 500:
            return
        self._made.append(Made(kind, _id_of(answer), name))

    def _note_bulk(self, request: Request, answer: Answer | None) -> None:
        """Creations of a Bulk request: by the locations of the answer, else by the names that were sent."""
        results = _operations(_document(answer))
        for operation in _operations(request.body):
            kind = _text(operation, "path").strip("/")
            if operation.get("method") != "POST" or kind not in _NAMES:
                continue
            result = next((one for one in results if one.get("bulkId") == operation.get("bulkId")), {})
            if str(result.get("status", "")).startswith("4"):
                continue
            found = _text(result, "location").rstrip("/").rpartition("/")[2] or None
            self._made.append(Made(kind, found, _text(operation.get("data"), _NAMES[kind])))


def _delete(made: Made, send: Send) -> list[Made]:
    """Delete one resource, a second time when the first fails; returns what is left of it."""
    try:
        ids = [made.id] if made.id is not None else _find(made, send)
        left = [each for each in ids if not any(_is_gone(send, made.kind, each) for _ in range(2))]
    except (NoAnswer, ValueError):
        return [made]
    return [Made(made.kind, each, made.name) for each in left]


def _is_gone(send: Send, kind: str, resource_id: str) -> bool:
    return send(Request(method="DELETE", path=f"/{kind}/{quote(resource_id, safe='')}")).status in _GONE


def _find(made: Made, send: Send) -> list[str]:
    """The ids of what has this name, which is the run's own; nothing for a resource without a name."""
    if not made.name:
        return []
    expression = quote(f"{_NAMES[made.kind]} eq {quoted(made.name)}", safe="")
    answer = send(Request(method="GET", path=f"/{made.kind}", query=f"filter={expression}"))
    resources = _document(answer).get("Resources") or []
    found = [one for one in resources if isinstance(one, dict)] if isinstance(resources, list) else []
    return [one["id"] for one in found if isinstance(one.get("id"), str) and _text(one, _NAMES[made.kind]) == made.name]


def _document(answer: Answer | None) -> dict[str, Any]:
    try:
        document = json.loads(answer.content) if answer is not None else {}
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _id_of(answer: Answer | None) -> str | None:
    found = _document(answer).get("id")
    return found if isinstance(found, str) and found else None


def _operations(document: Any) -> list[dict[str, Any]]:
    operations = document.get("Operations") if isinstance(document, dict) else None
    return [one for one in operations if isinstance(one, dict)] if isinstance(operations, list) else []


def _text(document: Any, key: str) -> str:
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, str) else ""
