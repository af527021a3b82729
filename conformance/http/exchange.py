"""A request, its answer, and both as text for a report."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from entra_client.protocol.transport import Answer, Request

SHOWN_SENT = 700  # characters of a body that a report shows
SHOWN_GOT = 600
HIDDEN = "(hidden)"


@dataclass(frozen=True, kw_only=True)
class Call(Request):
    """A request with headers of its own. ``content`` is sent as it is, instead of ``body`` as JSON.

    ``authorization``: None sends the run's credentials, "" no such header. ``at_origin``: the path is below the
    server's origin, not below its SCIM base URL.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    authorization: str | None = None
    at_origin: bool = False

    def __str__(self) -> str:
        return super().__str__()


@dataclass(frozen=True, kw_only=True)
class Reply(Answer):
    """An answer with its headers, by their names in lower case."""

    headers: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """The value of a header, or nothing."""
        return self.headers.get(name.lower(), "")


def described(request: Request, answer: Answer | None, secrets: Iterable[str]) -> str:
    """The request line, a short body and the answer, a line each, without any of the ``secrets``."""
    lines = [f"request: {request}"]
    sent = _sent(request)
    if sent:
        lines.append(f"sent: {_cut(sent, SHOWN_SENT)}")
    if answer is not None:
        got = " ".join(answer.content.decode(errors="replace").split())
        lines.append(" ".join(f"answer: {answer.status} {answer.media_type} {_cut(got, SHOWN_GOT)}".split()))
    text = "\n".join(lines)
    for secret in secrets:
        text = text.replace(secret, HIDDEN) if secret else text
    return text


def _sent(request: Request) -> str:
    if isinstance(request, Call) and request.content is not None:
        return " ".join(request.content.decode(errors="replace").split())
    return "" if request.body is None else json.dumps(request.body, ensure_ascii=False)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def json_body(body: Any) -> bytes:
    """The bytes of a JSON document."""
    return json.dumps(body, ensure_ascii=False).encode()
