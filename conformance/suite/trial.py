"""What a test may do: ask the server, with what it sends and gets kept for its report."""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote
from uuid import uuid4

from conformance.http.exchange import Call, Reply, described
from conformance.suite.registry import ConformanceTest
from conformance.suite.server import Server
from entra_client.directory.attribute_mapping import CORE_GROUP, CORE_USER, ENTERPRISE
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.answer_checks import Check, Resource, WrongAnswer
from entra_client.protocol.client_quirks import PATCH_OP, quoted
from entra_client.protocol.transport import NoAnswer, Request

T = TypeVar("T")
DOMAIN = "conformance.example"


class Failed(Exception):
    """The server does not do what the clause demands; the text has the request and the answer."""


class Skipped(Exception):
    """It can't be asked here; the text says why."""


class Trial:
    """One test under way on one server."""

    def __init__(self, server: Server, test: ConformanceTest) -> None:
        self.server = server
        self.test = test
        self._last: tuple[Request, Reply | None] | None = None
        self._write: tuple[Request, Reply | None] | None = None  # before the last, which may have read what came of it
        self._number = 0

    # ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────────
    def send(self, request: Request, *, patient: bool = True) -> Reply:
        """Send a request and return its answer, whatever it is. Raises: Failed when there is none."""
        if self._last is not None and self._last[0].method != "GET":
            self._write = self._last
        self._last = request, None
        try:
            reply = self.server.send(request, patient=patient)
        except NoAnswer as problem:
            self.fail(f"The server gave no answer: {problem}.")
        self._last = request, reply
        return reply

    def show(self, reply: Reply) -> None:
        """The exchange that a failure shows, where it was not asked through this trial."""
        self._last = reply.request, reply

    def ask(self, request: Request, check: Check[T]) -> T:
        """Send a request and return what the check read in its answer. Raises: Failed when that is wrong."""
        reply = self.send(request)
        try:
            return check(reply)
        except WrongAnswer as problem:
            self.fail(f"{request.method} {request.path} {problem}")
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as problem:
            self.fail(f"{request.method} {request.path} has an answer that can't be read: {problem!r:.200}")

    def fail(self, sentence: str) -> NoReturn:
        """End the test: what was expected, and the last request with its answer. Raises: Failed.

        Where that only read, the write before it is shown, too.
        """
        text = f"{sentence.rstrip('.')}."
        if self._last is not None and self._last[0].method == "GET" and self._write is not None:
            text += f"\n{described(*self._write, self.server.secrets)}"
        if self._last is not None:
            text += f"\n{described(*self._last, self.server.secrets)}"
        raise Failed(self.server.without_secrets(text))

    def expect(self, holds: object, sentence: str) -> None:
        """Raises Failed with ``sentence``, which says what is wrong, unless ``holds``."""
        if not holds:
            self.fail(sentence)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Around code that walks through an answer: what it trips over is the answer's fault. Raises: Failed."""
        try:
            yield
        except WrongAnswer as problem:
            asked = f"{self._last[0].method} {self._last[0].path}" if self._last else "The answer"
            self.fail(f"{asked} {problem}")
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as problem:
            self.fail(f"The answer can't be read: {problem!r:.200}")

    # ── Names ────────────────────────────────────────────────────────────────────────────────────────────────────
    def name(self) -> str:
        """A name that only this test has."""
        self._number += 1
        return f"{self.server.marker}-{secrets.token_hex(3)}-{self._number}"

    def user_body(self, **more: Any) -> Resource:
        """A new user, inactive unless ``active`` is given: nobody is granted or loses anything by most tests."""
        name = self.name()
        return {
            "schemas": [CORE_USER, ENTERPRISE],
            "userName": f"{name}@{DOMAIN}",
            "externalId": str(uuid4()),
            "displayName": f"Conformance {name}",
            "name": {"givenName": "Conformance", "familyName": name},
            "emails": [{"type": "work", "value": f"{name}@{DOMAIN}", "primary": True}],
            "active": False,
            **more,
        }

    def group_body(self, **more: Any) -> Resource:
        """A new group without members."""
        return {"schemas": [CORE_GROUP], "externalId": str(uuid4()), "displayName": f"Conformance {self.name()}"} | more

    # ── Resources ────────────────────────────────────────────────────────────────────────────────────────────────
    def create(self, kind: str, body: Resource | None = None) -> Resource:
        """POST a User or Group; the whole resource that was answered. Raises: Failed."""
        sent = body if body is not None else (self.user_body() if kind == "User" else self.group_body())
        return self.ask(requests.create(kind, sent), answer_checks.created(kind, sent))

    def read(self, kind: str, resource_id: str) -> Resource:
        """GET it by its id."""
        return self.ask(requests.read(kind, resource_id), answer_checks.found(kind, resource_id))

    def read_with(self, kind: str, resource_id: str, values: Mapping[str, Any]) -> Resource:
        """GET it by its id, with these values at these paths of the mapping (None: nothing there)."""
        return self.ask(requests.read(kind, resource_id), answer_checks.found_with(kind, resource_id, values))

    def patch(self, kind: str, resource_id: str, *operations: Mapping[str, Any]) -> None:
        """PATCH it: 200 or 204."""
        self.ask(requests.change(kind, resource_id, patch_body(*operations)), succeeded(200, 204))

    def patch_and_read(self, kind: str, resource_id: str, *operations: Mapping[str, Any]) -> Resource:
        """PATCH it and GET it afterwards: what counts is what is stored."""
        self.patch(kind, resource_id, *operations)
        return self.read(kind, resource_id)

    def delete(self, kind: str, resource_id: str) -> None:
        """DELETE it: 204."""
        self.ask(requests.delete(kind, resource_id), answer_checks.no_content)

    def find(self, kind: str, expression: str, *more: str) -> list[Resource]:
        """The resources that a filter selects; ``more``: further parameters, encoded."""
        query = "&".join((f"filter={quote(expression, safe='')}", *more))
        listing = self.ask(Request(method="GET", path=f"/{kind}s", query=query), answer_checks.listing)
        resources = [one for one in listing["Resources"] if isinstance(one, dict)]
        self.expect(len(resources) == len(listing["Resources"]), "Resources holds something that is no resource.")
        return resources

    def expect_only(self, kind: str, expression: str, resource: Mapping[str, Any]) -> None:
        """The filter selects this resource and nothing else."""
        ids = [one.get("id") for one in self.find(kind, expression)]
        self.expect(ids == [resource["id"]], f"The filter finds {ids} instead of {resource['id']} alone")

    def get_object(self, path: str, query: str = "") -> Resource:
        """GET a document: 200 with a JSON object."""
        return self.ask(Request(method="GET", path=path, query=query), object_with(200))

    def get_listing(self, path: str, query: str = "") -> Resource:
        """GET a ListResponse."""
        return self.ask(Request(method="GET", path=path, query=query), answer_checks.listing)

    # ── The server's own words ───────────────────────────────────────────────────────────────────────────────────
    def needs(self, feature: str) -> Resource:
        """What ServiceProviderConfig says of a feature. Raises: Skipped where it is not supported."""
        stated = self.get_object("/ServiceProviderConfig").get(feature)
        if not isinstance(stated, dict) or stated.get("supported") is not True:
            raise Skipped(f"ServiceProviderConfig does not say that {feature} is supported.")
        return stated

    def schema(self, urn: str) -> dict[str, Resource]:
        """The attributes of a schema in /Schemas, by their names in lower case. Raises: Failed where it is missing."""
        listing = self.get_listing("/Schemas")
        with self.reading():
            found = next((one for one in listing["Resources"] if one["id"].lower() == urn.lower()), None)
            attributes = None if found is None else {each["name"].lower(): each for each in found["attributes"]}
        if attributes is None:
            self.fail(f"/Schemas does not list {urn}")
        return attributes


def patch_body(*operations: Mapping[str, Any]) -> Resource:
    """The body of a PATCH."""
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def eq(path: str, value: str) -> str:
    """A filter expression."""
    return f"{path} eq {quoted(value)}"


def succeeded(*statuses: int) -> Check[None]:
    """One of these statuses, whatever else the answer holds."""

    def check(answer: Any) -> None:
        answer_checks.expect_status(answer, *statuses)

    return check


def object_with(*statuses: int) -> Check[Resource]:
    """One of these statuses with a JSON object."""

    def check(answer: Any) -> Resource:
        answer_checks.expect_status(answer, *statuses)
        return answer_checks.read_object(answer)

    return check


def plain_json(answer: Any) -> Resource:
    """200 with a JSON object as application/json: of an OAuth endpoint, not of SCIM. Raises: WrongAnswer."""
    answer_checks.expect_status(answer, 200)
    if answer.media_type.partition(";")[0].strip().lower() != "application/json":
        raise WrongAnswer(f"came as {answer.media_type or 'no media type'} instead of application/json")
    body = json.loads(answer.content)
    if not isinstance(body, dict):
        raise WrongAnswer("has a body that is no object")
    return body


def raw(method: str, path: str, content: bytes, **headers: str) -> Call:
    """A request whose body is no JSON of ours. ``headers`` by their names with underscores."""
    return Call(
        method=method,
        path=path,
        content=content,
        headers={name.replace("_", "-").title(): value for name, value in headers.items()},
    )
