"""SAML messages on the redirect binding: read requests of service providers, write the answers."""

import base64
import binascii
import datetime as dt
import uuid
import zlib
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
LARGEST_MESSAGE = 64 * 1024  # bytes, inflated: an AuthnRequest has about one thousand


class NotUnderstood(Exception):
    """A message that is none; the text says why, for the page."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """What matters in an AuthnRequest, LogoutRequest or LogoutResponse; empty text for what is not there."""

    kind: str
    id: str
    issuer: str
    acs_url: str = ""
    name_id: str = ""


def read_message(encoded: str) -> Message:
    """Read the value of SAMLRequest or SAMLResponse as the redirect binding sends it. Raises NotUnderstood."""
    try:
        raw = base64.b64decode(encoded, validate=True)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        xml = inflater.decompress(raw, LARGEST_MESSAGE)
        if inflater.unconsumed_tail:
            raise NotUnderstood("The SAML message is larger than any that is sent for good reasons.")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(xml, parser)
    except (binascii.Error, zlib.error, etree.XMLSyntaxError, ValueError) as problem:
        raise NotUnderstood("The SAML message could not be read.") from problem
    if root.getroottree().docinfo.doctype:
        raise NotUnderstood("A SAML message has no document type.")
    return Message(
        kind=etree.QName(root).localname,
        id=root.get("ID", ""),
        issuer=(root.findtext(f"{{{SAML}}}Issuer") or "").strip(),
        acs_url=root.get("AssertionConsumerServiceURL", ""),
        name_id=(root.findtext(f"{{{SAML}}}NameID") or "").strip(),
    )


def logout_response(*, issuer: str, destination: str, in_response_to: str) -> str:
    """Return a LogoutResponse that says success."""
    return (
        f'<samlp:LogoutResponse xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" {_head(destination)} '
        f"InResponseTo={quoteattr(in_response_to)}><saml:Issuer>{escape(issuer)}</saml:Issuer>"
        f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status></samlp:LogoutResponse>'
    )


def logout_request(*, issuer: str, destination: str, name_id: str, session_index: str) -> str:
    """Return a LogoutRequest for one session, unsigned as Entra's is in practice."""
    return (
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" {_head(destination)}>'
        f"<saml:Issuer>{escape(issuer)}</saml:Issuer><saml:NameID>{escape(name_id)}</saml:NameID>"
        f"<samlp:SessionIndex>{escape(session_index)}</samlp:SessionIndex></samlp:LogoutRequest>"
    )


def redirect_address(address: str, parameter: str, message: str, relay_state: str = "") -> str:
    """Return ``address`` with the message in its query: deflated, base64, URL-encoded (SAML bindings §3.4.4)."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = deflater.compress(message.encode()) + deflater.flush()
    query = {parameter: base64.b64encode(deflated).decode(), **({"RelayState": relay_state} if relay_state else {})}
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def new_id() -> str:
    """An ID that no other message has; it may not begin with a digit."""
    return f"_{uuid.uuid4()}"


def moment(after: dt.timedelta = dt.timedelta()) -> str:
    """Now, or some time after it, as SAML writes it: UTC with milliseconds."""
    then = dt.datetime.now(dt.UTC) + after
    return f"{then:%Y-%m-%dT%H:%M:%S}.{then.microsecond // 1000:03d}Z"


def _head(destination: str) -> str:
    return f'ID="{new_id()}" Version="2.0" IssueInstant="{moment()}" Destination={quoteattr(destination)}'
