"""The messages that we send: SP metadata, AuthnRequest, LogoutRequest, LogoutResponse. Built as trees, so that
nothing that an identity provider or a person chose can break out of its attribute.
"""

import base64
import secrets
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from lxml import etree

from saml.addresses import Addresses
from saml.xml.algorithms import CONTENT_ENCRYPTION, KEY_TRANSPORT
from saml.xml.parser import DS, MD, SAML, SAMLP, tag

POST_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
NAME_ID_FORMATS = (
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
)
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
# The public cloud, and those of the United States' and of China's government; "login_hint" is a query parameter there.
ENTRA_SIGN_ON_HOSTS = frozenset(
    {
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
        "login.chinacloudapi.cn",
    }
)
_NSMAP = {"samlp": SAMLP, "saml": SAML}


def new_id() -> str:
    """A message ID: 160 random bits (SAML core 1.3.4), beginning with a letter as xs:ID and Entra want."""
    return f"id{secrets.token_hex(20)}"


def sp_metadata(addresses: Addresses, certificates: Sequence[bytes], *, signs: bool) -> bytes:
    """Our EntityDescriptor (SAML metadata 2.4.4): signed assertions wanted, ACS by POST, logout by redirect or POST.

    ``certificates``: ours (DER), the one in use first; each may verify a signature and be encrypted for.
    """
    root = etree.Element(tag(MD, "EntityDescriptor"), {"entityID": addresses.metadata}, nsmap={"md": MD, "ds": DS})
    descriptor = etree.SubElement(
        root,
        tag(MD, "SPSSODescriptor"),
        {
            "AuthnRequestsSigned": "true" if signs else "false",
            "WantAssertionsSigned": "true",
            "protocolSupportEnumeration": SAMLP,
        },
    )
    for use in ("signing", "encryption"):
        for certificate in certificates:
            _add_key(descriptor, use, certificate)
    for binding in (REDIRECT_BINDING, POST_BINDING):
        etree.SubElement(descriptor, tag(MD, "SingleLogoutService"), {"Binding": binding, "Location": addresses.logout})
    for name_id_format in NAME_ID_FORMATS:
        etree.SubElement(descriptor, tag(MD, "NameIDFormat")).text = name_id_format
    etree.SubElement(
        descriptor,
        tag(MD, "AssertionConsumerService"),
        {"Binding": POST_BINDING, "Location": addresses.acs, "index": "0", "isDefault": "true"},
    )
    return _serialised(root)


def _add_key(descriptor: etree._Element, use: str, certificate: bytes) -> None:
    key = etree.SubElement(descriptor, tag(MD, "KeyDescriptor"), {"use": use})
    data = etree.SubElement(etree.SubElement(key, tag(DS, "KeyInfo")), tag(DS, "X509Data"))
    etree.SubElement(data, tag(DS, "X509Certificate")).text = base64.b64encode(certificate).decode("ascii")
    if use == "encryption":
        for algorithm in (*CONTENT_ENCRYPTION, *KEY_TRANSPORT):
            etree.SubElement(key, tag(MD, "EncryptionMethod"), {"Algorithm": algorithm})


def authn_request(request_id: str, destination: str, addresses: Addresses, *, force: bool = False) -> bytes:
    """A request to sign somebody on (SAML core 3.4.1).

    Without RequestedAuthnContext, which makes Entra fail for people without a password (AADSTS75011), and without
    NameIDPolicy, so that the claim settings in the portal decide.
    """
    root = _message("AuthnRequest", request_id, destination, addresses)
    root.set("ProtocolBinding", POST_BINDING)
    root.set("AssertionConsumerServiceURL", addresses.acs)
    if force:
        root.set("ForceAuthn", "true")
    return _serialised(root)


def logout_request(
    request_id: str, destination: str, addresses: Addresses, *, name_id: tuple[str, str], session_index: str
) -> bytes:
    """A request to sign somebody out at the identity provider (SAML core 3.7.1). ``name_id``: value and format."""
    root = _message("LogoutRequest", request_id, destination, addresses)
    element = etree.SubElement(root, tag(SAML, "NameID"), {"Format": name_id[1]} if name_id[1] else {})
    element.text = name_id[0]
    if session_index:
        etree.SubElement(root, tag(SAMLP, "SessionIndex")).text = session_index
    return _serialised(root)


def logout_response(in_response_to: str, destination: str, addresses: Addresses) -> bytes:
    """The answer to an identity provider's LogoutRequest: Success, whether or not there was a session to end."""
    root = _message("LogoutResponse", new_id(), destination, addresses)
    root.set("InResponseTo", in_response_to)
    status = etree.SubElement(root, tag(SAMLP, "Status"))
    etree.SubElement(status, tag(SAMLP, "StatusCode"), {"Value": "urn:oasis:names:tc:SAML:2.0:status:Success"})
    return _serialised(root)


def redirect_url(
    destination: str,
    parameter: str,
    message: bytes,
    relay_state: str = "",
    *,
    sign: Callable[[bytes], bytes] | None = None,
) -> str:
    """The address that carries ``message`` over the redirect binding: raw deflate, base64, query (bindings 3.4.4).

    ``sign`` makes an RSA-SHA256 signature over the parameters as they are encoded, in the order that bindings 3.4.4.1
    fixes: message, RelayState, SigAlg.
    """
    deflater = zlib.compressobj(wbits=-15)
    deflated = deflater.compress(message) + deflater.flush()
    fields = {parameter: base64.b64encode(deflated).decode("ascii")}
    if relay_state:
        fields["RelayState"] = relay_state
    if sign is not None:
        fields["SigAlg"] = RSA_SHA256
    query = urlencode(fields)
    if sign is not None:
        query += "&" + urlencode({"Signature": base64.b64encode(sign(query.encode("ascii")))})
    return f"{destination}{'&' if '?' in destination else '?'}{query}"


def with_login_hint(address: str, person: str) -> str:
    """Add ``login_hint`` to an address of Entra, so that the person need not type their name again.

    Other identity providers do not document such a parameter, so their addresses stay as they are.
    """
    if urlsplit(address).hostname not in ENTRA_SIGN_ON_HOSTS:
        return address
    return f"{address}&{urlencode({'login_hint': person})}"


def _message(name: str, message_id: str, destination: str, addresses: Addresses) -> etree._Element:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    root = etree.Element(
        tag(SAMLP, name),
        {"ID": message_id, "Version": "2.0", "IssueInstant": now, "Destination": destination},
        nsmap=_NSMAP,
    )
    etree.SubElement(root, tag(SAML, "Issuer")).text = addresses.metadata
    return root


def _serialised(root: etree._Element) -> bytes:
    document: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return document
