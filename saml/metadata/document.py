"""From bytes to the root of a metadata document; what is something else is refused as what it is."""

import re

from lxml import etree

from saml.errors import MetadataRefused, UnreadableXml
from saml.metadata.wrong_documents import unreadable, wrong_root
from saml.refusals.metadata_reasons import MetadataReason
from saml.xml.parser import MD, parse, tag

METADATA_LIMIT = 1024 * 1024  # bytes; Entra's are below 100 KB
_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_LEGACY = re.compile(rb"\A\s*<\?xml[^>]*?encoding\s*=\s*[\"'](iso-8859-1|windows-1252)[\"']", re.IGNORECASE)
ROOTS = (tag(MD, "EntityDescriptor"), tag(MD, "EntitiesDescriptor"))


def read_document(document: bytes) -> etree._Element:
    """The root: an EntityDescriptor, or an aggregate of them. Raises: MetadataRefused."""
    if len(document) > METADATA_LIMIT:
        raise MetadataRefused(MetadataReason.TOO_LARGE)
    document = _as_utf8(document)
    try:
        root = parse(document, limit=2 * METADATA_LIMIT)
    except UnreadableXml as error:
        known = unreadable(document)
        if known is not None:
            raise known from error
        raise MetadataRefused(MetadataReason.UNREADABLE_XML, problem=error.reason.value, **error.parameters) from error
    if root.tag not in ROOTS:
        raise wrong_root(root)
    return root


def _as_utf8(document: bytes) -> bytes:
    """UTF-16 with a byte-order mark is what some Windows tools save, and old ones declare their code page.

    The parser is given UTF-8 and nothing else, so that a search for a DOCTYPE sees what it sees.
    """
    for mark, encoding in _MARKS:
        if document.startswith(mark):
            try:
                text = document.removeprefix(mark).decode(encoding)
            except UnicodeDecodeError as error:
                raise MetadataRefused(MetadataReason.NOT_UTF16) from error
            return _DECLARATION.sub("", text).encode()
    legacy = _LEGACY.match(document)
    if legacy:
        text = document.decode(legacy[1].decode("ascii"), "replace")
        return _DECLARATION.sub("", text).encode()
    return document


def as_text(document: bytes) -> str:
    """The document for a text field. Raises: MetadataRefused."""
    return _as_utf8(document).removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
