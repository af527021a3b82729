"""The one way in which bytes become a tree: no DOCTYPE, no entities, no network, UTF-8 only."""

import re
from collections.abc import Iterator

from lxml import etree

from saml.errors import UnreadableXml
from saml.refusals.reasons import Reason
from saml.xml.limits import require_plain_markup

SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # Entra's metadata begins with one.
_DECLARED_ENCODING = re.compile(rb"\A\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
_ACCEPTED_ENCODINGS = frozenset({b"utf-8", b"us-ascii", b"ascii"})


def parse(document: bytes, *, limit: int) -> etree._Element:
    """Return the root element of ``document``, comments and processing instructions kept for others to refuse.

    Only UTF-8 is read, so that the search for a DOCTYPE sees what the parser sees (UTF-7 and UTF-16 would hide one).
    Raises: UnreadableXml with the reason; nothing is fetched or expanded.
    """
    if len(document) > limit:
        raise UnreadableXml(Reason.XML_TOO_LARGE, limit=limit // 1024)
    document = document.removeprefix(_BYTE_ORDER_MARK)
    _require_utf8(document)
    require_plain_markup(document)
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise UnreadableXml(Reason.XML_DOCTYPE)
    try:
        root = etree.fromstring(document, _parser())
    except etree.XMLSyntaxError as error:
        raise UnreadableXml(Reason.XML_NOT_WELL_FORMED, detail=error.msg) from error
    docinfo = root.getroottree().docinfo
    if docinfo.doctype or docinfo.internalDTD is not None:
        raise UnreadableXml(Reason.XML_DOCTYPE)
    return root


def _require_utf8(document: bytes) -> None:
    declared = _DECLARED_ENCODING.match(document)
    if declared and declared[1].strip().lower() not in _ACCEPTED_ENCODINGS:
        raise UnreadableXml(Reason.XML_OTHER_ENCODING)
    try:
        document.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableXml(Reason.XML_NOT_UTF8) from error
    if b"\x00" in document:
        raise UnreadableXml(Reason.XML_NOT_UTF8)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=False,
        remove_pis=False,
    )


def canonical(element: etree._Element) -> bytes:
    """Exclusive canonical XML without comments: the very bytes that a signature's digest is made of.

    Raises: UnreadableXml when that fails, or nothing comes out (CVE-2025-66568: an empty result must never match).
    """
    try:
        document: bytes = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError as error:  # relative namespaces, for one
        raise UnreadableXml(Reason.XML_NOT_CANONICAL) from error
    if not document:
        raise UnreadableXml(Reason.XML_NOT_CANONICAL)
    return document


def tag(namespace: str, name: str) -> str:
    """The name of an element as lxml writes it."""
    return f"{{{namespace}}}{name}"


def namespaces_declared(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Prefix and URI of each declaration below ``root`` where it stands, in one walk.

    Not ``nsmap``: that is made anew from all ancestors for each element that is asked.
    """
    return (declared for _, declared in etree.iterwalk(root, events=("start-ns",)))


def text(element: etree._Element) -> str:
    """All the text of an element, whatever nodes it is split into."""
    return "".join(element.itertext())
