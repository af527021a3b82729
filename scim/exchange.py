"""One SCIM request on its way through the door: what was asked, by which key, and what came of it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest

from gatekeeper.audit.actor import Actor
from scim.errors import InvalidSyntax, InvalidValue, NotAcceptable, TooLarge, UnsupportedMediaType
from scim.models import ApiKey

CONTENT_TYPE = "application/scim+json"
MAX_BODY = 8 * 1024 * 1024  # bytes: a PUT of a group with 50,000 members fits
_JSON_TYPES = frozenset({CONTENT_TYPE, "application/json"})
_ACCEPTED = frozenset({*_JSON_TYPES, "application/*", "*/*"})
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


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


def read_body(request: HttpRequest) -> Any:
    """The JSON document in the body; None when there is none.

    Raises: UnsupportedMediaType (415), TooLarge (413), InvalidSyntax (400); InvalidValue for text that can't be stored.
    """
    raw = _read_raw(request)
    if not raw.strip():
        return None
    media_type = (request.content_type or "").lower()
    if media_type and media_type not in _JSON_TYPES:
        raise UnsupportedMediaType(f"Bodies have to be {CONTENT_TYPE}, not {media_type[:100]}.")
    return parse_json(raw)


def parse_json(raw: bytes) -> Any:
    """Parse a body as UTF-8 JSON. Raises: InvalidSyntax, InvalidValue."""
    try:
        document = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise InvalidSyntax("The JSON document is nested too deeply.") from error
    except ValueError as error:
        raise InvalidSyntax(f"The body is no valid JSON: {error}.") from error
    if _SUSPECT.search(raw):
        _refuse_unstorable(document)
    return document


def _read_raw(request: HttpRequest) -> bytes:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise TooLarge(f"A request may have at most {MAX_BODY} bytes.")
    # Django takes a body without a length for an empty one; gunicorn marks a chunked body as safe to read to its end.
    is_chunked = not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated")
    source = request.META["wsgi.input"] if is_chunked else request
    try:
        raw: bytes = source.read(MAX_BODY + 1)
    except OSError as error:  # the client went away, or sent less than it announced
        raise InvalidSyntax("The body did not arrive completely.") from error
    if len(raw) > MAX_BODY:
        raise TooLarge(f"A request may have at most {MAX_BODY} bytes.")
    return raw


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _refuse_unstorable(document: Any) -> None:
    """NUL and lone surrogates are valid JSON escapes that no database column holds."""
    try:
        text = json.dumps(document, ensure_ascii=False)
        text.encode()
    except (UnicodeEncodeError, RecursionError) as error:
        raise InvalidValue("A text in the body holds half of a surrogate pair.") from error
    if "\\u0000" in text.replace("\\\\", ""):
        raise InvalidValue("A text in the body holds the NUL character.")
