"""Is an answer what Entra and Microsoft's SCIM validator want? Each check reads an answer or says what is wrong.

A check is a function from an Answer to what was read; it raises WrongAnswer with a sentence otherwise.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from entra_client.directory.attribute_mapping import CORE_GROUP, CORE_USER, value_at
from entra_client.protocol.transport import SCIM_MEDIA_TYPE, Answer

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SCHEMA_OF = {"User": CORE_USER, "Group": CORE_GROUP}
# Sent by clients, never echoed as sent: the server's own business (RFC 7643 §3.1) or empty.
NOT_ECHOED = ("schemas", "meta")

TYPE_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    type(None): "null",
}


class WrongAnswer(Exception):
    """What is wrong with an answer, as the end of a sentence that begins with the request."""


T = TypeVar("T")
Resource = dict[str, Any]
Check = Callable[[Answer], T]


def expect_status(answer: Answer, *wanted: int) -> None:
    """Raises WrongAnswer, with the detail that the server gave, unless the status is one of those wanted."""
    if answer.status not in wanted:
        expected = " or ".join(str(status) for status in wanted)
        raise WrongAnswer(f"answered {answer.status} where {expected} was expected{_detail(answer)}")


def read_object(answer: Answer) -> Resource:
    """Return the JSON object of an answer, which has to come as application/scim+json."""
    if answer.media_type.split(";")[0].strip().lower() != SCIM_MEDIA_TYPE:
        raise WrongAnswer(f"came as {answer.media_type or 'no media type'} instead of {SCIM_MEDIA_TYPE}")
    try:
        body = json.loads(answer.content)
    except ValueError as problem:
        raise WrongAnswer(f"has a body that is not JSON: {problem}") from problem
    if not isinstance(body, dict):
        raise WrongAnswer(f"has {_kind(body)} as its body instead of an object")
    return body


def error(*statuses: int, scim_type: str | None = None) -> Check[None]:
    """A refusal in SCIM's own form (RFC 7644 §3.12): the status as a string, and a detail to read."""

    def check(answer: Answer) -> None:
        expect_status(answer, *statuses)
        body = read_object(answer)
        _expect_schema(body, ERROR)
        if body.get("status") != str(answer.status):
            raise WrongAnswer(f'says status {body.get("status")!r} instead of "{answer.status}" in its error')
        if not isinstance(body.get("detail"), str) or not body["detail"]:
            raise WrongAnswer("has an error without a detail that an administrator could read")
        if scim_type is not None and body.get("scimType") != scim_type:
            raise WrongAnswer(f"says scimType {body.get('scimType')!r} instead of {scim_type}")

    return check


def no_content(answer: Answer) -> None:
    """204 and no body."""
    expect_status(answer, 204)
    if answer.content:
        raise WrongAnswer("is a 204 with a body")


def listing(answer: Answer) -> Resource:
    """A ListResponse whose numbers are numbers and fit its resources (RFC 7644 §3.4.2)."""
    expect_status(answer, 200)
    body = read_object(answer)
    _expect_schema(body, LIST_RESPONSE)
    for key in ("totalResults", "startIndex", "itemsPerPage"):
        value = body.get(key)
        if type(value) is not int and (key == "totalResults" or value is not None):
            raise WrongAnswer(f"has {key} as {_kind(value)} instead of a number")
    resources = body.get("Resources", [])
    if not isinstance(resources, list):
        raise WrongAnswer(f"has {_kind(resources)} as Resources instead of a list")
    if body["totalResults"] < len(resources):
        raise WrongAnswer(f"counts {body['totalResults']} in totalResults and lists {len(resources)}")
    if body.get("itemsPerPage", len(resources)) != len(resources):
        raise WrongAnswer(f"counts {body['itemsPerPage']} in itemsPerPage and lists {len(resources)}")
    return {**body, "Resources": resources}


def nothing_found(answer: Answer) -> None:
    """An empty list, never 404: to Entra that is a server which does not speak SCIM."""
    total = listing(answer)["totalResults"]
    if total:
        raise WrongAnswer(f"found {total} where nothing matches")


def match(kind: str, attribute: str, value: str, *, without: str = "") -> Check[Resource | None]:
    """At most one resource whose ``attribute`` is ``value`` in any case; ``without``: an excluded attribute."""

    def check(answer: Answer) -> Resource | None:
        found = listing(answer)
        if found["totalResults"] > 1:
            raise WrongAnswer(f"found {found['totalResults']} that match, so that Entra gives up on this object")
        if not found["Resources"]:
            if found["totalResults"]:
                raise WrongAnswer("counts a match in totalResults and does not list it")
            return None
        resource = found["Resources"][0]
        check_resource(resource, kind, without=without)
        has = value_at(resource, attribute)
        if not isinstance(has, str) or has.casefold() != value.casefold():
            raise WrongAnswer(f"found one whose {attribute} is {has!r}, which does not match")
        return dict(resource)

    return check


def created(kind: str, sent: Mapping[str, Any]) -> Check[Resource]:
    """201 with the whole resource, where it is (Location and meta.location), and everything that was sent."""

    def check(answer: Answer) -> Resource:
        expect_status(answer, 201)
        body = read_object(answer)
        check_resource(body, kind)
        if answer.location is None:
            raise WrongAnswer("is a 201 without a Location header")
        if answer.location != body["meta"]["location"]:
            raise WrongAnswer(f"says {answer.location} in Location and {body['meta']['location']} in meta.location")
        _expect_echo(sent, body)
        return body

    return check


def found(kind: str, resource_id: str, *, without: str = "") -> Check[Resource]:
    """200 with exactly this resource."""

    def check(answer: Answer) -> Resource:
        expect_status(answer, 200)
        body = read_object(answer)
        check_resource(body, kind, without=without)
        if body["id"] != resource_id:
            raise WrongAnswer(f"is about {body['id']}, not about {resource_id}")
        return body

    return check


def found_with(kind: str, resource_id: str, values: Mapping[str, Any]) -> Check[Resource]:
    """200 with this resource, which has these values at these paths of the mapping (None: nothing there)."""

    def check(answer: Answer) -> Resource:
        body = found(kind, resource_id)(answer)
        for path, value in values.items():
            if not _same(value, value_at(body, path)):
                raise WrongAnswer(f"has {value_at(body, path)!r} at {path} where {value!r} was written")
        return body

    return check


def patched(kind: str, resource_id: str, values: Mapping[str, Any]) -> Check[Resource | None]:
    """200 with the changed resource, or 204 without a body (then None, and the caller reads it again)."""

    def check(answer: Answer) -> Resource | None:
        expect_status(answer, 200, 204)
        if answer.status == 204:
            no_content(answer)
            return None
        return found_with(kind, resource_id, values)(answer)

    return check


def members_of(answer: Answer, group_id: str) -> set[str]:
    """200 with this group: the ids of its members, each of which is an object with a string ``value``."""
    members = found("Group", group_id)(answer).get("members", [])
    if not isinstance(members, list):
        raise WrongAnswer(f"has {_kind(members)} as members instead of a list")
    ids = [member.get("value") if isinstance(member, dict) else None for member in members]
    if not all(isinstance(one, str) for one in ids):
        raise WrongAnswer("has a member without a value")
    if len(ids) != len(set(ids)):
        raise WrongAnswer("lists somebody twice among its members")
    return {one for one in ids if isinstance(one, str)}


def check_resource(body: Any, kind: str, *, without: str = "") -> None:
    """What holds for every User and Group: schemas, a string id, meta, booleans that are booleans.

    Raises: WrongAnswer, also when an excluded attribute is there.
    """
    if not isinstance(body, dict):
        raise WrongAnswer(f"has {_kind(body)} where a {kind} was expected")
    _expect_schema(body, SCHEMA_OF[kind])
    if not isinstance(body.get("id"), str) or not body["id"]:
        raise WrongAnswer(f"has {_kind(body.get('id'))} as the id of a {kind} instead of a string")
    _check_meta(body, kind)
    _check_booleans(body)
    name = "userName" if kind == "User" else "displayName"
    if not isinstance(body.get(name), str):
        raise WrongAnswer(f"has a {kind} without {name}")
    if without and without in body:
        raise WrongAnswer(f"has {without}, which excludedAttributes asked to leave out")


def echo_differences(sent: Mapping[str, Any], got: Any, where: str = "") -> Iterator[str]:
    """Yield a sentence for each attribute that was sent and did not come back with the same value.

    Elements of lists are distinguished by their type; an empty list may be absent, and so may ``"primary": false``.
    """
    for key, value in sent.items():
        place = f"{where}{key}"
        has = got.get(key) if isinstance(got, Mapping) else None
        if isinstance(value, Mapping):
            yield from echo_differences(value, has, f"{place}.")
        elif isinstance(value, list):
            yield from _list_differences(value, has, place)
        elif not _same(value, has):
            yield f"{place} came back as {has!r} where {value!r} was sent"


def _list_differences(sent: list[Any], got: Any, place: str) -> Iterator[str]:
    elements = got if isinstance(got, list) else []
    if len(sent) != len(elements):
        yield f"{place} came back with {len(elements)} elements where {len(sent)} were sent"
        return
    by_type = {element.get("type"): element for element in elements if isinstance(element, Mapping)}
    for element in sent:
        yield from echo_differences(element, by_type.get(element["type"]), f"{place}[{element['type']}].")


def _same(wanted: Any, has: Any) -> bool:
    """Equal in value and in kind: true is not "True" and not 1; false may be left out."""
    if wanted is False and has is None:
        return True
    return type(wanted) is type(has) and bool(wanted == has)


def _expect_echo(sent: Mapping[str, Any], body: Resource) -> None:
    wanted = {key: value for key, value in sent.items() if key not in NOT_ECHOED and value != []}
    for difference in echo_differences(wanted, body):
        raise WrongAnswer(difference)


def _expect_schema(body: Mapping[str, Any], schema: str) -> None:
    schemas = body.get("schemas")
    if not isinstance(schemas, list) or schema not in schemas:
        raise WrongAnswer(f"does not name {schema} in its schemas")


def _check_meta(body: Mapping[str, Any], kind: str) -> None:
    meta = body.get("meta")
    if not isinstance(meta, dict) or meta.get("resourceType") != kind:
        raise WrongAnswer(f"has no meta.resourceType {kind}")
    location = meta.get("location")
    if not isinstance(location, str) or not location.startswith(("http://", "https://")):
        raise WrongAnswer(f"has meta.location {location!r}, which is no address")
    if not location.endswith(f"/{kind}s/{body['id']}"):
        raise WrongAnswer(f"has meta.location {location}, which does not lead to {body['id']}")
    for key in ("created", "lastModified"):
        if key in meta and not _is_moment(meta[key]):
            raise WrongAnswer(f"has meta.{key} {meta[key]!r}, which is no date and time with a zone")


def _is_moment(text: Any) -> bool:
    try:
        return isinstance(text, str) and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _check_booleans(body: Mapping[str, Any]) -> None:
    if "active" in body and not isinstance(body["active"], bool):
        raise WrongAnswer(f"has active as {_kind(body['active'])} instead of a boolean")
    for key, value in body.items():
        for element in value if isinstance(value, list) else []:
            if isinstance(element, dict) and not isinstance(element.get("primary", False), bool):
                raise WrongAnswer(f"has {key}.primary as {_kind(element['primary'])} instead of a boolean")


def _kind(value: Any) -> str:
    return TYPE_NAMES.get(type(value), type(value).__name__)


def _detail(answer: Answer) -> str:
    """What the server said about it, cut to a line."""
    try:
        body = json.loads(answer.content)
    except ValueError:
        text = answer.content[:120].decode(errors="replace")
    else:
        text = str(body.get("detail", "")) if isinstance(body, dict) else ""
    line = " ".join(text.split())
    return f": {line[:300]}" if line else ""
