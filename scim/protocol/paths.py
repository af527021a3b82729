"""Reading attribute names and PATCH paths (RFC 7644 §3.5.2, §3.10). Pure."""

import re
from dataclasses import dataclass

from scim2_models import InvalidPathException
from scim2_models.path import FilterNode, LogicalExpr, Not, Path, ValuePath

from scim.protocol.errors import InvalidPath, UnknownName
from scim.protocol.limits import MAX_FILTER_DEPTH, MAX_FILTER_TERMS, MAX_PATH_LENGTH
from scim.protocol.schemas import Attribute, ResourceType, Schema

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, eq=False)
class Target:
    """What a path designates. No ``attribute``: all of ``extension``, which may then be the core schema, too."""

    extension: Schema | None = None
    attribute: Attribute | None = None
    sub: Attribute | None = None
    selection: FilterNode | None = None

    @property
    def name(self) -> str:
        """For messages: the full name without the selection."""
        if self.sub is not None:
            return self.sub.path
        if self.attribute is not None:
            return self.attribute.path
        return self.extension.urn if self.extension else ""


def read_path(resource_type: ResourceType, text: str) -> Target:
    """Read a path such as ``name.familyName``, ``emails[type eq "work"].value`` or one that begins with a URN.

    Names match in any case. Only names that the schemas list are found, so that no path reaches anything else.
    Raises: InvalidPath, naming the part that isn't understood.
    """
    if len(text) > MAX_PATH_LENGTH:
        raise InvalidPath(f"A path may have at most {MAX_PATH_LENGTH} characters.")
    if nests_too_deeply(text):
        raise InvalidPath(f"A path may nest at most {MAX_FILTER_DEPTH} parentheses and brackets.")
    name = text.strip()
    simple = find_attribute(resource_type, name)
    if simple is not None:
        return simple
    try:
        path: Path[object] = Path(name)  # type: ignore[type-var]
        schema, parts, selection = path.schema, path.parts, path.value_filter
    except InvalidPathException as error:
        raise InvalidPath(f"The path {name[:200]} can't be read: {error}") from error
    if selection is not None and count_terms(selection) > MAX_FILTER_TERMS:
        raise InvalidPath(f"The filter in a path may have at most {MAX_FILTER_TERMS} terms.")
    return _bind(resource_type, name, schema, parts, selection)


def nests_too_deeply(text: str) -> bool:
    """Whether the parentheses and brackets outside of quotes nest deeper than the limit; counted before any parsing."""
    depth = 0
    for character in _QUOTED.sub("", text):
        depth += (character in "([") - (character in ")]")
        if depth > MAX_FILTER_DEPTH:
            return True
    return False


def count_terms(node: FilterNode) -> int:
    """The comparisons and presence tests of a filter, those inside brackets included."""
    if isinstance(node, LogicalExpr):
        return sum(count_terms(term) for term in node.terms)
    if isinstance(node, Not):
        return count_terms(node.expr)
    return count_terms(node.val_filter) if isinstance(node, ValuePath) else 1


def find_attribute(resource_type: ResourceType, name: str) -> Target | None:
    """The quick way for plain names and for the URN of a whole schema; None when ``name`` is neither."""
    attribute = resource_type.find(name)
    if attribute is not None:
        return Target(attribute=attribute)
    schema = resource_type.schema if resource_type.is_core(name) else resource_type.extension(name)
    return Target(extension=schema) if schema else None


def _bind(
    resource_type: ResourceType, text: str, urn: str | None, parts: tuple[str, ...], selection: FilterNode | None
) -> Target:
    if not parts:
        raise InvalidPath("The path is empty.")
    extension, attribute = resource_type.locate(parts[0], urn)
    if attribute is None:
        raise UnknownName(f"{text[:200]} names no attribute of a {resource_type.name}.")
    sub = attribute.sub(parts[1]) if len(parts) > 1 else None
    if len(parts) > 1 and sub is None:
        raise UnknownName(f"{parts[1][:200]} is no sub-attribute of {attribute.path}.")
    if selection is not None and not attribute.is_complex:
        raise InvalidPath(f"{attribute.path} has no elements to select from.")
    return Target(extension, attribute, sub, selection)
