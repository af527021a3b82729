"""Reading identity providers' metadata."""

import pytest

from saml.errors import MetadataRefused
from saml.metadata import read_metadata, warn_about_address
from tests.saml.forge import DS, ENTITY_ID, SSO_URL, metadata
from tests.saml.keys import key_pair

WS_FED = (
    '<RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="urn:fed" '
    'xsi:type="fed:SecurityTokenServiceType" protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706">'
    f'<KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>'
    f"{key_pair('wsfed').certificate_base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor></RoleDescriptor>"
)


def test_entras_document_is_read_byte_order_mark_and_all():
    """SAML metadata 2.3.2 (entityID) and 2.4.3 (SingleSignOnService)."""
    facts = read_metadata(metadata())

    assert (facts.entity_id, facts.sso_url, facts.slo_url) == (ENTITY_ID, SSO_URL, SSO_URL)
    assert len(facts.certificates) == 1


def test_certificates_of_ws_federation_are_not_taken():
    """SAML metadata 2.4.1: another role of the same entity."""
    facts = read_metadata(metadata(before=WS_FED))

    assert [each.subject for each in facts.certificates] == ["CN=idp"]


def test_every_signing_certificate_is_taken_once():
    """SAML metadata 2.4.1.1."""
    facts = read_metadata(metadata(key_pair(), key_pair("next"), key_pair()))

    assert len(facts.certificates) == 2


def test_a_certificate_for_encryption_only_is_not_taken():
    """SAML metadata 2.4.1.1."""
    with pytest.raises(MetadataRefused, match="no signing certificate"):
        read_metadata(metadata().replace(b'use="signing"', b'use="encryption"'))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "well-formed"),
        (b"not xml", "well-formed"),
        (b"<html/>", "EntityDescriptor"),
        (b"<!DOCTYPE x>" + metadata(bom=False), "DOCTYPE"),
        (metadata().decode("utf-8-sig").encode("utf-16")[2:], "UTF-8"),
        (metadata() + b" " * 1_100_000, "larger than"),
        (metadata(entity_id="https://sts.windows.net/{tenantid}/"), "all tenants"),
        (metadata(entity_id=""), "entityID"),
        (metadata(sso_url="http://login.example/sso"), "https"),
        (metadata(sso_url="javascript:alert(1)"), "https"),
        (metadata(sso_url="https://user@login.example/"), "https"),
        (metadata().replace(b"IDPSSODescriptor", b"SPSSODescriptor"), "IDPSSODescriptor"),
        (metadata().replace(b"MII", b"%%%"), "base64"),
        (metadata(key_pair("weak", bits=1024)), "1024 bits"),
    ],
)
def test_a_document_that_could_sign_nobody_in_is_refused_with_a_reason(document, reason):
    """SAML metadata 2.2.1 (entityID), 2.2.2 (endpoints), 2.4.1.1 (keys) and 2.4.3 (the role)."""
    with pytest.raises(MetadataRefused, match=reason):
        read_metadata(document)


def test_an_address_of_entra_without_appid_is_doubted():
    address = "https://login.microsoftonline.com/t/federationmetadata/2007-06/federationmetadata.xml"

    assert "appid" in (warn_about_address(address) or "")
    assert warn_about_address(f"{address}?appid=1") is None
