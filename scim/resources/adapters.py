"""django-scim2's adapters of this site: a row of the directory as a SCIM resource (RFC 7643 §3.1, §4).

They read. Rows are written by the service functions of the directory, which keep periods, audit entries and events.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django_scim.adapters import SCIMMixin
from django_scim.exceptions import NotImplementedError as ScimNotImplementedError

from gatekeeper.directory.models import IdpGroup, User
from scim.protocol.addresses import scim_url
from scim.protocol.references import as_id
from scim.protocol.schemas import CORE_GROUP, CORE_USER, ENTERPRISE_USER, GROUP, USER, ResourceType
from scim.protocol.versions import etag
from scim.resources.profiles import group_profile, user_profile

Document = dict[str, Any]


def user_url(user_id: object) -> str:
    """The address of a user, for ``meta.location`` and ``$ref``."""
    return scim_url(f"/Users/{user_id}")


def group_url(group_id: object) -> str:
    """The address of a group, for ``meta.location`` and ``$ref``."""
    return scim_url(f"/Groups/{group_id}")


def instant(moment: datetime) -> str:
    """A time as SCIM writes it: UTC with a Z (RFC 7643 §2.3.5)."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class _ReadingAdapter(SCIMMixin):  # type: ignore[misc]  # django_scim is untyped
    """What both adapters share. ``resource_type`` and ``url_name`` are the names that django-scim2 uses."""

    id_field = "id"
    resource_type: str

    @cached_property
    def id(self) -> str:
        """The id, which a document says twice."""
        return str(self.obj.id)

    @property
    def meta(self) -> Document:
        """RFC 7643 §3.1; ``version`` is the entity tag."""
        return {
            "resourceType": self.resource_type,
            "created": instant(self.obj.created_at),
            "lastModified": instant(self.obj.updated_at),
            "location": self.location,
            "version": etag(self.obj.version),
        }

    def _refuse(self, *arguments: Any) -> None:
        raise ScimNotImplementedError("Rows of the directory are written by its service functions.")

    from_dict = save = delete = handle_operations = _refuse


class UserAdapter(_ReadingAdapter):
    """A user with the groups and managers that were loaded for a whole page. ``declared``: the present schemas."""

    url_name = "scim:users"
    resource_type = USER.name

    def __init__(
        self,
        obj: User,
        request: HttpRequest | None = None,
        *,
        groups: Collection[Document] = (),
        managers: Mapping[UUID, str | None] | None = None,
        declared: ResourceType = USER,
    ) -> None:
        super().__init__(obj, request)
        self.groups, self.managers, self.declared = groups, managers or {}, declared

    @property
    def location(self) -> str:
        return user_url(self.id)

    def to_dict(self) -> Document:
        """RFC 7643 §4.1."""
        profile = self.declared.declared_part(user_profile(self.obj.record()))
        document: Document = {
            "schemas": [CORE_USER, *(each.urn for each in self.declared.extensions if profile.get(each.urn))],
            "id": self.id,
            **profile,
        }
        if self.groups:
            document["groups"] = list(self.groups)
        manager = document.get(ENTERPRISE_USER, {}).get("manager")
        if manager:
            document[ENTERPRISE_USER] = {**document[ENTERPRISE_USER], "manager": self._manager(manager)}
        document["meta"] = self.meta
        return document

    def _manager(self, stated: Document) -> Document:
        """The manager as stated; with reference and name once that user exists. An unknown one is echoed as it is."""
        manager_id = as_id(str(stated.get("value", "")))
        if manager_id is None or manager_id not in self.managers:
            return stated
        name = self.managers[manager_id]
        return {**stated, "$ref": user_url(manager_id), **({"displayName": name} if name else {})}


class GroupAdapter(_ReadingAdapter):
    """A group with the members that were loaded for a whole page."""

    url_name = "scim:groups"
    resource_type = GROUP.name

    def __init__(
        self, obj: IdpGroup, request: HttpRequest | None = None, *, members: Collection[Document] = ()
    ) -> None:
        super().__init__(obj, request)
        self.members = members

    @property
    def location(self) -> str:
        return group_url(self.id)

    def to_dict(self) -> Document:
        """RFC 7643 §4.2."""
        document: Document = {"schemas": [CORE_GROUP], "id": self.id, **group_profile(self.obj.record())}
        if self.members:
            document["members"] = list(self.members)
        document["meta"] = self.meta
        return document
