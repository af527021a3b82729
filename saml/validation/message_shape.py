"""What any SAML message may look like, before anything in it is verified: size, names, identifiers, no oddities.

Asked about responses, logout messages and signed metadata alike. Each guard is one walk over the tree at most: what it
costs grows with the message and with nothing else.
"""

import re
from collections.abc import Callable, Iterator

from lxml import etree

from saml.errors import MessageRefused
from saml.refusals.reasons import Reason
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
            raise MessageRefused("is_small", Reason.TOO_MANY_ELEMENTS)
        if depth > DEEPEST:
            raise MessageRefused("is_small", Reason.NESTED_TOO_DEEPLY)
        if len(element.attrib) > MOST_ATTRIBUTES:
            raise MessageRefused("is_small", Reason.TOO_MANY_ATTRIBUTES, element=local_name(element.tag)[:100])


def has_no_oddities(root: etree._Element) -> None:
    """No comments, processing instructions or entities: canonical XML skips them, so they could be slipped in."""
    is_whole = root.getparent() is None
    beside = is_whole and (root.getprevious() is not None or root.getnext() is not None)
    if beside or next(root.iter(etree.Comment, etree.ProcessingInstruction, etree.Entity), None) is not None:
        raise MessageRefused("has_no_oddities", Reason.ODD_NODES)


def has_plain_namespaces(root: etree._Element) -> None:
    """Few namespaces, none of them relative ("The Fragile Lock", 2025) or endless.

    Asked before any guard that reads the names of elements: each of them has its namespace in it.
    """
    declared: set[tuple[str, str]] = set()
    for prefix, uri in namespaces_declared(root):
        if uri and not _ABSOLUTE.fullmatch(uri):
            raise MessageRefused("has_plain_namespaces", Reason.ODD_NAMESPACE, namespace=uri[:100])
        declared.add((prefix, uri))
        if len(declared) > MOST_NAMESPACES:
            raise MessageRefused("has_plain_namespaces", Reason.TOO_MANY_NAMESPACES)


def has_plain_attributes(root: etree._Element) -> None:
    """No attribute twice by local name ("The Fragile Lock", 2025)."""
    for element in root.iter(etree.Element):
        attributes = element.attrib
        if len(attributes) > 1 and len({local_name(name).lower() for name in attributes}) < len(attributes):
            raise MessageRefused("has_plain_attributes", Reason.ATTRIBUTE_TWICE, element=local_name(element.tag)[:100])


def has_unique_ids(root: etree._Element) -> None:
    """Every ID, Id, id and xml:id is there once, whatever its case."""
    seen: set[str] = set()
    for value in _ids(root):
        if value.casefold() in seen:
            raise MessageRefused("has_unique_ids", Reason.ID_TWICE, id=value[:100])
        seen.add(value.casefold())
        if len(seen) > MOST_IDS:
            raise MessageRefused("has_unique_ids", Reason.TOO_MANY_IDS)


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
