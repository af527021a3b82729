"""Reading the body of a POST, PUT or PATCH as one edit of the record (RFC 7644 §3.3, §3.5). Pure.

The whole body is read before anything is applied, and what can't be read is refused. The edit is applied by the
directory's service function to the record as it is then, under its lock. ``scim/protocol/values.py`` reads the values.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django_scim.constants import VALID_PATCH_OPS, SchemaURI

from gatekeeper.directory.changes import MembersChange
from scim.patch.members import ALL, MembersEdit, member_ids, selected_members
from scim.patch.operations import Edit, Operation, Profile
from scim.protocol import client_quirks
from scim.protocol.errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget, TooLarge, UnknownName
from scim.protocol.ignored import Ignored
from scim.protocol.limits import MAX_OPERATIONS
from scim.protocol.paths import Target, read_path
from scim.protocol.schemas import Attribute, ResourceType
from scim.protocol.value_filters import check
from scim.protocol.values import ABSENT, EMPTY, is_empty, read_elements, read_single, without_empty

_OPERATIONS = frozenset(VALID_PATCH_OPS)
_PATCH_OP: str = SchemaURI.PATCH_OP.lower()


class Patch:
    """A request as an edit of the profile and a change of the members; ``ignored`` are names that no schema has.

    ``emptied`` names the multi-valued attributes of which everything is taken away without being named.
    """

    def __init__(self, resource_type: ResourceType, *, is_strict: bool = False) -> None:
        self.resource_type = resource_type
        self.operations: list[Operation] = []
        self.ignored = Ignored(is_strict=is_strict)
        self.emptied: set[str] = set()
        self._members = MembersEdit()

    @property
    def members(self) -> MembersChange:
        """The change of a group's membership."""
        return self._members.change()

    def edited(self, profile: Mapping[str, Any]) -> Profile:
        """The profile after all operations, each seeing the result of the former. ``profile`` stays as it is.

        Raises: NoTarget; InvalidValue when it would hold too much.
        """
        edit = Edit(profile)
        for operation in self.operations:
            edit.apply(operation)
        return edit.result()

    def clear_unstated(self) -> None:
        """For a PUT: an attribute that is not stated is cleared."""
        self._members.apply("replace", ())
        self.emptied = {each.path for _, each in self.resource_type.each_attribute() if each.multi_valued}

    def read(self, op: str, target: Target, given: Any) -> None:
        """Read one operation on one target.

        Raises: InvalidValue, InvalidFilter, NoTarget, Mutability; UnknownMembers.
        """
        attribute = target.attribute
        if attribute is None:
            self._read_schema(op, target, given)
        elif attribute.path == "members":
            self._read_members(op, target, attribute, given)
        else:
            if target.selection is not None:
                check(attribute, target.selection)
            if op == "remove":
                self._read_removal(target, attribute, given)
            elif given is not ABSENT:
                self._read_value(op, target, attribute, given)

    def _read_schema(self, op: str, target: Target, given: Any) -> None:
        """An operation on a whole schema by its URN, whose value is no object of attributes."""
        is_core = self.resource_type.is_core(target.name)
        if op == "remove" and is_core:
            raise Mutability(f"{target.name} can't be removed; remove its attributes one by one.")
        if op == "remove" or (op == "replace" and is_empty(given) and not is_core):
            self.operations.append(Operation(op, target, EMPTY))
        elif given is not ABSENT and not (op == "add" and is_empty(given)):
            raise InvalidValue(f"{target.name} is an object with attributes, not {client_quirks.quoted(given)}.")

    def _read_removal(self, target: Target, attribute: Attribute, given: Any) -> None:
        """A remove: of a single-valued attribute whatever value is sent along; of others what a list names, or all."""
        if attribute.required and target.sub is None:
            raise Mutability(f"{attribute.path} is required and can't be removed.")
        value: Any = EMPTY
        if attribute.multi_valued and target.sub is None and target.selection is None:
            value = ABSENT
            if _removes_all("remove", given):
                self.emptied.add(attribute.path)
            elif is_empty(given):
                return
            else:
                value = read_elements(attribute, given, self.ignored, may_be_nothing=True)
        self.operations.append(Operation("remove", target, value))

    def _read_value(self, op: str, target: Target, attribute: Attribute, given: Any) -> None:
        if attribute.is_reference and target.sub is not None and target.sub.name == "$ref":
            target, given = Target(target.extension, attribute, None, target.selection), {"$ref": given}
        value = self._value(op, target, attribute, given)
        if op == "add" and isinstance(value, dict):
            value = without_empty(value)
        if value in ({}, []) or (op == "add" and value is EMPTY):
            return
        if value is EMPTY and attribute.required and target.sub is None:
            raise InvalidValue(f"{attribute.path} is required and can't be empty.")
        if attribute.multi_valued and target.sub is None and target.selection is None and op == "replace":
            self._note_emptied(attribute, value)
        self.operations.append(Operation(op, target, value))

    def _value(self, op: str, target: Target, attribute: Attribute, given: Any) -> Any:
        if target.sub is not None:
            return read_single(target.sub, given, target.name, self.ignored)
        if target.selection is not None or not attribute.multi_valued:
            return read_single(attribute, given, target.name, self.ignored)
        return read_elements(attribute, given, self.ignored, may_be_nothing=op == "add")

    def _note_emptied(self, attribute: Attribute, value: Any) -> None:
        if value is EMPTY:
            self.emptied.add(attribute.path)
        else:
            self.emptied.discard(attribute.path)

    def _read_members(self, op: str, target: Target, attribute: Attribute, given: Any) -> None:
        """An operation on the members. A remove with a value removes those members only, as Entra means it."""
        if target.sub is not None:
            raise Mutability(f"{target.sub.path} can't be changed; add and remove members instead.")
        if target.selection is not None:
            if op != "remove":
                raise NoTarget("Members are added by their id, not through a selection.")
            chosen = selected_members(attribute, target.selection)
            if chosen is ALL:
                self._empty_members()
            else:
                self._members.apply(op, chosen)
        elif is_empty(given) or given is ABSENT:
            if _removes_all(op, given):
                self._empty_members()
        else:
            ids = member_ids(attribute, given, self.ignored, strict=op != "remove")
            self._members.apply(op, ids)
            if op == "replace":
                self.emptied.discard(attribute.path)

    def _empty_members(self) -> None:
        self._members.apply("replace", ())
        self.emptied.add("members")


def _removes_all(op: str, given: Any) -> bool:
    """Whether an operation without elements removes all: a remove without a value, or a replace by nothing.

    A remove with an empty list or text names nobody.
    """
    return (given is ABSENT or given is None) if op == "remove" else op == "replace" and given is not ABSENT


def read_patch(resource_type: ResourceType, body: Mapping[str, Any], *, is_strict: bool = False) -> Patch:
    """Read the body of a PATCH, as any client sends it. ``is_strict``: nothing unknown is ignored.

    Raises: InvalidSyntax, InvalidPath, InvalidValue, NoTarget, Mutability, InvalidFilter; TooLarge.
    """
    given = client_quirks.member(body, "Operations")
    operations = [given] if isinstance(given, Mapping) else given
    if not isinstance(operations, list):
        raise InvalidSyntax("A PATCH needs a list called Operations.")
    if len(operations) > MAX_OPERATIONS:
        raise TooLarge(f"A PATCH may have at most {MAX_OPERATIONS} operations; this one has {len(operations)}.")
    patch = Patch(resource_type, is_strict=is_strict)
    patch.ignored.require_schemas(client_quirks.member(body, "schemas", []), (_PATCH_OP, *resource_type.urns))
    for operation in operations:
        op, path, value = _read_operation(operation)
        for target, part in _targets(patch, op, path, value):
            patch.read(op, target, part)
    return patch


def read_resource(
    resource_type: ResourceType, body: Mapping[str, Any], *, replaces: bool = False, is_strict: bool = False
) -> Patch:
    """Read a whole resource as the edit of an empty profile: of a POST, or of a PUT, which ``replaces``."""
    patch = Patch(resource_type, is_strict=is_strict)
    if replaces:
        patch.clear_unstated()
    for target, value in client_quirks.stated_attributes(resource_type, body, patch.ignored):
        patch.read("replace" if replaces else "add", target, value)
    return patch


def _read_operation(operation: Any) -> tuple[str, str | None, Any]:
    """Op in lower case, path or None, and value.

    Raises: InvalidSyntax; InvalidPath; NoTarget for a remove without a path (RFC 7644 §3.5.2.2); InvalidValue.
    """
    if not isinstance(operation, Mapping):
        raise InvalidSyntax("Each of the Operations is an object with op, path and value.")
    op, path = client_quirks.member(operation, "op"), client_quirks.member(operation, "path")
    value = client_quirks.member(operation, "value", ABSENT)
    if not isinstance(op, str) or op.lower() not in _OPERATIONS:
        raise InvalidSyntax(f"{client_quirks.quoted(op)} is no operation; there are add, replace and remove.")
    if path is not None and not isinstance(path, str):
        raise InvalidPath("A path is a text.")
    path = path.strip() if path else ""
    if op.lower() == "remove" and not path:
        raise NoTarget("A remove needs a path that says what to remove.")
    if op.lower() == "add" and value is ABSENT and path:
        raise InvalidValue(f"{path[:200]}: an add needs a value.")
    return op.lower(), path or None, value


def _targets(patch: Patch, op: str, path: str | None, value: Any) -> Iterator[tuple[Target, Any]]:
    """The targets of an operation with their values: the one of its path, or each that the value names."""
    resource_type = patch.resource_type
    if path is None:
        yield from client_quirks.stated_attributes(resource_type, value, patch.ignored)
        return
    if client_quirks.is_password(resource_type, path):
        patch.ignored.unknown(path)
        return
    if client_quirks.is_skipped(resource_type, path):
        patch.ignored.require_schemas([] if op == "remove" or value is ABSENT else value, resource_type.urns)
        return
    target = _target(patch, path)
    client_quirks.require_writable(target)
    if target.attribute is None and target.extension is not None and op != "remove":
        yield from client_quirks.attributes_in_extension(resource_type, target.extension, value, patch.ignored)
    else:
        yield target, value


def _target(patch: Patch, path: str) -> Target:
    """What a path designates. An unknown name is InvalidPath (RFC 7644 §3.12), for a strict client InvalidSyntax."""
    try:
        return read_path(patch.resource_type, path)
    except UnknownName as error:
        if patch.ignored.is_strict:
            raise InvalidSyntax(str(error)) from error
        raise
