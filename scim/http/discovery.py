"""Discovery: the features, resource types and schemas of this server (RFC 7643 §5-7, RFC 7644 §4, RFC 9865 §4).

The documents are made from the definitions that the endpoints work by, so they can't disagree.
"""

from typing import Any

from django_scim.constants import SchemaURI
from django_scim.models import SCIMServiceProviderConfig
from django_scim.utils import get_service_provider_config_model

from scim.http.dispatch import ScimEndpoint
from scim.http.errors import Forbidden, NotFound
from scim.http.request_context import ScimRequestContext, ScimResponse
from scim.protocol.addresses import scim_url
from scim.protocol.limits import CURSOR_TIMEOUT, DEFAULT_COUNT, MAX_BODY, MAX_COUNT, MAX_OPERATIONS
from scim.protocol.schemas import Schema

Document = dict[str, Any]


class ServiceProviderConfig(SCIMServiceProviderConfig):  # type: ignore[misc]  # django_scim is untyped
    """The features and limits in force. A test compares it with what the endpoints do."""

    def to_dict(self) -> Document:
        """RFC 7643 §5, RFC 9865 §4. Documentation and authentication schemes are of ``SCIM_SERVICE_PROVIDER``."""
        return {
            **super().to_dict(),
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
        }


class ConfigView(ScimEndpoint):
    """``/ServiceProviderConfig``."""

    def get(self, context: ScimRequestContext) -> ScimResponse:
        """One object, not a list."""
        _refuse_filter(context)
        return ScimResponse(get_service_provider_config_model()(context.request).to_dict())


class ResourceTypesView(ScimEndpoint):
    """``/ResourceTypes`` and one of them."""

    def get(self, context: ScimRequestContext, uuid: str | None = None) -> ScimResponse:
        """A list, or the type of that name."""
        _refuse_filter(context)
        documents = {each.name: each.document(scim_url()) for each in context.schemas.types}
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
            return ScimResponse(_list([_schema_document(schema) for schema in context.schemas.by_urn.values()]))
        schema = context.schemas.by_urn.get(uuid.lower())
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
        "schemas": [SchemaURI.LIST_RESPONSE],
        "totalResults": len(resources),
        "startIndex": 1,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }
