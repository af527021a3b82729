"""The reads that identity providers repeat all day, answered by one statement (``scim/statements``).

Each function answers the simple case, and gives None for every other one: another shape of the address, a condition, a
credential that is not active, an ambiguous match. The views serve those as always, and say what is wrong with them.
"""

import re
from typing import Any, NamedTuple

from django.http import HttpRequest
from django_scim.constants import SchemaURI

from gatekeeper.directory.models import IdpGroup, User
from scim.attributes.registry import registry
from scim.http.authentication import accept
from scim.http.request_context import ScimRequestContext, ScimResponse, is_acceptable
from scim.protocol.errors import ScimError
from scim.protocol.references import as_id
from scim.protocol.schemas import GROUP, USER, ResourceType
from scim.protocol.versions import etag
from scim.query.list_request import Query
from scim.resources.adapters import group_url, user_url
from scim.resources.documents import group_documents, user_document
from scim.resources.projection import Projection
from scim.statements.parts import Presented, presented_by
from scim.statements.read_group import find_group
from scim.statements.read_user import find_user

Document = dict[str, Any]

# A filter of one comparison with a text without escapes; names and operators in any case (RFC 7644 §3.4.2.2).
_TEXT = r'"([^"\\\x00-\x1f]{1,200})"'
_FILTERS = {
    attribute: re.compile(f"{start} eq {_TEXT}", re.IGNORECASE)
    for attribute, start in (
        ("userName", "userName"),
        ("externalId", "externalId"),
        ("displayName", "displayName"),
        ("emails", r'emails\[type eq "work"\]\.value'),
    )
}
_ATTRIBUTES = {USER.name: ("userName", "externalId", "emails"), GROUP.name: ("displayName", "externalId")}


class _Asked(NamedTuple):
    """Whom or what a read asks for. ``presented``: the credential that it brings."""

    presented: Presented
    attribute: str
    value: Any
    projection: Projection


def read_one(context: ScimRequestContext, resource_type: ResourceType, uuid: str) -> ScimResponse | None:
    """``GET /Users/{id}``, or ``GET /Groups/{id}?excludedAttributes=members``, of one that exists."""
    asked = _asked(context.request, resource_type, uuid)
    found = _find(context, resource_type, asked) if asked else None
    if found is None or found.row is None:
        return None
    address = user_url(found.row.id) if resource_type.is_user else group_url(found.row.id)
    return ScimResponse(found.document, headers={"ETag": etag(found.row.version), "Location": address})


def read_matching(context: ScimRequestContext, resource_type: ResourceType) -> ScimResponse | None:
    """``GET /Users?filter=…``, or ``GET /Groups?excludedAttributes=members&filter=…``, that finds one or none."""
    asked = _asked(context.request, resource_type, None)
    found = _find(context, resource_type, asked) if asked else None
    if found is None:
        return None
    resources = [found.document] if found.row else []
    return ScimResponse(
        {
            "schemas": [SchemaURI.LIST_RESPONSE],
            "totalResults": len(resources),
            "startIndex": 1,
            "itemsPerPage": len(resources),
            "Resources": resources,
        }
    )


def _asked(request: HttpRequest, resource_type: ResourceType, uuid: str | None) -> _Asked | None:
    presented = presented_by(request)
    if presented is None or not is_acceptable(request):
        return None
    if "If-Match" in request.headers or "If-None-Match" in request.headers:
        return None
    try:
        query = Query.of_request(request)
        projection = query.projection(registry.known_schemas().of(resource_type))
    except ScimError:
        return None  # the view says so, once it knows that the credential is active
    if not resource_type.is_user and projection.wants("members"):
        return None
    named = ("id", as_id(uuid)) if uuid is not None else _named_by_filter(query, resource_type)
    if named is None or named[1] is None:
        return None
    return _Asked(presented, named[0], named[1], projection)


def _named_by_filter(query: Query, resource_type: ResourceType) -> tuple[str, str] | None:
    if query.filter is None or query.cursor is not None or query.sort_by or query.start > 1 or query.count < 1:
        return None
    for attribute in _ATTRIBUTES[resource_type.name]:
        match = _FILTERS[attribute].fullmatch(query.filter)
        if match:
            return attribute, match[1]
    return None


class _Found(NamedTuple):
    row: User | IdpGroup | None
    document: Document


def _find(context: ScimRequestContext, resource_type: ResourceType, asked: _Asked) -> _Found | None:
    if resource_type.is_user:
        user = find_user(asked.attribute, asked.value, asked.presented)
        if user is None or not registry.is_known(user.credential.attributes_version):
            return None
        accept(context, user.credential)
        return _Found(user.user, user_document(user.user, user.groups, asked.projection) if user.user else {})
    group = find_group(asked.attribute, asked.value, asked.presented)
    if group is None:
        return None
    accept(context, group.credential)
    return _Found(group.group, group_documents([group.group], asked.projection)[0] if group.group else {})
