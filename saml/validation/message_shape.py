"""What any SAML message may look like, before anything in it is verified: size, names, identifiers, no oddities.

Asked about responses, logout messages and signed metadata alike. Each guard is one walk over the tree at most: what it
costs grows with the message and with nothing else.
"""

import re
from collections.abc import Callable, Iterator

from lxml import etree

from saml.errors import Refused
from saml.xml.parser import namespaces_declared

Guard = Callable[[etree._Element], None]
MOST_ELEMENTS = 20_000  # a response of 1 MB with a group in each 50 bytes; metadata of 1 MB has fewer
MOST_ATTRIBUTES = 50  # of one element; canonicalisation sorts them
MOST_NAMESPACES = 40  # in a whole message; canonicalisation looks at each again and again
MOST_IDS = 1_000  # a response has two, a signed aggregate of metadata one for each of its entities
DEEPEST = 30
# Short as well: canonicalisation writes a namespace out at every element that uses it, whoever signed the message.
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:\S{1,300}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,199}")


def is_small(root: etree._Element) -> None:
    """Not deeper and not larger than any honest message."""
    count = depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        count, depth = count + 1, depth + 1
        if count > MOST_ELEMENTS:
            raise Refused("is_small", "the message has too many elements.")
        if depth > DEEPEST:
            raise Refused("is_small", "the message is nested too deeply.")
        if len(element.attrib) > MOST_ATTRIBUTES:
            raise Refused("is_small", f"{local_name(element.tag)[:100]} has too many attributes.")


def has_no_oddities(root: etree._Element) -> None:
    """No comments, processing instructions or entities: canonical XML skips them, so they could be slipped in."""
    is_whole = root.getparent() is None
    beside = is_whole and (root.getprevious() is not None or root.getnext() is not None)
    if beside or next(root.iter(etree.Comment, etree.ProcessingInstruction, etree.Entity), None) is not None:
        raise Refused("has_no_oddities", "the message has comments, processing instructions or entities in it.")


def has_plain_namespaces(root: etree._Element) -> None:
    """Few namespaces, none of them relative ("The Fragile Lock", 2025) or endless.

    Asked before any guard that reads the names of elements: each of them has its namespace in it.
    """
    declared: set[tuple[str, str]] = set()
    for prefix, uri in namespaces_declared(root):
        if uri and not _ABSOLUTE.fullmatch(uri):
            raise Refused("has_plain_namespaces", f"the namespace {uri[:100]} is relative or endless.")
        declared.add((prefix, uri))
        if len(declared) > MOST_NAMESPACES:
            raise Refused("has_plain_namespaces", "the message declares too many namespaces.")


def has_plain_attributes(root: etree._Element) -> None:
    """No attribute twice by local name ("The Fragile Lock", 2025)."""
    for element in root.iter(etree.Element):
        attributes = element.attrib
        if len(attributes) > 1 and len({local_name(name).lower() for name in attributes}) < len(attributes):
            raise Refused("has_plain_attributes", f"{local_name(element.tag)[:100]} has the same attribute twice.")


def has_unique_ids(root: etree._Element) -> None:
    """Every ID, Id, id and xml:id is there once, whatever its case."""
    seen: set[str] = set()
    for value in _ids(root):
        if value.casefold() in seen:
            raise Refused("has_unique_ids", f"two elements have the ID {value[:100]}.")
        seen.add(value.casefold())
        if len(seen) > MOST_IDS:
            raise Refused("has_unique_ids", "the message has too many IDs.")


def is_identifier(value: str | None) -> bool:
    """Whether something can be referred to by this ID: plain characters only, and not endless."""
    return _IDENTIFIER.fullmatch(value or "") is not None


def local_name(name: str) -> str:
    """A name without its namespace, from the form in which lxml writes it."""
    return name.rpartition("}")[2]


# What every message is asked, of whatever kind, in this order.
MESSAGE_GUARDS: tuple[Guard, ...] = (
    has_plain_namespaces,
    is_small,
    has_no_oddities,
    has_plain_attributes,
    has_unique_ids,
)


def _ids(root: etree._Element) -> Iterator[str]:
    for element in root.iter(etree.Element):
        for name, value in element.attrib.items():
            if name[-2:].lower() == "id" and local_name(name).lower() == "id":
                yield value
