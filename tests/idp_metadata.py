"""The metadata document of an Entra-shaped identity provider, for tests that need one without signing anything."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from tests.kept import rsa_key

METADATA = """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sts.example.com/tenant/">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
<X509Certificate>CERTIFICATE</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
 Location="https://login.example.com/tenant/saml2"/></IDPSSODescriptor></EntityDescriptor>"""


def entra_metadata() -> bytes:
    """The document with a certificate of its own."""
    key = rsa_key("metadata")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Federated SSO Certificate")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=1))
    certificate = builder.not_valid_after(now + timedelta(days=400)).sign(key, SHA256())
    body = "".join(certificate.public_bytes(Encoding.PEM).decode().splitlines()[1:-1])
    return METADATA.replace("CERTIFICATE", body).encode()
