"""One SCIM request with the credential that sent it, what it did, and the response that answers it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest
from django_scim.constants import SCIM_CONTENT_TYPE

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.provisioning_codes import Change
from scim.http.errors import NotAcceptable
from scim.http.request_body import JSON_TYPES
from scim.models import Credential, OAuthClient
from scim.protocol.errors import InvalidSyntax
from scim.protocol.schemas import DELIVERED, SchemaSet

_ACCEPTED = frozenset({*JSON_TYPES, "application/*", "*/*"})


@dataclass
class ScimResponse:
    """A response before it is written: a document (None: no body), its status and headers.

    ``reason`` and ``parameters`` are of a refusal or failure, for the provisioning log.
    """

    document: dict[str, Any] | None = None
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class ScimRequestContext:
    """A request, or one operation of a Bulk request, and what the provisioning log keeps of it.

    ``schemas`` are those that were declared when the credential was read; ``started`` is a time of ``perf_counter``.
    """

    request: HttpRequest
    request_id: str
    credential: Credential | None = None
    schemas: SchemaSet = DELIVERED
    body: Any = None
    method: str = ""
    path: str = ""
    user_id: UUID | None = None
    user_label: str = ""
    group_id: UUID | None = None
    group_label: str = ""
    changed: list[Change] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    started: float = field(default_factory=perf_counter)

    @classmethod
    def of_request(cls, request: HttpRequest) -> "ScimRequestContext":
        """The context of a request whose credential and body have not been read yet."""
        request_id = getattr(request, "request_id", None) or str(uuid4())
        return cls(request, request_id, method=request.method or "", path=request.path)

    @property
    def actor(self) -> Actor:
        """The identity provider's credential as the actor that service functions of the directory take."""
        assert self.credential is not None
        make = Actor.oauth_client if isinstance(self.credential, OAuthClient) else Actor.scim_key
        return make(self.credential.id, self.credential.name, request_id=self.request_id)

    @property
    def is_strict(self) -> bool:
        """Whether what no schema has is refused for this credential, instead of ignored."""
        return self.credential is not None and self.credential.is_strict

    @property
    def document(self) -> Mapping[str, Any]:
        """The body as an object. Raises: InvalidSyntax when it is something else, or missing."""
        if not isinstance(self.body, dict):
            raise InvalidSyntax("The body has to be a JSON object.")
        return self.body

    def forget_outcome(self) -> None:
        """Drop what an attempt noted for the log, before the change is attempted again."""
        self.changed.clear()
        self.ignored.clear()
        self.warnings.clear()


def require_acceptable(request: HttpRequest) -> None:
    """Refuse a client that can't read SCIM JSON (406). A missing Accept, ``*/*`` and both JSON types are fine."""
    if not is_acceptable(request):
        raise NotAcceptable(f"Answers are {SCIM_CONTENT_TYPE}; Accept has to allow it.")


def is_acceptable(request: HttpRequest) -> bool:
    """Whether the client can read SCIM JSON."""
    header = request.headers.get("Accept", "").strip()
    wanted = {part.partition(";")[0].strip().lower() for part in header.split(",")}
    return not header or bool(wanted & _ACCEPTED)
