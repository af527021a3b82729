"""The answer to a sign-on: a Response with one signed assertion and the claims that Entra sends by default."""

import datetime as dt
from dataclasses import dataclass

from lxml import etree
from lxml.builder import ElementMaker
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner

from entra_client.directory.company import Company, Person
from pretend_entra.identity_provider.addresses import Addresses, ServiceProvider
from pretend_entra.identity_provider.keys import SigningKey
from pretend_entra.identity_provider.messages import SAML, SAMLP, SUCCESS, moment, new_id

DS = "http://www.w3.org/2000/09/xmldsig#"
EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"  # noqa: S105 -- the name of a class, not a secret
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
CONFIRMED_FOR = dt.timedelta(minutes=5)
VALID_FOR = dt.timedelta(minutes=70)
_IDENTITY = "http://schemas.microsoft.com/identity/claims"
_SOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_saml = ElementMaker(namespace=SAML, nsmap={"saml": SAML})
_samlp = ElementMaker(namespace=SAMLP, nsmap={"samlp": SAMLP, "saml": SAML})


@dataclass(frozen=True, kw_only=True)
class SignOn:
    """Who signs in where; ``in_response_to`` is empty when the identity provider began."""

    company: Company
    person: Person
    addresses: Addresses
    service_provider: ServiceProvider
    in_response_to: str = ""


@dataclass(frozen=True)
class SignedResponse:
    """The document to post, and the session index that a logout names later."""

    xml: bytes
    session_index: str


def signed_response(sign_on: SignOn, key: SigningKey) -> SignedResponse:
    """Return the Response: RSA-SHA256 over the assertion, exclusive canonicalisation, the certificate beside it."""
    assertion = _assertion(sign_on)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(
        assertion,
        key=key.private_pem,
        cert=key.certificate_pem.decode(),
        reference_uri=f"#{assertion.get('ID')}",
        id_attribute="ID",
    )
    response = _samlp.Response(
        _saml.Issuer(sign_on.addresses.entity_id),
        _samlp.Status(_samlp.StatusCode(Value=SUCCESS)),
        signed,
        ID=new_id(),
        Version="2.0",
        IssueInstant=moment(),
        Destination=sign_on.service_provider.acs_url,
        **_in_response_to(sign_on),
    )
    return SignedResponse(etree.tostring(response), str(assertion.get("ID")))


def _assertion(sign_on: SignOn) -> etree._Element:
    assertion_id = new_id()
    placeholder = etree.Element(f"{{{DS}}}Signature", Id="placeholder", nsmap={"ds": DS})
    confirmation = _saml.SubjectConfirmationData(
        NotOnOrAfter=moment(CONFIRMED_FOR), Recipient=sign_on.service_provider.acs_url, **_in_response_to(sign_on)
    )
    return _saml.Assertion(
        _saml.Issuer(sign_on.addresses.entity_id),
        placeholder,
        _saml.Subject(
            _saml.NameID(sign_on.person.user_name, Format=EMAIL_FORMAT),
            _saml.SubjectConfirmation(confirmation, Method=BEARER),
        ),
        _saml.Conditions(
            _saml.AudienceRestriction(_saml.Audience(sign_on.service_provider.entity_id)),
            NotBefore=moment(),
            NotOnOrAfter=moment(VALID_FOR),
        ),
        _saml.AttributeStatement(*(_attribute(name, value) for name, value in _claims(sign_on).items())),
        _saml.AuthnStatement(
            _saml.AuthnContext(_saml.AuthnContextClassRef(PASSWORD)),
            AuthnInstant=moment(),
            SessionIndex=assertion_id,
        ),
        ID=assertion_id,
        Version="2.0",
        IssueInstant=moment(),
    )


def _claims(sign_on: SignOn) -> dict[str, str]:
    person = sign_on.person
    return {
        f"{_IDENTITY}/tenantid": sign_on.company.tenant_id,
        f"{_IDENTITY}/objectidentifier": person.object_id,
        f"{_IDENTITY}/displayname": person.display_name,
        f"{_IDENTITY}/identityprovider": sign_on.addresses.entity_id,
        "http://schemas.microsoft.com/claims/authnmethodsreferences": (
            "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password"
        ),
        f"{_SOAP}/givenname": person.given_name,
        f"{_SOAP}/surname": person.family_name,
        f"{_SOAP}/emailaddress": person.user_name,
        f"{_SOAP}/name": person.user_name,
    }


def _attribute(name: str, value: str) -> etree._Element:
    return _saml.Attribute(_saml.AttributeValue(value), Name=name)


def _in_response_to(sign_on: SignOn) -> dict[str, str]:
    return {"InResponseTo": sign_on.in_response_to} if sign_on.in_response_to else {}
