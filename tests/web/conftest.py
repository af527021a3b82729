"""Browsers for tests of pages: signed in through the real sign-in page, or through a linked identity."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.auth import SESSION_KEY as USER_KEY
from django.test import Client

from gatekeeper.directory.models import User
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from gatekeeper.sessions.browser_session import BACKEND, SESSION_KEY
from tests.builders import ADMIN, PASSWORD, link, make_administrator, make_group, make_provider, make_user, map_group
from tests.kept import rsa_key

SIGN_IN = "/sign-in/"


@pytest.fixture
def administrator(db: None) -> User:
    return make_administrator()


@pytest.fixture
def admin_client(administrator: User, client: Client) -> Client:
    """A browser of the local administrator, signed in by the page's own form."""
    answer = client.post(SIGN_IN, {"email": "root@example.com", "password": PASSWORD})
    assert answer.status_code == 302
    return client


@pytest.fixture
def browser_of(db: None) -> Callable[[User], Client]:
    """A browser of a person who came in through an identity provider."""

    def sign_in(user: User) -> Client:
        browser = Client()
        session = browser.session
        session[USER_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = BACKEND
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session[SESSION_KEY] = str(open_sign_in(user, actor=ADMIN).id)
        session.save()
        return browser

    return sign_in


@pytest.fixture
def person_with(browser_of: Callable[[User], Client]) -> Callable[..., Client]:
    """A browser of somebody whose group gives this level and these permissions."""

    def make(level: str = "collaborator", *permissions: str) -> Client:
        make_provider()
        user = make_user("person@example.com")
        map_group(make_group("GK People", [user]), level, permissions)
        link()
        return browser_of(user)

    return make


@pytest.fixture(scope="session")
def metadata() -> bytes:
    """The metadata document of an Entra-shaped identity provider, with a certificate of its own."""
    key = rsa_key("metadata")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Federated SSO Certificate")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=1))
    certificate = builder.not_valid_after(now + timedelta(days=400)).sign(key, SHA256())
    body = "".join(certificate.public_bytes(Encoding.PEM).decode().splitlines()[1:-1])
    return METADATA.replace("CERTIFICATE", body).encode()


METADATA = """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sts.example.com/tenant/">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
<X509Certificate>CERTIFICATE</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
 Location="https://login.example.com/tenant/saml2"/></IDPSSODescriptor></EntityDescriptor>"""
