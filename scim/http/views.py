"""What each address does: status, headers and projection; the work is in ``scim.users`` and ``scim.groups``."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatekeeper.directory.models import IdpGroup, User
from scim import groups, users
from scim.documents import group_url, user_documents, user_url
from scim.http.dispatch import ScimEndpoint, Write
from scim.http.errors import NotFound, NotImplementedHere
from scim.http.etags import etag, expected_version, is_unchanged, require_version
from scim.http.request_context import Answer, Exchange
from scim.protocol.projection import Projection
from scim.protocol.references import as_id
from scim.protocol.schemas import GROUP, RESOURCE_TYPES, USER, ResourceType
from scim.query.list_request import Query, rows_of
from scim.query.list_response import documents_of, list_page
from scim.query.parameters import joined_names, query_parameters


class ResourceView(ScimEndpoint):
    """What the views of one resource type share."""

    resource_type: ResourceType

    def projection(self, exchange: Exchange) -> Projection:
        """What the query string asks to get back; it works with every method (RFC 7644 §3.9)."""
        given = query_parameters(exchange.request)
        wanted, excluded = (joined_names(given, name) for name in ("attributes", "excludedAttributes"))
        return Projection(self.resource_type, wanted, excluded)

    def require_id(self, text: str) -> UUID:
        """The id in the address. Raises: NotFound, since what is no id is nobody's."""
        found = as_id(text)
        if found is None:
            raise NotFound(f"There is no {self.resource_type.name} {text[:100]}.")
        return found

    def answer(self, row: User | IdpGroup, projection: Projection, status: int = HTTPStatus.OK) -> Answer:
        """The resource, with its version and its address."""
        address = user_url(row.id) if self.resource_type is USER else group_url(row.id)
        headers = {"ETag": etag(row.version), "Location": address}
        return Answer(documents_of(self.resource_type, [row], projection)[0], status, headers)


class ListView(ResourceView):
    """``/Users`` and ``/Groups``: the list."""

    def get(self, exchange: Exchange) -> Answer:
        """RFC 7644 §3.4.2."""
        return Answer(list_page(Query.of_request(exchange.request), (self.resource_type,)))


class OneView(ResourceView):
    """``/Users/{id}`` and ``/Groups/{id}``."""

    def get(self, exchange: Exchange, uuid: str) -> Answer:
        """RFC 7644 §3.4.1; 304 when the client has this version already (§3.14)."""
        projection = self.projection(exchange)
        row: Any = rows_of(self.resource_type).filter(pk=self.require_id(uuid)).first()
        if row is None:
            raise NotFound(f"There is no {self.resource_type.name} {uuid}.")
        require_version(exchange.request, row.version)
        if is_unchanged(exchange.request, row.version):
            return Answer(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag(row.version)})
        return self.answer(row, projection)


class UsersView(ListView):
    """``/Users``."""

    resource_type = USER

    def post(self, exchange: Exchange) -> Write:
        """201 with the whole resource: Okta takes an empty answer for a failure."""
        projection, create = self.projection(exchange), users.create(exchange, exchange.document)

        def write() -> Answer:
            user = create()
            document = user_documents([user], projection, are_new=user.version == 1)[0]
            headers = {"ETag": etag(user.version), "Location": user_url(user.id)}
            return Answer(document, HTTPStatus.CREATED, headers)

        return write


class UserView(OneView):
    """``/Users/{id}``."""

    resource_type = USER

    def put(self, exchange: Exchange, uuid: str) -> Write:
        """RFC 7644 §3.5.1."""
        projection, expect = self.projection(exchange), expected_version(exchange.request)
        replace = users.replace(exchange, self.require_id(uuid), exchange.document, expect)
        return lambda: self.answer(replace(), projection)

    def patch(self, exchange: Exchange, uuid: str) -> Write:
        """RFC 7644 §3.5.2: 200 with the resource, as Microsoft's validator wants it."""
        projection, expect = self.projection(exchange), expected_version(exchange.request)
        patch = users.patch(exchange, self.require_id(uuid), exchange.document, expect)
        return lambda: self.answer(patch(), projection)

    def delete(self, exchange: Exchange, uuid: str) -> Write:
        """RFC 7644 §3.6."""
        remove = users.remove(exchange, self.require_id(uuid), expected_version(exchange.request))

        def write() -> Answer:
            remove()
            return Answer(status=HTTPStatus.NO_CONTENT)

        return write


class GroupsView(ListView):
    """``/Groups``."""

    resource_type = GROUP

    def post(self, exchange: Exchange) -> Write:
        """RFC 7644 §3.3."""
        projection, create = self.projection(exchange), groups.create(exchange, exchange.document)
        return lambda: self.answer(create(), projection, HTTPStatus.CREATED)


class GroupView(OneView):
    """``/Groups/{id}``."""

    resource_type = GROUP

    def put(self, exchange: Exchange, uuid: str) -> Write:
        """RFC 7644 §3.5.1."""
        projection, expect = self.projection(exchange), expected_version(exchange.request)
        replace = groups.replace(exchange, self.require_id(uuid), exchange.document, expect)
        return lambda: self.answer(replace(), projection)

    def patch(self, exchange: Exchange, uuid: str) -> Write:
        """RFC 7644 §3.5.2: 204, as Entra recommends, unless ``attributes`` asks for something back."""
        projection, expect = self.projection(exchange), expected_version(exchange.request)
        patch = groups.patch(exchange, self.require_id(uuid), exchange.document, expect)

        def write() -> Answer:
            group = patch()
            if projection.is_explicit:
                return self.answer(group, projection)
            return Answer(status=HTTPStatus.NO_CONTENT, headers={"ETag": etag(group.version)})

        return write

    def delete(self, exchange: Exchange, uuid: str) -> Write:
        """RFC 7644 §3.6."""
        remove = groups.remove(exchange, self.require_id(uuid), expected_version(exchange.request))

        def write() -> Answer:
            remove()
            return Answer(status=HTTPStatus.NO_CONTENT)

        return write


class SearchView(ScimEndpoint):
    """``.search`` on a resource type, or on the root over all types (RFC 7644 §3.4.3)."""

    resource_types: tuple[ResourceType, ...] = RESOURCE_TYPES

    def post(self, exchange: Exchange) -> Answer:
        """The parameters of a list request in a body."""
        return Answer(list_page(Query.of_parameters(exchange.document), self.resource_types))


class RootView(ScimEndpoint):
    """The base address: a list over all types (RFC 7644 §3.4.2.1)."""

    def get(self, exchange: Exchange) -> Answer:
        """Users, then groups."""
        return Answer(list_page(Query.of_request(exchange.request), RESOURCE_TYPES))


class MeView(ScimEndpoint):
    """``/Me``: a key is no person (RFC 7644 §3.11)."""

    def get(self, exchange: Exchange) -> Answer:
        """501 on every method."""
        raise NotImplementedHere("/Me is not supported: an API key belongs to no user.")

    post = put = patch = delete = get


class UnknownView(ScimEndpoint):
    """Every other address below the base: SCIM JSON, never a page."""

    def get(self, exchange: Exchange, path: str = "") -> Answer:
        """404 on every method."""
        raise NotFound(f"There is nothing at {exchange.request.path[:200]}; Users, Groups and Schemas are here.")

    post = put = patch = delete = get
