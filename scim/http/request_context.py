"""One SCIM request on its way through the door: what was asked, by which key, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest

from gatekeeper.audit.actor import Actor
from scim.http.errors import InvalidSyntax, NotAcceptable
from scim.http.request_body import CONTENT_TYPE, JSON_TYPES
from scim.models import ApiKey

_ACCEPTED = frozenset({*JSON_TYPES, "application/*", "*/*"})


@dataclass
class Answer:
    """What goes back: a document (None: no body), its status and headers."""

    document: dict[str, Any] | None = None
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Exchange:
    """The request, and what the log will say about it."""

    request: HttpRequest
    request_id: str
    key: ApiKey | None = None
    body: Any = None
    method: str = ""
    path: str = ""
    user_id: UUID | None = None
    user_label: str = ""
    group_id: UUID | None = None
    group_label: str = ""
    changed: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def begin(cls, request: HttpRequest) -> "Exchange":
        request_id = getattr(request, "request_id", None) or str(uuid4())
        return cls(request, request_id, method=request.method or "", path=request.path)

    @property
    def actor(self) -> Actor:
        """Who acts, for the directory's verbs."""
        assert self.key is not None
        return Actor.scim_key(self.key.id, self.key.name, request_id=self.request_id)

    @property
    def document(self) -> Mapping[str, Any]:
        """The body as an object. Raises: InvalidSyntax when it is something else, or missing."""
        if not isinstance(self.body, dict):
            raise InvalidSyntax("The body has to be a JSON object.")
        return self.body


def require_acceptable(request: HttpRequest) -> None:
    """Refuse a client that can't read our answers (406). A missing Accept, ``*/*`` and both JSON types are fine."""
    header = request.headers.get("Accept", "").strip()
    wanted = {part.partition(";")[0].strip().lower() for part in header.split(",")}
    if header and not wanted & _ACCEPTED:
        raise NotAcceptable(f"Answers are {CONTENT_TYPE}; Accept has to allow it.")
