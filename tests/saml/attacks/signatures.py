"""Signatures that are missing, weak, doubled, or that describe how they would like to be verified.

SAML core 5.4 says what a signature may look like, profiles 4.1.4.5 that there has to be one.
"""

from copy import deepcopy
from typing import Any

from lxml import etree
from signxml import DigestAlgorithm

from tests.saml import forge
from tests.saml.attacks.table import VICTIM, assertion_of, attack, signature_of, signed_by_idp, signed_part
from tests.saml.forge import DS, NS, compose, sign, signed_response
from tests.saml.keys import key_pair


@attack
def no_signature_at_all(browser):
    """SAML profiles 4.1.4.5."""
    return browser.post(compose(browser.facts(browser.begin(), name_id=VICTIM)))


@attack
def signature_value_removed(browser):
    """SAML core 5.4 (XML signature: SignatureValue)."""
    response = signed_by_idp(browser)
    value = response.find(".//ds:SignatureValue", NS)
    value.getparent().remove(value)
    return browser.post(response)


@attack
def only_the_response_is_signed(browser):
    """SAML core 5.3: our metadata wants assertions signed (WantAssertionsSigned, metadata 2.4.4)."""
    return browser.post(sign(compose(browser.facts(browser.begin(), name_id=VICTIM))))


@attack
def edited_after_signing(browser):
    """SAML core 5.4."""
    response = signed_by_idp(browser)
    response.find(".//saml:NameID", NS).text = VICTIM
    return browser.post(response)


@attack
def signed_with_a_forged_certificate_of_the_same_subject(browser):
    """SAML core 5.4.5: KeyInfo may say anything, trust comes from metadata."""
    mallory = key_pair("idp", days=364)
    return browser.post(signed_response(browser.facts(browser.begin(), name_id=VICTIM), mallory))


def with_algorithm(browser: Any, **how: Any) -> Any:
    return browser.post(signed_response(browser.facts(browser.begin()), **how))


@attack
def signed_with_sha1(browser):
    """SAML core 5.4.1 still names RSA-SHA1; RFC 6194 says why it is refused."""
    return with_algorithm(browser, weak=True)


@attack
def digest_with_sha1(browser):
    """SAML core 5.4.2, RFC 6194."""
    return with_algorithm(browser, digest=DigestAlgorithm.SHA1)


def with_signature_method(browser: Any, algorithm: str) -> Any:
    response = signed_by_idp(browser)
    response.find(".//ds:SignatureMethod", NS).set("Algorithm", algorithm)
    return browser.post(response)


@attack
def hmac_with_the_public_key(browser):
    """SAML core 5.4.1."""
    return with_signature_method(browser, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")


@attack
def signed_with_md5(browser):
    """SAML core 5.4.1, RFC 6151."""
    return with_signature_method(browser, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5")


@attack
def signed_with_dsa(browser):
    """SAML core 5.4.1."""
    return with_signature_method(browser, "http://www.w3.org/2000/09/xmldsig#dsa-sha1")


@attack
def two_signatures_in_one_place(browser):
    """SAML core 2.3.3 and 3.2.2: at most one Signature."""
    response = signed_by_idp(browser)
    signature = signature_of(signed_part(response))
    signature.addnext(deepcopy(signature))
    return browser.post(response)


@attack
def signature_in_the_subject(browser):
    """SAML core 2.4.1 and 5.4.2."""
    response = signed_by_idp(browser)
    response.find(".//saml:Subject", NS).append(deepcopy(signature_of(signed_part(response))))
    return browser.post(response)


@attack
def two_signed_infos(browser):
    """SAML core 5.4 (XML signature: one SignedInfo)."""
    response = signed_by_idp(browser)
    info = response.find(".//ds:SignedInfo", NS)
    info.addprevious(deepcopy(info))
    return browser.post(response)


@attack
def two_references(browser):
    """SAML core 5.4.2: a single Reference."""
    response = signed_by_idp(browser)
    reference = response.find(".//ds:Reference", NS)
    reference.addnext(deepcopy(reference))
    return browser.post(response)


def with_reference(browser: Any, uri: str) -> Any:
    response = signed_by_idp(browser)
    response.find(".//ds:Reference", NS).set("URI", uri)
    return browser.post(response)


@attack
def reference_to_another_id(browser):
    """SAML core 5.4.2."""
    response = signed_by_idp(browser)
    elsewhere = response if signed_part(response) is assertion_of(response) else assertion_of(response)
    reference = signature_of(signed_part(response)).find(".//ds:Reference", NS)
    reference.set("URI", f"#{elsewhere.get('ID')}")
    return browser.post(response)


@attack
def reference_with_an_empty_uri(browser):
    """SAML core 5.4.2."""
    return with_reference(browser, "")


@attack
def reference_to_an_address(browser):
    """SAML core 5.4.2."""
    return with_reference(browser, "http://127.0.0.1:9/evil")


@attack
def comment_in_the_digest(browser):
    response = signed_by_idp(browser)
    digest = response.find(".//ds:DigestValue", NS)
    digest.insert(0, etree.Comment("AAAA"))
    return browser.post(response)


XSLT = (
    '<ds:Transform xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
    '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/">'
    "<x/></xsl:template></xsl:stylesheet></ds:Transform>"
)


def with_transform(browser: Any, xml: str) -> Any:
    response = signed_by_idp(browser)
    response.find(".//ds:Transforms", NS).append(etree.fromstring(xml))
    return browser.post(response)


@attack
def xslt_transform(browser):
    """SAML core 5.4.4."""
    return with_transform(browser, XSLT)


@attack
def xpath_transform(browser):
    """SAML core 5.4.4."""
    return with_transform(
        browser,
        f'<ds:Transform xmlns:ds="{DS}" Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
        "<ds:XPath>true()</ds:XPath></ds:Transform>",
    )


@attack
def base64_transform(browser):
    """SAML core 5.4.4."""
    return with_transform(browser, f'<ds:Transform xmlns:ds="{DS}" Algorithm="{DS}base64"/>')


@attack
def prefixes_without_end_in_a_transform(browser):
    """Canonicalisation looks each of them up at every element (SAML core 5.4.4)."""
    return with_algorithm(browser, prefixes=[f"p{number}" for number in range(30)])


@attack
def something_in_the_canonicalisation(browser):
    """SAML core 5.4.3."""
    response = signed_by_idp(browser)
    etree.SubElement(response.find(".//ds:CanonicalizationMethod", NS), "{urn:x}XPath").text = "count(//*)"
    return browser.post(response)


@attack
def canonicalisation_with_comments(browser):
    """SAML core 5.4.3 allows it; stricter here."""
    return with_algorithm(browser, c14n="http://www.w3.org/2001/10/xml-exc-c14n#WithComments")


@attack
def inclusive_canonicalisation(browser):
    """SAML core 5.4.3 and 5.4.4."""
    return with_algorithm(browser, c14n="http://www.w3.org/TR/2001/REC-xml-c14n-20010315")


@attack
def two_elements_with_one_id(browser):
    """SAML core 1.3.4."""
    if not forge.SIGNING_STYLE.response:
        return browser.sign_on(assertion_id="_r0000000000000001")
    response = signed_by_idp(browser)  # signxml signs no Response that is ambiguous already
    assertion_of(response).set("ID", response.get("ID"))
    return browser.post(response)


@attack
def ids_that_differ_in_case_only(browser):
    """SAML core 1.3.4."""
    return browser.sign_on(assertion_id="_R0000000000000001")


@attack
def object_with_the_id_of_the_assertion(browser):
    """SAML core 1.3.4 and 5.4.2."""
    response = signed_by_idp(browser)
    part = signed_part(response)
    etree.SubElement(signature_of(part), f"{{{DS}}}Object", Id=part.get("ID"))
    return browser.post(response)


@attack
def attribute_pollution(browser):
    """SAML core 2.3.3."""
    response = signed_by_idp(browser)
    assertion_of(response).set(f"{{{NS['samlp']}}}ID", "_other")
    return browser.post(response)


@attack
def relative_namespace(browser):
    document = etree.tostring(signed_by_idp(browser)).replace(b"<samlp:Status>", b'<samlp:Status xmlns:x="1">', 1)
    return browser.post(document)


def with_namespaces(browser: Any, declarations: str) -> Any:
    """Where no signature covers them."""
    document = etree.tostring(signed_by_idp(browser))
    return browser.post(document.replace(b"<samlp:Status>", f"<samlp:Status{declarations}>".encode(), 1))


@attack
def namespaces_without_end(browser):
    return with_namespaces(browser, "".join(f' xmlns:n{number}="urn:n:{number}"' for number in range(60)))


@attack
def endless_namespace(browser):
    return with_namespaces(browser, f' xmlns:n="urn:{"n" * 5000}"')


@attack
def attributes_without_end(browser):
    attributes = " ".join(f'a{number}=""' for number in range(60))
    return browser.sign_on(extensions=f'<samlp:Extensions><x:e xmlns:x="urn:x" {attributes}/></samlp:Extensions>')


@attack
def markup_without_end(browser):
    many = '<x:e xmlns:x="urn:x"/>' + "<e/>" * 5000
    return browser.sign_on(extensions=f"<samlp:Extensions>{many}</samlp:Extensions>")


@attack
def key_info_that_is_fetched(browser):
    """SAML core 5.4.5."""
    response = signed_by_idp(browser)
    info = response.find(".//ds:KeyInfo", NS)
    etree.SubElement(info, f"{{{DS}}}RetrievalMethod", URI="http://127.0.0.1:9/key")
    return browser.post(response)
