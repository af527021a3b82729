"""Signatures of the redirect binding: RSA and ECDSA, as the standards write them and as some libraries do.

SAML bindings 3.4.4.1.
"""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from django.test import Client

from gatekeeper.directory.models import SignIn
from saml.certificates import from_der
from saml.connections.lifecycle import create_connection
from saml.errors import MessageRefused
from saml.validation.signature import verify_query
from tests.builders import ADMIN, link, make_user, map_group
from tests.saml.certificates import made
from tests.saml.documents import document, entity, idp, key, service
from tests.saml.logout.test_logout import deflate, logout_request

QUERY = b"SAMLRequest=fZHBTsMw&SigAlg=x"
PREFIX = "http://www.w3.org/2001/04/xmldsig-more#"
HASHES = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}
CURVES = ("p-256", "p-384", "p-521", "brainpool-256")


def ecdsa(kind: str, bits: int, *, raw: bool, message: bytes = QUERY) -> bytes:
    private = made(kind).key
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    value = private.sign(message, ec.ECDSA(HASHES[bits]))
    length = (private.key_size + 7) // 8
    return b"".join(part.to_bytes(length, "big") for part in decode_dss_signature(value)) if raw else value


@pytest.mark.parametrize("raw", [True, False], ids=["r and s", "DER"])
@pytest.mark.parametrize("bits", HASHES)
@pytest.mark.parametrize("kind", CURVES)
def test_ecdsa_is_verified_in_both_forms(kind, bits, raw):
    """RFC 4051 2.3.6: r and s side by side; some write DER, as RFC 3279 has it."""
    value, algorithm = ecdsa(kind, bits, raw=raw), f"{PREFIX}ecdsa-sha{bits}"
    certificates = [from_der(made().der), from_der(made("p-384", name="another").der), from_der(made(kind).der)]

    assert verify_query(QUERY, value, algorithm, certificates)
    assert not verify_query(QUERY + b"x", value, algorithm, certificates)
    assert not verify_query(QUERY, value, algorithm, certificates[:2])
    assert not verify_query(QUERY, value[:-1] + bytes([value[-1] ^ 1]), algorithm, certificates)


@pytest.mark.parametrize("bits", HASHES)
def test_rsa_is_verified_and_neither_passes_for_the_other(bits):
    value = made().key.sign(QUERY, padding.PKCS1v15(), HASHES[bits])
    rsa, elliptic = from_der(made().der), from_der(made("p-256").der)

    assert verify_query(QUERY, value, f"{PREFIX}rsa-sha{bits}", [elliptic, rsa])
    assert not verify_query(QUERY, value, f"{PREFIX}ecdsa-sha{bits}", [elliptic, rsa])
    assert not verify_query(QUERY, ecdsa("p-256", bits, raw=True), f"{PREFIX}rsa-sha{bits}", [elliptic, rsa])


@pytest.mark.parametrize(
    "value", [b"", b"\x00", b"\x00" * 64, b"\xff" * 64, b"\x30\x06\x02\x01\x00\x02\x01\x00", b"x" * 9_999]
)
def test_values_that_are_no_signature_are_none(value):
    assert not verify_query(QUERY, value, f"{PREFIX}ecdsa-sha256", [from_der(made("p-256").der)])


@pytest.mark.parametrize(
    "algorithm", [f"{PREFIX}ecdsa-sha1", f"{PREFIX}hmac-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1", ""]
)
def test_weak_and_unknown_algorithms_are_refused(algorithm):
    value = made("p-256").key.sign(QUERY, ec.ECDSA(hashes.SHA1()))

    assert not verify_query(QUERY, value, algorithm, [from_der(made("p-256").der), from_der(made().der)])


@pytest.mark.parametrize("kind", ["rsa", "p-256"])
def test_a_certificate_that_is_not_valid_yet_signs_nothing(kind):
    own = made(kind)
    value = own.key.sign(QUERY, padding.PKCS1v15(), HASHES[256]) if kind == "rsa" else ecdsa(kind, 256, raw=True)
    certificate = from_der(own.der)
    early = replace(certificate, not_before=datetime.now(UTC) + timedelta(days=3))
    algorithm = f"{PREFIX}{'rsa' if kind == 'rsa' else 'ecdsa'}-sha256"

    assert verify_query(QUERY, value, algorithm, [certificate])
    with pytest.raises(MessageRefused, match="certificate_not_yet_valid"):
        verify_query(QUERY, value, algorithm, [early])


@pytest.mark.parametrize("raw", [True, False], ids=["r and s", "DER"])
@pytest.mark.django_db
def test_a_logout_request_that_is_signed_with_ecdsa_ends_every_session_of_the_person(raw):
    """Only a signed one may leave the SessionIndex out, so that the signature counted shows."""
    content = document(entity(idp(key(made().base64), key(made("p-256").base64), service())))
    connection = create_connection("ECDSA", document=content, actor=ADMIN)
    map_group(None, "collaborator")
    user = make_user("ada.obi@contoso.com")
    link()
    SignIn.objects.create(user=user, provider=connection.provider, name_id="ada.obi@contoso.com", session_index="_s1")
    request = deflate(logout_request(connection, index="", issuer=connection.idp_entity_id))
    query = urlencode({"SAMLRequest": request, "SigAlg": f"{PREFIX}ecdsa-sha256"})
    signature = ecdsa("p-256", 256, raw=raw, message=query.encode())

    changed = urlencode({"Signature": base64.b64encode(signature[:-1] + bytes([signature[-1] ^ 1]))})
    assert Client().get(f"/saml/{connection.id}/logout?{query}&{changed}").status_code == 400
    assert SignIn.objects.live().exists()
    Client().get(f"/saml/{connection.id}/logout?{query}&{urlencode({'Signature': base64.b64encode(signature)})}")
    assert not SignIn.objects.live().exists()
