"""The two formats of Entra's requests: its own, and the one behind the flag ``aadOptscim062020``.

One tenant sends both to the same server, since provisioning on demand never uses the flag.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from entra_client.directory.attribute_mapping import (
    CORE_GROUP,
    CORE_USER,
    ENTERPRISE,
    ENTRA_GROUP,
    MANAGER,
    new_user,
    target_values,
)
from entra_client.directory.company import Person, SecurityGroup

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class EntraQuirks(ABC):
    """One format of Entra's requests. Every method returns the JSON body of a request."""

    name: str

    def new_user(self, person: Person) -> dict[str, Any]:
        """POST /Users. ``roles`` and ``meta`` are not for the client to set; Entra sends them all the same."""
        return {
            "schemas": [CORE_USER, ENTERPRISE],
            "active": person.enabled,
            **new_user(target_values(person)),
            "roles": [],
            "meta": {"resourceType": "User"},
        }

    def new_group(self, group: SecurityGroup) -> dict[str, Any]:
        """POST /Groups, always without members: those follow in a PATCH, when both ends exist."""
        return {
            "schemas": [CORE_GROUP, ENTRA_GROUP],
            "externalId": group.object_id,
            "displayName": group.display_name,
            "meta": {"resourceType": "Group"},
        }

    @abstractmethod
    def filter(self, expression: str) -> str:
        """Return the filter expression as it stands in a query string."""

    @abstractmethod
    def change_user(self, changes: Mapping[str, str], *, active: bool | None = None) -> dict[str, Any]:
        """PATCH /Users/{id} with path → value, and the state if that changes too."""

    @abstractmethod
    def set_manager(self, manager_id: str) -> dict[str, Any]:
        """PATCH /Users/{id}: the SCIM id of the manager, as a bare string."""

    @abstractmethod
    def remove_manager(self) -> dict[str, Any]:
        """PATCH /Users/{id}: nobody is the manager any longer."""

    @abstractmethod
    def give_role(self, role: str) -> dict[str, Any]:
        """PATCH /Users/{id}: an app role, where an administrator maps those."""

    @abstractmethod
    def change_group(self, changes: Mapping[str, str]) -> dict[str, Any]:
        """PATCH /Groups/{id} with path → value: never touches the members."""

    @abstractmethod
    def add_members(self, ids: Collection[str]) -> dict[str, Any]:
        """PATCH /Groups/{id}: also for people who are members already."""

    @abstractmethod
    def remove_members(self, ids: Collection[str]) -> dict[str, Any]:
        """PATCH /Groups/{id}: only those, also when they are no members."""


class WithoutFlag(EntraQuirks):
    """Capitalised operations, one for each attribute, every value a string: booleans too."""

    name = "without flag"

    def filter(self, expression: str) -> str:
        return quote_plus(expression)

    def change_user(self, changes: Mapping[str, str], *, active: bool | None = None) -> dict[str, Any]:
        # Entra uses Add and Replace interchangeably; elements of lists arrive as Add here, the rest as Replace.
        operations: list[dict[str, Any]] = [
            {"op": "Add" if "[" in path else "Replace", "path": path, "value": value} for path, value in changes.items()
        ]
        if active is not None:
            operations.append({"op": "Replace", "path": "active", "value": str(active)})
        return _patch(*operations)

    def set_manager(self, manager_id: str) -> dict[str, Any]:
        return _patch({"op": "Add", "path": MANAGER, "value": manager_id})

    def remove_manager(self) -> dict[str, Any]:
        return _patch({"op": "Remove", "path": MANAGER})

    def give_role(self, role: str) -> dict[str, Any]:
        return _patch({"op": "Add", "path": 'roles[primary eq "True"].value', "value": role})

    def change_group(self, changes: Mapping[str, str]) -> dict[str, Any]:
        return _patch(*({"op": "Replace", "path": path, "value": value} for path, value in changes.items()))

    def add_members(self, ids: Collection[str]) -> dict[str, Any]:
        return _patch({"op": "Add", "path": "members", "value": [{"$ref": None, "value": one} for one in ids]})

    def remove_members(self, ids: Collection[str]) -> dict[str, Any]:
        return _patch({"op": "Remove", "path": "members", "value": [{"$ref": None, "value": one} for one in ids]})


class WithFlag(EntraQuirks):
    """Lower-case operations, real booleans; all single values merged into one replace without a path."""

    name = "aadOptscim062020"

    def filter(self, expression: str) -> str:
        return quote(expression, safe="")

    def change_user(self, changes: Mapping[str, str], *, active: bool | None = None) -> dict[str, Any]:
        merged: dict[str, Any] = {path: value for path, value in changes.items() if "[" not in path}
        operations = [
            {"op": "replace", "path": path, "value": value} for path, value in changes.items() if path not in merged
        ]
        if active is not None and not changes:
            return _patch({"op": "replace", "path": "active", "value": active})
        if active is not None:
            merged["active"] = active
        return _patch(*operations, *([{"op": "replace", "value": merged}] if merged else []))

    def set_manager(self, manager_id: str) -> dict[str, Any]:
        return _patch({"op": "add", "path": MANAGER, "value": manager_id})

    def remove_manager(self) -> dict[str, Any]:
        return _patch({"op": "remove", "path": MANAGER})

    def give_role(self, role: str) -> dict[str, Any]:
        item = {"primary": False, "type": "WindowsAzureActiveDirectoryRole", "display": role, "value": role}
        return _patch({"op": "replace", "path": "roles", "value": [item]})

    def change_group(self, changes: Mapping[str, str]) -> dict[str, Any]:
        return _patch({"op": "replace", "value": dict(changes)})

    def add_members(self, ids: Collection[str]) -> dict[str, Any]:
        return _patch({"op": "add", "path": "members", "value": [{"value": one} for one in ids]})

    def remove_members(self, ids: Collection[str]) -> dict[str, Any]:
        return _patch(*({"op": "remove", "path": f'members[value eq "{one}"]'} for one in ids))


WITHOUT_FLAG = WithoutFlag()
WITH_FLAG = WithFlag()
QUIRKS: tuple[EntraQuirks, ...] = (WITHOUT_FLAG, WITH_FLAG)


def quoted(value: str) -> str:
    """Return ``value`` as a string literal of a filter (RFC 7644 §3.4.2.2: as in JSON)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _patch(*operations: Mapping[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}
