"""What is believed, on messages signed by another library."""

from dataclasses import replace
from datetime import UTC, datetime

from lxml import etree

from saml.certificates import certificates_in, from_der
from saml.validation import response
from saml.validation.expectation import Expectation
from tests.saml.forge import ENTITY_ID, SSO_URL, ResponseFacts, signed_response
from tests.saml.keys import key_pair

SP = "https://gk.example/saml/1/metadata"
ACS = "https://gk.example/saml/1/acs"


def facts(**facts):
    return ResponseFacts(sp_entity_id=SP, acs_url=ACS, request_id="id1", now=datetime.now(UTC), **facts)


def expectation(**facts):
    plain = Expectation(
        idp_entity_id=ENTITY_ID,
        sp_entity_id=SP,
        acs_url=ACS,
        sso_url=SSO_URL,
        certificates=[from_der(certificates_in(key_pair().certificate_base64)[0])],
        request_id="id1",
        now=datetime.now(UTC),
    )
    return replace(plain, **facts)


def test_a_genuine_response_names_its_person():
    """SAML profiles 4.1.4.2 and 4.1.4.3."""
    person = response.validate_response(etree.tostring(signed_response(facts())), expectation())

    assert person.name_id == "ada.obi@contoso.com"
    assert person.issuer == ENTITY_ID
