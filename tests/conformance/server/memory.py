"""The right server: users and groups in memory, discovery, Bulk, tokens. A fault may change any answer."""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote
from uuid import UUID, uuid4

from scim2_models import InvalidFilterException

from entra_client.protocol.credentials import JWT_BEARER
from scim.patch.parser import Patch, read_patch, read_resource
from scim.protocol.errors import InvalidSyntax, InvalidValue, ScimError
from scim.protocol.json_text import parse_json
from scim.protocol.schemas import DELIVERED, GROUP, USER, ResourceType
from scim.resources.projection import Projection
from tests.conformance.server.filters import matches

MESSAGES = "urn:ietf:params:scim:api:messages:2.0"
KEY = "right-key"
CLIENT_ID, CLIENT_SECRET, ASSERTION = "client-1", "right secret/1", "signed.by.nobody"
SCIM = "application/scim+json"
MOST = 1000  # resources of a page
TYPES = {"Users": USER, "Groups": GROUP}
Document = dict[str, Any]


@dataclass
class Asked:
    """A request as the server sees it. ``test``: the conformance test that asks, by the User-Agent."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    content: bytes
    test: str = ""

    @property
    def body(self) -> Any:
        return parse_json(self.content) if self.content else None

    def parameter(self, name: str, default: str = "") -> str:
        return next((values[0] for key, values in self.query.items() if key.lower() == name.lower()), default)


@dataclass
class Reply:
    """An answer. ``body``: a document, or bytes as they are."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    def __init__(self, status: int, detail: str, scim_type: str | None = None, **headers: str) -> None:
        super().__init__(detail)
        self.reply = Reply(
            status, _error(status, detail, scim_type), {k.replace("_", "-"): v for k, v in headers.items()}
        )


Answer = Callable[[Asked], Reply]
Fault = Callable[["MemoryServer", Asked, Answer], Reply]


class MemoryServer:
    """``fault`` stands between a request and the right answer. ``strict``: as the Interoperability Profile wants it.

    ``entitlements``: lists roles, as Okta asks for them.
    """

    def __init__(self, *, strict: bool = False, entitlements: bool = False) -> None:
        self.strict = strict
        self.entitlements = entitlements
        self.limited: list[str] = []
        self.used: set[str] = set()
        self.fault: Fault | None = None
        self.resources: dict[str, dict[str, Document]] = {"Users": {}, "Groups": {}}
        self.tokens: set[str] = set()
        self.asked: list[Asked] = []
        self.base = ""

    # ── WSGI ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.base = f"http://{environ['HTTP_HOST']}/scim/v2"
        headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name[:5] == "HTTP_"}
        agent = headers.get("user-agent", "")
        asked = Asked(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            parse_qs(environ["QUERY_STRING"], keep_blank_values=True),
            headers,
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
            agent.partition("(")[2].rstrip(")"),
        )
        self.asked.append(asked)
        reply = self.fault(self, asked, self.answer) if self.fault else self.answer(asked)
        content = reply.body if isinstance(reply.body, bytes) else b"" if reply.body is None else _json(reply.body)
        sent = {"Content-Length": str(len(content)), **({"Content-Type": SCIM} if content else {}), **reply.headers}
        start_response(f"{reply.status} x", [(name, value) for name, value in sent.items() if value])
        return [content]

    # ── Where it leads ───────────────────────────────────────────────────────────────────────────────────────────
    def answer(self, asked: Asked) -> Reply:
        """The right answer."""
        try:
            if not asked.path.startswith("/scim/v2"):
                return self._oauth(asked)
            self._authenticate(asked)
            self._limit(asked)
            return self._scim(asked, [unquote(part) for part in asked.path.removeprefix("/scim/v2").split("/") if part])
        except Refused as refused:
            return refused.reply
        except InvalidFilterException as error:
            return Reply(400, _error(400, str(error), "invalidFilter"))
        except ScimError as error:
            return Reply(int(error.status), error.to_dict())

    def _authenticate(self, asked: Asked) -> None:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in {KEY, *self.tokens}:
            raise Refused(401, "A bearer token is expected.", WWW_Authenticate="Bearer")

    def _limit(self, asked: Asked) -> None:
        """A limit of 40 requests, for the one test that wants to reach it."""
        if "429" in asked.test:
            self.limited.append(asked.test)
            if len(self.limited) > 40:
                self.limited.clear()
                raise Refused(429, "Too many requests.", Retry_After="0")

    def _scim(self, asked: Asked, parts: list[str]) -> Reply:
        discovery = {"ServiceProviderConfig": self._config, "ResourceTypes": self._types, "Schemas": self._schemas}
        match (asked.method, *parts):
            case ("GET", "Roles") if self.entitlements:
                return Reply(200, _listing([{"id": "admin", "displayName": "Administrator"}], 1, 2))
            case (_, name, *rest) if name in discovery and len(rest) < 2:
                _require_discovery(asked)
                return discovery[name](*rest)
            case ("POST", "Bulk"):
                return self._bulk(asked)
            case ("POST", ".search"):
                return self._search(asked, [*TYPES])
            case ("POST", kind, ".search") if kind in TYPES:
                return self._search(asked, [kind])
            case (method, kind) if kind in TYPES and method in ("GET", "POST"):
                return self._list(asked, kind) if method == "GET" else self._create(asked, kind)
            case (method, kind, resource_id) if kind in TYPES and method in ("GET", "PUT", "PATCH", "DELETE"):
                return getattr(self, f"_{method.lower()}")(asked, kind, resource_id)
        raise Refused(404, "There is nothing here.")

    # ── Discovery ────────────────────────────────────────────────────────────────────────────────────────────────
    def _config(self) -> Reply:
        yes = {"supported": True}
        return Reply(
            200,
            {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
                "patch": yes,
                "bulk": {"supported": True, "maxOperations": 100, "maxPayloadSize": 1_000_000},
                "filter": {"supported": True, "maxResults": MOST},
                "changePassword": {"supported": False},
                "sort": yes,
                "etag": yes,
                "pagination": {"cursor": True, "index": True, "defaultPaginationMethod": "index"},
                "authenticationSchemes": [
                    {"type": "oauthbearertoken", "name": "Bearer", "description": "A bearer token.", "primary": True}
                ],
                "meta": {"resourceType": "ServiceProviderConfig", "location": f"{self.base}/ServiceProviderConfig"},
                **({"interopProfileConformant": True} if self.strict else {}),
            },
        )

    def _types(self, name: str = "") -> Reply:
        types = {each.name: each.document(self.base) for each in TYPES.values()}
        if self.entitlements:
            role = {"name": "Role", "endpoint": "/Roles", "schema": "urn:okta:scim:schemas:core:1.0:Role"}
            types["Role"] = types["User"] | {"id": "Role", "schemaExtensions": [], **role}
        return self._one_or_all(types, name)

    def _schemas(self, urn: str = "") -> Reply:
        documents = {
            schema.urn: {
                **json.loads(json.dumps(schema.document)),
                "meta": {"resourceType": "Schema", "location": f"{self.base}/Schemas/{schema.urn}"},
            }
            for schema in DELIVERED.by_urn.values()
        }
        if self.strict:
            for attribute in (each for document in documents.values() for each in document["attributes"]):
                for part in attribute.get("subAttributes") or ():
                    if part["name"] == "type" and not part.get("canonicalValues"):
                        part["canonicalValues"] = ["any"]
        return self._one_or_all(documents, urn)

    def _one_or_all(self, documents: dict[str, Document], name: str) -> Reply:
        if name and name not in documents:
            raise Refused(404, f"There is no {name}.")
        return Reply(200, documents[name] if name else _listing(list(documents.values()), 1, len(documents)))

    # ── Resources ────────────────────────────────────────────────────────────────────────────────────────────────
    def _create(self, asked: Asked, kind: str) -> Reply:
        parsed = self._read(TYPES[kind], _object(asked.body))
        resource = {"id": str(uuid4()), "version": 0, "created": _now()}
        self._store(kind, resource, parsed.edited({}), parsed)
        document = self.document(kind, resource["id"])
        headers = {"Location": document["meta"]["location"], "ETag": document["meta"]["version"]}
        return Reply(201, _projection(TYPES[kind], asked).apply(document), headers)

    def _get(self, asked: Asked, kind: str, resource_id: str) -> Reply:
        document = self.document(kind, resource_id)
        version = document["meta"]["version"]
        if asked.headers.get("if-none-match") == version:
            return Reply(304, None, {"ETag": version})
        return Reply(200, _projection(TYPES[kind], asked).apply(document), {"ETag": version})

    def _put(self, asked: Asked, kind: str, resource_id: str) -> Reply:
        resource = self._expected(asked, kind, resource_id)
        parsed = self._read(TYPES[kind], _object(asked.body), replaces=True)
        profile = parsed.edited({})
        if kind == "Users":
            profile.setdefault("active", resource["profile"].get("active", True))
        self._store(kind, resource, profile, parsed)
        return self._get(Asked("GET", "", asked.query, {}, b""), kind, resource_id)

    def _patch(self, asked: Asked, kind: str, resource_id: str) -> Reply:
        resource = self._expected(asked, kind, resource_id)
        body = _object(asked.body)
        if self.strict:
            body = _replacing_wholly(body)
        parsed = read_patch(TYPES[kind], body)
        if self.strict and not all(isinstance(each, dict) and each.get("path") for each in body.get("Operations", [])):
            raise InvalidSyntax("Each operation needs a path.")
        self._refuse_ignored(parsed)
        self._store(kind, resource, parsed.edited(resource["profile"]), parsed)
        return self._get(Asked("GET", "", asked.query, {}, b""), kind, resource_id)

    def _delete(self, asked: Asked, kind: str, resource_id: str) -> Reply:
        self._expected(asked, kind, resource_id)
        del self.resources[kind][resource_id]
        for group in self.resources["Groups"].values():
            group["members"].discard(UUID(resource_id))
        return Reply(204)

    def _expected(self, asked: Asked, kind: str, resource_id: str) -> Document:
        version = self.document(kind, resource_id)["meta"]["version"]
        if asked.headers.get("if-match", version) not in (version, "*"):
            raise Refused(412, "The resource has another version.")
        return self.resources[kind][resource_id]

    def _read(self, resource_type: ResourceType, body: Document, *, replaces: bool = False) -> Patch:
        parsed = read_resource(resource_type, body, replaces=replaces)
        schemas = body.get("schemas")
        if not isinstance(schemas, list) or not schemas:
            raise InvalidSyntax("schemas is missing.")
        self._refuse_ignored(parsed)
        unknown = [urn for urn in schemas if str(urn).lower() not in resource_type.urns]
        if self.strict and unknown:
            raise InvalidSyntax(f"{unknown[0]} is no schema here.")
        return parsed

    def _refuse_ignored(self, parsed: Patch) -> None:
        if self.strict and parsed.ignored:
            raise InvalidSyntax(f"{parsed.ignored[0]} is no attribute here.")

    def _store(self, kind: str, resource: Document, profile: Document, parsed: Patch) -> None:
        name = "userName" if kind == "Users" else "displayName"
        if not profile.get(name):
            raise InvalidValue(f"{name} is required.")
        if kind == "Users":
            profile.setdefault("active", True)
        for other in self.resources[kind].values():
            if other["id"] != resource["id"] and other["profile"][name].lower() == profile[name].lower():
                raise Refused(409, f"{name} is in use.", "uniqueness")
        members = parsed.members.applied_to(resource.get("members", ())) if kind == "Groups" else frozenset()
        if missing := [each for each in members if str(each) not in self.resources["Users"]]:
            raise InvalidValue(f"There is no user {missing[0]}.")
        changed = profile != resource.get("profile") or set(members) != resource.get("members", set())
        resource.update(
            profile=profile, members=set(members), version=resource["version"] + int(changed), changed=_now()
        )
        self.resources[kind][resource["id"]] = resource

    def document(self, kind: str, resource_id: str) -> Document:
        """The whole resource. Raises: Refused when there is none."""
        resource = self.resources[kind].get(resource_id)
        if resource is None:
            raise Refused(404, f"There is no {kind[:-1]} {resource_id}.")
        document = json.loads(json.dumps(resource["profile"]))
        extensions = [each.urn for each in TYPES[kind].extensions if document.get(each.urn)]
        for urn in extensions:
            if manager := document[urn].get("manager"):
                manager["$ref"] = f"{self.base}/Users/{manager.get('value')}"
        members = [
            {"value": str(each), "$ref": f"{self.base}/Users/{each}", "type": "User"} for each in resource["members"]
        ]
        groups = [
            {"value": each["id"], "$ref": f"{self.base}/Groups/{each['id']}", "display": each["profile"]["displayName"]}
            for each in self.resources["Groups"].values()
            if kind == "Users" and UUID(resource_id) in each["members"]
        ]
        return {
            "schemas": [TYPES[kind].schema.urn, *extensions],
            "id": resource_id,
            **document,
            **({"members": members} if members else {}),
            **({"groups": groups} if groups else {}),
            "meta": {
                "resourceType": kind[:-1],
                "created": resource["created"],
                "lastModified": resource["changed"],
                "version": f'W/"{resource["version"]}"',
                "location": f"{self.base}/{kind}/{resource_id}",
            },
        }

    # ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _list(self, asked: Asked, kind: str) -> Reply:
        return self._page({name: values[0] for name, values in asked.query.items()}, [kind])

    def _search(self, asked: Asked, kinds: list[str]) -> Reply:
        return self._page({name: _text(value) for name, value in _object(asked.body).items()}, kinds)

    def _page(self, given: dict[str, str], kinds: list[str]) -> Reply:
        wanted = {name.lower(): value for name, value in given.items()}
        found = [(kind, self.document(kind, each)) for kind in kinds for each in self.resources[kind]]
        if text := wanted.get("filter"):
            for kind in kinds:  # also where there is nothing that it could select
                matches(TYPES[kind], text, {})
            found = [(kind, document) for kind, document in found if matches(TYPES[kind], text, document)]
        if name := wanted.get("sortby"):
            found.sort(
                key=lambda each: str(each[1].get(name, "")).lower(), reverse=wanted.get("sortorder") == "descending"
            )
        count = min(max(_number(wanted.get("count"), 100), 0), MOST)
        cursor = wanted.get("cursor")
        start = _position(cursor) if cursor is not None else max(_number(wanted.get("startindex"), 1), 1)
        shown = found[start - 1 : start - 1 + count]
        documents = [_projection_of(TYPES[kind], wanted).apply(document) for kind, document in shown]
        listing = _listing(documents, start, len(found))
        if cursor is not None:
            del listing["startIndex"]
            if start - 1 + count < len(found):
                listing["nextCursor"] = base64.urlsafe_b64encode(f"at:{start + count}".encode()).decode()
        return Reply(200, listing)

    # ── Bulk ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def _bulk(self, asked: Asked) -> Reply:
        body = _object(asked.body)
        limit, errors, ids, results = body.get("failOnErrors"), 0, {}, []
        if len(body.get("Operations", [])) > 100:
            raise Refused(413, "A Bulk request may have at most 100 operations.")
        for each in body.get("Operations", []):
            if limit and errors >= limit:
                break
            path, data = each["path"], json.dumps(each.get("data"))
            for name, found in ids.items():
                path, data = path.replace(f"bulkId:{name}", found), data.replace(f"bulkId:{name}", found)
            content = b"" if data == "null" else data.encode()
            reply = self.answer(Asked(each["method"], f"/scim/v2{path}", {}, dict(asked.headers), content))
            result = {"method": each["method"], "status": str(reply.status)}
            if "bulkId" in each:
                result["bulkId"] = each["bulkId"]
            if reply.status >= 400:
                errors += 1
                result["response"] = reply.body
            else:
                location = reply.body["meta"]["location"] if reply.body else f"{self.base}{path}"
                ids |= {each["bulkId"]: reply.body["id"]} if each.get("bulkId") and reply.body else {}
                result["location"] = location
            results.append(result)
        return Reply(200, {"schemas": [f"{MESSAGES}:BulkResponse"], "Operations": results})

    # ── OAuth ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _oauth(self, asked: Asked) -> Reply:
        origin = self.base.removesuffix("/scim/v2")
        json_type = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        if asked.path == "/.well-known/oauth-authorization-server":
            document = {
                "issuer": origin,
                "token_endpoint": f"{origin}/oauth2/token",
                "grant_types_supported": ["client_credentials"],
                "response_types_supported": [],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "client_secret_post",
                    "private_key_jwt",
                ],
                "scopes_supported": ["scim"],
            }
            return Reply(200, document, json_type)
        if asked.path != "/oauth2/token" or asked.method != "POST":
            raise Refused(404, "There is nothing here.")
        form = {name: values[0] for name, values in parse_qs(asked.content.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return Reply(400, {"error": "unsupported_grant_type"}, json_type)
        assertion = form.get("client_assertion", "")
        if not _knows(form, asked.headers.get("authorization", "")) or assertion in self.used:
            return Reply(401, {"error": "invalid_client"}, json_type | {"WWW-Authenticate": "Basic"})
        self.used |= {assertion} - {""}
        token = f"token-{uuid4().hex}"
        self.tokens.add(token)
        return Reply(
            200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": "scim"}, json_type
        )


def _replacing_wholly(body: Document) -> Document:
    """Interoperability Profile §6.5.2.1: a complex attribute that is replaced has nothing of what it had."""
    operations = []
    for each in body.get("Operations", []):
        if each.get("op") == "replace" and each.get("path") == "name":
            operations.append({"op": "remove", "path": "name"})
        operations.append(each)
    return {**body, "Operations": operations}


def _require_discovery(asked: Asked) -> None:
    if asked.method != "GET":
        raise Refused(405, "Only GET is possible here.", Allow="GET")
    if "filter" in asked.query:
        raise Refused(403, "Discovery can't be filtered.")


def _knows(form: dict[str, str], authorization: str) -> bool:
    if form.get("client_assertion_type") == JWT_BEARER:
        return form.get("client_assertion", "").startswith(ASSERTION) and form.get("client_id") == CLIENT_ID
    if authorization.startswith("Basic "):
        client_id, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
        return (unquote(client_id), unquote(secret)) == (CLIENT_ID, CLIENT_SECRET)
    return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)


def _object(body: Any) -> Document:
    if not isinstance(body, dict):
        raise InvalidSyntax("The body is no object.")
    return body


def _projection(resource_type: ResourceType, asked: Asked) -> Projection:
    return _projection_of(resource_type, {name.lower(): values[0] for name, values in asked.query.items()})


def _projection_of(resource_type: ResourceType, wanted: dict[str, str]) -> Projection:
    names = {
        name: [each for each in wanted.get(name, "").split(",") if each]
        for name in ("attributes", "excludedattributes")
    }
    return Projection(resource_type, names["attributes"], names["excludedattributes"])


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    try:
        return int(text)
    except ValueError as error:
        raise InvalidValue(f"{text} is no number.") from error


def _position(cursor: str) -> int:
    if not cursor:
        return 1
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("at:"))
    except ValueError as error:
        raise Refused(400, "That cursor is none.", "invalidCursor") from error


def _listing(resources: list[Document], start: int, total: int) -> Document:
    return {
        "schemas": [f"{MESSAGES}:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def _error(status: int, detail: str, scim_type: str | None = None) -> Document:
    named = {"scimType": scim_type} if scim_type else {}
    return {"schemas": [f"{MESSAGES}:Error"], "status": str(status), "detail": detail, **named}


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
