"""The federation metadata: shaped like Entra's, with its byte-order mark and its WS-Federation role."""

from pretend_entra.identity_provider.addresses import Addresses
from pretend_entra.identity_provider.keys import SigningKey

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Readers have to look past the first role: its key is there for another protocol.
_TEMPLATE = """<?xml version="1.0" encoding="utf-8"?>\
<EntityDescriptor ID="_{tenant}" entityID="{entity_id}" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">\
<RoleDescriptor xsi:type="fed:SecurityTokenServiceType" \
protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706">\
<KeyDescriptor use="signing">{key_info}</KeyDescriptor></RoleDescriptor>\
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">\
<KeyDescriptor use="signing">{key_info}</KeyDescriptor>\
<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{saml_url}"/>\
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{saml_url}"/>\
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{saml_url}"/>\
</IDPSSODescriptor></EntityDescriptor>"""
_KEY_INFO = (
    '<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{certificate}'
    "</X509Certificate></X509Data></KeyInfo>"
)


def federation_metadata(addresses: Addresses, key: SigningKey) -> bytes:
    """Return the metadata document of the tenant's application."""
    document = _TEMPLATE.format(
        tenant=addresses.tenant_id,
        entity_id=addresses.entity_id,
        saml_url=addresses.saml_url,
        key_info=_KEY_INFO.format(certificate=key.certificate_base64),
    )
    return BYTE_ORDER_MARK + document.encode()
