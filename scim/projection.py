"""Which attributes a client gets back (RFC 7644 §3.4.2.5, §3.9). Pure."""

from collections.abc import Mapping
from typing import Any

from scim.errors import InvalidPath, InvalidValue
from scim.paths import Target, read_path
from scim.schemas import ResourceType

Document = dict[str, Any]
# The attribute's key in the document's (or the extension's) object, and the sub-attributes asked for; None: all.
_Choice = dict[tuple[str | None, str | None], set[str] | None]

_ALWAYS = ("schemas", "id")
MAX_NAMES = 200


class Projection:
    """What ``attributes`` or ``excludedAttributes`` leave of a document. ``id`` and ``schemas`` always stay."""

    def __init__(self, resource_type: ResourceType, wanted: list[str], excluded: list[str]) -> None:
        """Names in any case, dotted, with a URN; an unknown one is left out, as the RFC has no error for it.

        Raises: InvalidValue when both are given (they exclude each other) or are too many.
        """
        if wanted and excluded:
            raise InvalidValue("Use attributes or excludedAttributes, not both.")
        if len(wanted) + len(excluded) > MAX_NAMES:
            raise InvalidValue(f"At most {MAX_NAMES} attributes may be named.")
        self.is_explicit = bool(wanted)
        self._wanted = _read(resource_type, wanted) if wanted else None
        self._excluded = _read(resource_type, excluded)

    def wants(self, name: str, urn: str | None = None) -> bool:
        """Whether the attribute is part of the answer at all; if not, nothing has to be read for it."""
        if self._wanted is not None:
            return (urn, name) in self._wanted or (urn is not None and (urn, None) in self._wanted)
        for key in ((urn, name), (urn, None)):
            if self._excluded.get(key, ()) is None and (key[1] is not None or urn is not None):
                return False
        return True

    def apply(self, document: Document) -> Document:
        """The part of ``document`` that the client asked for."""
        if self._wanted is not None:
            return self._only_wanted(document)
        for (urn, name), subs in self._excluded.items():
            container = document if urn is None else document.get(urn, {})
            _drop(document, container, urn, name, subs)
        return document

    def _only_wanted(self, document: Document) -> Document:
        kept: Document = {name: document[name] for name in _ALWAYS if name in document}
        for (urn, name), subs in (self._wanted or {}).items():
            container = document if urn is None else document.get(urn, {})
            if name is None and urn is not None and container:
                kept[urn] = container
            elif name in container and name is not None:
                target = kept if urn is None else kept.setdefault(urn, {})
                target[name] = _with_subs(container[name], subs)
        return kept


def _read(resource_type: ResourceType, names: list[str]) -> _Choice:
    choice: _Choice = {}
    for name in names:
        target = _find(resource_type, name.strip())
        if target is None:
            continue
        urn = target.extension.urn if target.extension else None
        key = (urn, target.attribute.name if target.attribute else None)
        subs = {target.sub.name} if target.sub else None
        present = choice.get(key, set())
        choice[key] = None if subs is None or present is None else present | subs
    return choice


def _find(resource_type: ResourceType, name: str) -> Target | None:
    if resource_type.is_core(name):
        return None
    try:
        return read_path(resource_type, name) if name else None
    except InvalidPath:
        return None


def _with_subs(value: Any, subs: set[str] | None) -> Any:
    if subs is None:
        return value
    if isinstance(value, list):
        return [_with_subs(element, subs) for element in value]
    return {name: value[name] for name in value if name in subs} if isinstance(value, Mapping) else value


def _drop(document: Document, container: Document, urn: str | None, name: str | None, subs: set[str] | None) -> None:
    if urn is None and name in _ALWAYS:
        return
    if name is None:
        document.pop(urn or "", None)
    elif subs is None:
        container.pop(name, None)
    elif name in container:
        container[name] = _without_subs(container[name], subs)
    if urn is not None and urn in document and not document[urn]:
        del document[urn]


def _without_subs(value: Any, subs: set[str]) -> Any:
    if isinstance(value, list):
        return [_without_subs(element, subs) for element in value]
    return {name: value[name] for name in value if name not in subs} if isinstance(value, Mapping) else value
