"""Attacks on who is named: formats that name nobody (SAML core 8.3), claims that name more than one (core 2.7.3.1)."""

from saml.connections.claims import set_person_claim
from tests.builders import ADMIN
from tests.saml.attacks.table import VICTIM, attack, variants
from tests.saml.forge import OBJECT_ID

ADA = "ada.obi@contoso.com"
CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
FORMATS = {
    "of_a_windows_domain": "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName",
    "of_an_unknown_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName",
    "that_is_transient": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
}
variants(
    "name_id",
    {
        name: {"name_id_xml": f'<saml:NameID Format="{uri}">ada.obi@contoso.com</saml:NameID>'}
        for name, uri in FORMATS.items()
    },
)
variants(
    "attribute",
    {
        "object_id_after_an_empty_one": {"attributes": ((OBJECT_ID, ""), (OBJECT_ID, "2"))},
        "object_id_too_long": {"attributes": ((OBJECT_ID, "1" * 201),)},
    },
)


def by_claim(browser, *values):
    """Sign on at a connection where the claim says who is signing in."""
    set_person_claim(browser.connection.id, CLAIM, actor=ADMIN)
    return browser.sign_on(attributes=values)


@attack
def name_claim_with_two_values(browser):
    """Both in one Attribute element."""
    both = f"{ADA}</saml:AttributeValue><saml:AttributeValue>{VICTIM}"
    return by_claim(browser, (CLAIM, both))


@attack
def name_claim_in_two_attributes(browser):
    return by_claim(browser, (CLAIM, ADA), (CLAIM, VICTIM))


@attack
def name_claim_after_an_empty_value(browser):
    return by_claim(browser, (CLAIM, ""), (CLAIM, VICTIM))


@attack
def name_claim_with_a_zero_width_space(browser):
    return by_claim(browser, (CLAIM, "ada.obi\u200b@contoso.com"))


@attack
def name_claim_that_is_too_long(browser):
    return by_claim(browser, (CLAIM, "a" * 257))


@attack
def name_claim_missing_beside_a_name_id(browser):
    """The NameID must not stand in for the claim: it may be anything that the person chose."""
    return by_claim(browser, ("http://schemas.example/claims/NAME", VICTIM))
