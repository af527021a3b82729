"""SAML messages made by hand and signed with signxml, a library that the site does not verify with.

``compose`` writes a genuine response; its keyword arguments replace single facts by what an attacker would write.
"""

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from tests.saml.keys import KeyPair, key_pair

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
ENTITY_ID = f"https://sts.windows.net/{TENANT}/"
SSO_URL = f"https://login.microsoftonline.com/{TENANT}/saml2"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
TENANT_ID = "http://schemas.microsoft.com/identity/claims/tenantid"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": DS,
}


def stamp(moment: datetime) -> str:
    """A time as Entra writes it, seven digits and all."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


@dataclass(frozen=True, kw_only=True)
class ResponseFacts:
    """What a response says. None leaves the part out."""

    sp_entity_id: str
    acs_url: str
    request_id: str | None
    now: datetime
    name_id: str = "ada.obi@contoso.com"
    issuer: str | None = ENTITY_ID
    response_issuer: str | None = ENTITY_ID
    destination: str | None = ""  # "": the ACS address
    recipient: str | None = ""
    audiences: tuple[tuple[str, ...], ...] | None = None  # None: ourselves
    subject_in_response_to: str | None = ""
    response_id: str = "_r0000000000000001"
    assertion_id: str = "_a0000000000000001"
    begins: timedelta = timedelta(0)
    ends: timedelta = timedelta(minutes=60)
    confirmed_for: timedelta = timedelta(minutes=5)
    status: str = SUCCESS
    status_message: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    name_id_xml: str | None = None
    session_index: str = "_s0000000000000001"
    session_ends: timedelta | None = None
    authenticated: timedelta = timedelta(0)
    with_conditions: bool = True
    extensions: str = ""


def compose(facts: ResponseFacts) -> etree._Element:
    """The unsigned response as a tree."""
    return etree.fromstring(_response_xml(facts))


def _attribute(name: str, value: str | None) -> str:
    return "" if value is None else f' {name}="{value}"'


def _response_xml(facts: ResponseFacts) -> str:
    destination = facts.acs_url if facts.destination == "" else facts.destination
    issuer = "" if facts.response_issuer is None else f"<saml:Issuer>{facts.response_issuer}</saml:Issuer>"
    message = f"<samlp:StatusMessage>{facts.status_message}</samlp:StatusMessage>" if facts.status_message else ""
    assertion = _assertion_xml(facts) if facts.status == SUCCESS else ""
    return (
        f'<samlp:Response xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="{facts.response_id}" Version="2.0"'
        f' IssueInstant="{stamp(facts.now)}"{_attribute("Destination", destination)}'
        f"{_attribute('InResponseTo', facts.request_id)}>{issuer}{facts.extensions}"
        f'<samlp:Status><samlp:StatusCode Value="{facts.status}"/>{message}</samlp:Status>{assertion}</samlp:Response>'
    )


def _assertion_xml(facts: ResponseFacts) -> str:
    recipient = facts.acs_url if facts.recipient == "" else facts.recipient
    answers = facts.request_id if facts.subject_in_response_to == "" else facts.subject_in_response_to
    name_id = facts.name_id_xml
    if name_id is None:
        name_id = f'<saml:NameID Format="{EMAIL}">{facts.name_id}</saml:NameID>'
    issuer = "" if facts.issuer is None else f"<saml:Issuer>{facts.issuer}</saml:Issuer>"
    attributes = "".join(
        f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'
        for name, value in facts.attributes
    )
    session_ends = stamp(facts.now + facts.session_ends) if facts.session_ends is not None else None
    return (
        f'<saml:Assertion xmlns:saml="{NS["saml"]}" ID="{facts.assertion_id}" Version="2.0"'
        f' IssueInstant="{stamp(facts.now)}">{issuer}<saml:Subject>{name_id}'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f"<saml:SubjectConfirmationData{_attribute('InResponseTo', answers)}"
        f' NotOnOrAfter="{stamp(facts.now + facts.confirmed_for)}"{_attribute("Recipient", recipient)}/>'
        f"</saml:SubjectConfirmation></saml:Subject>{_conditions_xml(facts)}"
        f'<saml:AuthnStatement AuthnInstant="{stamp(facts.now + facts.authenticated)}"'
        f' SessionIndex="{facts.session_index}"'
        f"{_attribute('SessionNotOnOrAfter', session_ends)}><saml:AuthnContext><saml:AuthnContextClassRef>"
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>"
        "</saml:AuthnStatement>"
        + (f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement>" if attributes else "")
        + "</saml:Assertion>"
    )


def _conditions_xml(facts: ResponseFacts) -> str:
    if not facts.with_conditions:
        return ""
    audiences = ((facts.sp_entity_id,),) if facts.audiences is None else facts.audiences
    restrictions = "".join(
        "<saml:AudienceRestriction>"
        + "".join(f"<saml:Audience>{each}</saml:Audience>" for each in restriction)
        + "</saml:AudienceRestriction>"
        for restriction in audiences
    )
    return (
        f'<saml:Conditions NotBefore="{stamp(facts.now + facts.begins)}"'
        f' NotOnOrAfter="{stamp(facts.now + facts.ends)}">{restrictions}</saml:Conditions>'
    )


@dataclass(frozen=True, kw_only=True)
class SigningStyle:
    """How the genuine identity provider signs; the tests of other habits put theirs in place of ``SIGNING_STYLE``."""

    assertion: bool = True
    response: bool = False
    curve: str = ""

    @property
    def keys(self) -> KeyPair:
        return key_pair(curve=self.curve) if self.curve else key_pair()


SIGNING_STYLE = SigningStyle()


class _AnySigner(XMLSigner):
    """signxml refuses SHA-1 on its own; an attacker would not."""

    def check_deprecated_methods(self) -> None:
        pass


def sign(
    element: etree._Element,
    keys: KeyPair | None = None,
    *,
    method: SignatureMethod | None = None,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
    c14n: str = "http://www.w3.org/2001/10/xml-exc-c14n#",
    prefixes: list[str] | None = None,
    weak: bool = False,
) -> etree._Element:
    """The same element with an enveloped signature after its Issuer, as the schema wants it. ``weak``: with SHA-1."""
    keys = keys or SIGNING_STYLE.keys
    method = method or _method(keys, weak=weak)
    digest = DigestAlgorithm.SHA1 if weak else digest
    element = etree.fromstring(etree.tostring(element))
    place = etree.Element(f"{{{DS}}}Signature", Id="placeholder", nsmap={"ds": DS})
    element.insert(1, place)
    signer = _AnySigner(signature_algorithm=method, digest_algorithm=digest, c14n_algorithm=c14n)
    signer.namespaces = {"ds": DS}
    signed: etree._Element = signer.sign(
        element,
        key=keys.private_key,  # loaded: signxml would read and prove the PEM again for each signature
        cert=keys.certificate_pem.decode(),
        reference_uri=f"#{element.get('ID')}",
        id_attribute="ID",
        inclusive_ns_prefixes=prefixes,
    )
    return signed


def _method(keys: KeyPair, *, weak: bool) -> SignatureMethod:
    if keys.is_ecdsa:
        return SignatureMethod.ECDSA_SHA1 if weak else SignatureMethod.ECDSA_SHA256
    return SignatureMethod.RSA_SHA1 if weak else SignatureMethod.RSA_SHA256


def signed_response(facts: ResponseFacts, keys: KeyPair | None = None, **how: object) -> etree._Element:
    """A response as the identity provider signs it by ``SIGNING_STYLE``: the assertion, as Entra's default is."""
    response = compose(facts)
    assertion = response.find("saml:Assertion", NS)
    if assertion is not None and SIGNING_STYLE.assertion:
        response.replace(assertion, sign(assertion, keys, **how))  # type: ignore[arg-type]
    return sign(response, keys, **how) if SIGNING_STYLE.response else response  # type: ignore[arg-type]


def encode(response: etree._Element | bytes | str) -> str:
    """The value of the form field SAMLResponse."""
    document = etree.tostring(response) if isinstance(response, etree._Element) else response
    return base64.b64encode(document.encode() if isinstance(document, str) else document).decode()


def metadata(
    *keys: KeyPair,
    entity_id: str = ENTITY_ID,
    sso_url: str = SSO_URL,
    slo_url: str | None = SSO_URL,
    before: str = "",
    bom: bool = True,
) -> bytes:
    """An IdP metadata document of Entra's shape; ``before`` goes in front of the IDPSSODescriptor."""
    redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    descriptors = "".join(
        f'<KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>'
        f"{pair.certificate_base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"
        for pair in (keys or (SIGNING_STYLE.keys,))
    )
    slo = f'<SingleLogoutService Binding="{redirect}" Location="{slo_url}"/>' if slo_url else ""
    document = (
        f'<?xml version="1.0" encoding="utf-8"?><EntityDescriptor ID="_7c1" entityID="{entity_id}"'
        ' xmlns="urn:oasis:names:tc:SAML:2.0:metadata">'
        f'{before}<IDPSSODescriptor protocolSupportEnumeration="{NS["samlp"]}">{descriptors}{slo}'
        f'<SingleSignOnService Binding="{redirect}" Location="{sso_url}"/></IDPSSODescriptor></EntityDescriptor>'
    )
    return (b"\xef\xbb\xbf" if bom else b"") + document.encode()


def signed_metadata(signer: KeyPair, *keys: KeyPair, weak: bool = False, **facts: str) -> bytes:
    """The same, its EntityDescriptor signed as Entra does. ``weak``: with SHA-1."""
    document = etree.fromstring(metadata(*keys, **facts).removeprefix(b"\xef\xbb\xbf"))  # type: ignore[arg-type]
    return b"\xef\xbb\xbf" + etree.tostring(sign(document, signer, weak=weak))


def fingerprint(keys: KeyPair) -> str:
    """The SHA-256 of a certificate, as a connection keeps it."""
    return hashlib.sha256(base64.b64decode(keys.certificate_base64)).hexdigest()


__all__ = [
    "ResponseFacts",
    "compose",
    "encode",
    "fingerprint",
    "metadata",
    "replace",
    "sign",
    "signed_metadata",
    "signed_response",
]
