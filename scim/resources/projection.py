"""The attributes of a document that a client asked for (RFC 7644 §3.4.2.5, §3.9). Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from scim2_models.path import FilterNode

from scim.protocol.errors import InvalidFilter, InvalidPath, InvalidValue
from scim.protocol.limits import MAX_NAMES
from scim.protocol.paths import Target, read_path
from scim.protocol.schemas import Attribute, ResourceType
from scim.protocol.value_filters import check, selects

Document = dict[str, Any]


class _Part(NamedTuple):
    """What a name means of its attribute: the elements that ``selection`` selects (None: all), and of them ``sub``."""

    attribute: Attribute | None
    selection: FilterNode | None
    sub: str | None

    def covers(self, element: Any) -> bool:
        if self.selection is None or self.attribute is None:
            return True
        return isinstance(element, Mapping) and selects(self.attribute, self.selection, element)


# By the attribute's key in the document's (or the extension's) object; the key's second half None: the whole extension.
_Choice = dict[tuple[str | None, str | None], list[_Part]]

_ALWAYS = ("schemas", "id")


class Projection:
    """What ``attributes`` or ``excludedAttributes`` leave of a document. ``id`` and ``schemas`` always stay."""

    def __init__(self, resource_type: ResourceType, wanted: list[str], excluded: list[str]) -> None:
        """Names in any case, dotted, with a URN, with a selection; an unknown one is left out: the RFC has no error.

        Raises: InvalidValue when both are given (they exclude each other) or are too many; InvalidFilter for a
        selection that isn't understood.
        """
        if wanted and excluded:
            raise InvalidValue("Use attributes or excludedAttributes, not both.")
        if len(wanted) + len(excluded) > MAX_NAMES:
            raise InvalidValue(f"At most {MAX_NAMES} attributes may be named.")
        self.resource_type = resource_type
        self.is_explicit = bool(wanted)
        self._wanted = _read(resource_type, wanted) if wanted else None
        self._excluded = _read(resource_type, excluded)

    def wants(self, name: str, urn: str | None = None) -> bool:
        """Whether the attribute is part of the answer at all; if not, nothing has to be read for it."""
        if self._wanted is not None:
            return (urn, name) in self._wanted or (urn is not None and (urn, None) in self._wanted)
        keys = ((urn, name), (urn, None)) if urn is not None else ((urn, name),)
        return not any(_is_whole(part) for key in keys for part in self._excluded.get(key, ()))

    def apply(self, document: Document) -> Document:
        """The part of ``document`` that the client asked for."""
        if self._wanted is not None:
            return self._only_wanted(document, self._wanted)
        for (urn, name), parts in self._excluded.items():
            _drop(document, urn, name, parts)
        return document

    def _only_wanted(self, document: Document, wanted: _Choice) -> Document:
        kept: Document = {name: document[name] for name in _ALWAYS if name in document}
        for (urn, name), parts in wanted.items():
            container = document if urn is None else document.get(urn, {})
            if name is None and urn is not None and container:
                kept[urn] = container
            elif name is not None and name in container:
                value = _kept(container[name], parts)
                if value is not None:
                    (kept if urn is None else kept.setdefault(urn, {}))[name] = value
        return kept


def _read(resource_type: ResourceType, names: list[str]) -> _Choice:
    choice: _Choice = {}
    for name in names:
        target = _find(resource_type, name.strip())
        if target is None:
            continue
        urn = target.extension.urn if target.extension else None
        key = (urn, target.attribute.name if target.attribute else None)
        part = _Part(target.attribute, target.selection, target.sub.name if target.sub else None)
        choice.setdefault(key, []).append(part)
    return choice


def _find(resource_type: ResourceType, name: str) -> Target | None:
    if resource_type.is_core(name):
        return None
    try:
        target = read_path(resource_type, name) if name else None
    except InvalidPath as error:
        head, is_selection, _ = name.partition("[")
        if is_selection and resource_type.find(head) is not None:
            # A selection that isn't understood would take or leave the wrong elements.
            raise InvalidFilter(str(error)) from error
        return None
    if target is not None and target.attribute is not None and target.selection is not None:
        check(target.attribute, target.selection)
    return target


def _is_whole(part: _Part) -> bool:
    return part.selection is None and part.sub is None


def _kept(value: Any, parts: Sequence[_Part]) -> Any:
    """What is wanted of a value; None for nothing."""
    if any(map(_is_whole, parts)):
        return value
    if isinstance(value, list):
        return [kept for element in value if (kept := _kept(element, parts)) is not None] or None
    covering = [part for part in parts if part.covers(value)]
    if not isinstance(value, Mapping) or any(part.sub is None for part in covering):
        return value if covering else None
    return {name: value[name] for name in value if any(part.sub == name for part in covering)} or None


def _drop(document: Document, urn: str | None, name: str | None, parts: Sequence[_Part]) -> None:
    if urn is None:
        if name is not None and name not in _ALWAYS:
            _drop_attribute(document, name, parts)
        return
    if name is None:
        document.pop(urn, None)
    elif name in document.get(urn, {}):
        document[urn] = dict(document[urn])  # the object is the record's own
        _drop_attribute(document[urn], name, parts)
        if not document[urn]:
            del document[urn]


def _drop_attribute(container: Document, name: str, parts: Sequence[_Part]) -> None:
    left = _left(container[name], parts) if name in container else None
    if left is None:
        container.pop(name, None)
    else:
        container[name] = left


def _left(value: Any, parts: Sequence[_Part]) -> Any:
    """What stays of a value; None for nothing."""
    if any(map(_is_whole, parts)):
        return None
    if isinstance(value, list):
        return [left for element in value if (left := _left(element, parts)) is not None] or None
    covering = [part for part in parts if part.covers(value)]
    if not covering:
        return value
    if not isinstance(value, Mapping) or any(part.sub is None for part in covering):
        return None
    return {name: value[name] for name in value if all(part.sub != name for part in covering)} or None
