"""The views of resources: status, headers and projection. Changes are made by ``scim.users`` and ``scim.groups``."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol
from uuid import UUID

from gatekeeper.directory.models import IdpGroup, User
from scim import groups, users
from scim.http.dispatch import ScimEndpoint, Write
from scim.http.errors import NotFound, NotImplementedHere
from scim.http.etags import expected_version, is_unchanged, require_version
from scim.http.request_context import ScimRequestContext, ScimResponse
from scim.http.simple_reads import read_matching, read_one
from scim.protocol.references import as_id
from scim.protocol.schemas import DELIVERED, GROUP, USER, ResourceType
from scim.protocol.versions import VersionCheck, etag
from scim.query.list_request import Query, rows_of
from scim.query.list_response import documents_of, list_page
from scim.query.parameters import joined_names, query_parameters
from scim.resources.adapters import group_url, user_url
from scim.resources.documents import user_documents
from scim.resources.projection import Projection


class Changes(Protocol):
    """The functions of ``scim.users`` and ``scim.groups`` that both views call alike."""

    def replace(
        self, context: ScimRequestContext, resource_id: UUID, body: Mapping[str, Any], expect: VersionCheck | None, /
    ) -> Callable[[], User | IdpGroup]: ...

    def remove(
        self, context: ScimRequestContext, resource_id: UUID, expect: VersionCheck | None, /
    ) -> Callable[[], None]: ...


class ResourceView(ScimEndpoint):
    """Base of the views of one resource type."""

    resource_type: ResourceType

    def projection(self, context: ScimRequestContext) -> Projection:
        """The attributes that the query string asks for; it works with every method (RFC 7644 §3.9)."""
        given = query_parameters(context.request)
        wanted, excluded = (joined_names(given, name) for name in ("attributes", "excludedAttributes"))
        return Projection(context.schemas.of(self.resource_type), wanted, excluded)

    def require_id(self, text: str) -> UUID:
        """The id in the address. Raises: NotFound, also for what is no id at all."""
        found = as_id(text)
        if found is None:
            raise NotFound(f"There is no {self.resource_type.name} {text[:100]}.")
        return found

    def respond_with(self, row: User | IdpGroup, projection: Projection, status: int = HTTPStatus.OK) -> ScimResponse:
        """A response with the resource, its version and its address."""
        address = user_url(row.id) if self.resource_type.is_user else group_url(row.id)
        headers = {"ETag": etag(row.version), "Location": address}
        return ScimResponse(documents_of(self.resource_type, [row], projection)[0], status, headers)


class ListView(ResourceView):
    """``/Users`` and ``/Groups``: the list."""

    def simple_read(self, context: ScimRequestContext, **arguments: str) -> ScimResponse | None:
        """What matches an attribute that identity providers match by."""
        return read_matching(context, self.resource_type)

    def get(self, context: ScimRequestContext) -> ScimResponse:
        """RFC 7644 §3.4.2."""
        return ScimResponse(list_page(Query.of_request(context.request), (context.schemas.of(self.resource_type),)))


class OneView(ResourceView):
    """``/Users/{id}`` and ``/Groups/{id}``. ``changes``: the functions that change a resource of the type."""

    changes: Changes

    def simple_read(self, context: ScimRequestContext, **arguments: str) -> ScimResponse | None:
        """The resource, without conditions."""
        return read_one(context, self.resource_type, **arguments)

    def get(self, context: ScimRequestContext, uuid: str) -> ScimResponse:
        """RFC 7644 §3.4.1; 304 when the client has this version already (§3.14)."""
        projection = self.projection(context)
        row: Any = rows_of(self.resource_type).filter(pk=self.require_id(uuid)).first()
        if row is None:
            raise NotFound(f"There is no {self.resource_type.name} {uuid}.")
        require_version(context.request, row.version)
        if is_unchanged(context.request, row.version):
            return ScimResponse(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag(row.version)})
        return self.respond_with(row, projection)

    def put(self, context: ScimRequestContext, uuid: str) -> Write:
        """RFC 7644 §3.5.1."""
        projection, expect = self.projection(context), expected_version(context.request)
        replace = self.changes.replace(context, self.require_id(uuid), context.document, expect)
        return lambda: self.respond_with(replace(), projection)

    def delete(self, context: ScimRequestContext, uuid: str) -> Write:
        """RFC 7644 §3.6."""
        remove = self.changes.remove(context, self.require_id(uuid), expected_version(context.request))

        def write() -> ScimResponse:
            remove()
            return ScimResponse(status=HTTPStatus.NO_CONTENT)

        return write


class UsersView(ListView):
    """``/Users``."""

    resource_type = USER

    def post(self, context: ScimRequestContext) -> Write:
        """201 with the whole resource: Okta takes an empty response for a failure."""
        projection, create = self.projection(context), users.create(context, context.document)

        def write() -> ScimResponse:
            user = create()
            document = user_documents([user], projection, are_new=user.version == 1)[0]
            headers = {"ETag": etag(user.version), "Location": user_url(user.id)}
            return ScimResponse(document, HTTPStatus.CREATED, headers)

        return write


class UserView(OneView):
    """``/Users/{id}``."""

    resource_type, changes = USER, users

    def patch(self, context: ScimRequestContext, uuid: str) -> Write:
        """RFC 7644 §3.5.2: 200 with the resource, as Microsoft's validator wants it."""
        projection, expect = self.projection(context), expected_version(context.request)
        patch = users.patch(context, self.require_id(uuid), context.document, expect)
        return lambda: self.respond_with(patch(), projection)


class GroupsView(ListView):
    """``/Groups``."""

    resource_type = GROUP

    def post(self, context: ScimRequestContext) -> Write:
        """RFC 7644 §3.3."""
        projection, create = self.projection(context), groups.create(context, context.document)
        return lambda: self.respond_with(create(), projection, HTTPStatus.CREATED)


class GroupView(OneView):
    """``/Groups/{id}``."""

    resource_type, changes = GROUP, groups

    def patch(self, context: ScimRequestContext, uuid: str) -> Write:
        """RFC 7644 §3.5.2: 204, as Entra recommends, unless ``attributes`` asks for something back."""
        projection, expect = self.projection(context), expected_version(context.request)
        patch = groups.patch(context, self.require_id(uuid), context.document, expect)

        def write() -> ScimResponse:
            group = patch()
            if projection.is_explicit:
                return self.respond_with(group, projection)
            return ScimResponse(status=HTTPStatus.NO_CONTENT, headers={"ETag": etag(group.version)})

        return write


class SearchView(ScimEndpoint):
    """``.search`` on a resource type, or on the root over all types (RFC 7644 §3.4.3)."""

    resource_types: tuple[ResourceType, ...] = DELIVERED.types

    def post(self, context: ScimRequestContext) -> ScimResponse:
        """The parameters of a list request in a body."""
        types = tuple(context.schemas.of(each) for each in self.resource_types)
        return ScimResponse(list_page(Query.of_parameters(context.document), types))


class RootView(ScimEndpoint):
    """The base address: a list over all types (RFC 7644 §3.4.2.1)."""

    def get(self, context: ScimRequestContext) -> ScimResponse:
        """Users, then groups."""
        return ScimResponse(list_page(Query.of_request(context.request), context.schemas.types))


class MeView(ScimEndpoint):
    """``/Me``: not supported, since an API key belongs to no user (RFC 7644 §3.11)."""

    def get(self, context: ScimRequestContext) -> ScimResponse:
        """501 on every method."""
        raise NotImplementedHere("/Me is not supported: an API key belongs to no user.")

    post = put = patch = delete = get


class UnknownView(ScimEndpoint):
    """Every other address below the base: an Error message in SCIM JSON, never a page."""

    def get(self, context: ScimRequestContext, path: str = "") -> ScimResponse:
        """404 on every method."""
        raise NotFound(f"There is nothing at {context.request.path[:200]}; Users, Groups and Schemas are here.")

    post = put = patch = delete = get
