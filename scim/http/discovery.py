"""Discovery: the features, resource types and schemas of this server (RFC 7643 §5-7, RFC 7644 §4, RFC 9865 §4).

The documents are made from the definitions that the endpoints work by, so they can't disagree.
"""

from typing import Any

from scim.http import documented_limits
from scim.http.dispatch import ScimEndpoint
from scim.http.errors import Forbidden, NotFound
from scim.http.request_context import ScimRequestContext, ScimResponse
from scim.protocol.addresses import scim_url
from scim.protocol.limits import CURSOR_TIMEOUT, DEFAULT_COUNT, MAX_BODY, MAX_COUNT, MAX_OPERATIONS
from scim.protocol.schemas import RESOURCE_TYPES, SCHEMAS, Schema
from scim.query.list_response import LIST_RESPONSE

Document = dict[str, Any]

_CONFIG_URN = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"


def service_provider_config() -> Document:
    """The features and limits in force. A test compares it with what the endpoints do."""
    return {
        "schemas": [_CONFIG_URN],
        "documentationUri": documented_limits.documentation_url(),
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": MAX_OPERATIONS, "maxPayloadSize": MAX_BODY},
        "filter": {"supported": True, "maxResults": MAX_COUNT},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": MAX_COUNT,
            "cursorTimeout": CURSOR_TIMEOUT,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API key",
                "description": "An API key of this site as a bearer token.",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                "primary": True,
            }
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": scim_url("/ServiceProviderConfig"),
        },
    }


class ConfigView(ScimEndpoint):
    """``/ServiceProviderConfig``."""

    def get(self, context: ScimRequestContext) -> ScimResponse:
        """One object, not a list."""
        _refuse_filter(context)
        return ScimResponse(service_provider_config())


class ResourceTypesView(ScimEndpoint):
    """``/ResourceTypes`` and one of them."""

    def get(self, context: ScimRequestContext, uuid: str | None = None) -> ScimResponse:
        """A list, or the type of that name."""
        _refuse_filter(context)
        documents = {each.name: each.document(scim_url()) for each in RESOURCE_TYPES}
        if uuid is None:
            return ScimResponse(_list(list(documents.values())))
        if uuid not in documents:
            raise NotFound(f"There is no resource type {uuid[:100]}.")
        return ScimResponse(documents[uuid])


class SchemasView(ScimEndpoint):
    """``/Schemas`` and one of them."""

    def get(self, context: ScimRequestContext, uuid: str | None = None) -> ScimResponse:
        """A list, or the schema of that URN in any case."""
        _refuse_filter(context)
        if uuid is None:
            return ScimResponse(_list([_schema_document(schema) for schema in SCHEMAS.values()]))
        schema = SCHEMAS.get(uuid.lower())
        if schema is None:
            raise NotFound(f"There is no schema {uuid[:200]}.")
        return ScimResponse(_schema_document(schema))


def _refuse_filter(context: ScimRequestContext) -> None:
    """RFC 7644 §4: a filter on discovery is forbidden, since a client would take a part of the answer for all of it."""
    if any(name.lower() == "filter" for name in context.request.GET):
        raise Forbidden("Discovery can't be filtered.")


def _schema_document(schema: Schema) -> Document:
    return {**schema.document, "meta": {"resourceType": "Schema", "location": scim_url(f"/Schemas/{schema.urn}")}}


def _list(resources: list[Document]) -> Document:
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": len(resources),
        "startIndex": 1,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }
