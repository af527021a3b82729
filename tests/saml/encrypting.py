"""Assertions encrypted by others than the site: libxmlsec for honest ones, cryptography for what it would not do."""

import base64
import os
from enum import Enum
from typing import Any

import xmlsec as _xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from saml.connections.key_pairs import key_pairs
from saml.models import Connection
from tests.saml.forge import DS, NS

xmlsec: Any = _xmlsec
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
AES256_CBC, AES256_GCM = f"{XENC}aes256-cbc", f"{XENC11}aes256-gcm"
OAEP_MGF1P, OAEP_11, RSA_1_5 = f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep", f"{XENC}rsa-1_5"
HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
DIGEST_NAMES = {
    "sha1": f"{DS}sha1",
    "sha256": f"{XENC}sha256",
    "sha384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "sha512": f"{XENC}sha512",
}


_DATA_ID = ' Id="_data"'


class Place(Enum):
    """Where identity providers put the EncryptedKey."""

    INSIDE = "inside EncryptedData"
    RETRIEVED = "beside it, found by a RetrievalMethod"  # Okta
    BESIDE = "beside it, pointing back with a ReferenceList"
    BESIDE_ALONE = "beside it, without any KeyInfo"

    @property
    def points_back(self) -> bool:
        return self in {Place.BESIDE, Place.RETRIEVED}


def our_certificate(connection: Connection) -> bytes:
    """The one in use (DER), as an identity provider has it from our metadata."""
    return bytes(key_pairs(connection)[0].der)


def encrypt_with_libxmlsec(
    response: etree._Element, certificate: bytes, *, content: str = "AES256", transport: str = "RSA_OAEP"
) -> etree._Element:
    """The response with its assertion encrypted, as an identity provider that uses libxmlsec does it."""
    response = etree.fromstring(etree.tostring(response))
    assertion = response.find("saml:Assertion", NS)
    around = etree.Element(f"{{{NS['saml']}}}EncryptedAssertion", nsmap={"saml": NS["saml"]})
    response.replace(assertion, around)
    around.append(assertion)
    data = xmlsec.template.encrypted_data_create(
        around, getattr(xmlsec.Transform, content), type=xmlsec.EncryptionType.ELEMENT, ns="xenc"
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
    key = xmlsec.template.add_encrypted_key(info, getattr(xmlsec.Transform, transport))
    xmlsec.template.encrypted_data_ensure_cipher_value(key)
    manager = xmlsec.KeysManager()
    pem = x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)
    manager.add_key(xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.CERT_PEM))
    context = xmlsec.EncryptionContext(manager)
    bits = int("".join(filter(str.isdigit, content.split("_", maxsplit=1)[0])))
    context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, bits, xmlsec.KeyDataType.SESSION)
    around.append(context.encrypt_xml(data, assertion))
    return response


def seal(
    content: bytes,
    certificate: bytes,
    *,
    algorithm: str = AES256_GCM,
    transport: str = OAEP_MGF1P,
    digest: str | None = None,
    mask: str | None = None,
    key_bytes: int = 32,
    padding_byte: int | None = None,
    extra: str = "",
    kind: str = f"{XENC}Element",
    name: str = "EncryptedAssertion",
    place: Place = Place.INSIDE,
    others: tuple[bytes, ...] = (),
    recipients: tuple[str, ...] = (),
) -> etree._Element:
    """An EncryptedAssertion that holds ``content``, whatever it is. ``extra``: more XML inside EncryptedKey.

    ``place``: where the key stands. ``others``: certificates for which it is encrypted too, before ours;
    ``recipients``: what the keys say whom they are for, in that order.
    """
    key = os.urandom(key_bytes)
    value = _gcm(key, content) if algorithm.endswith("gcm") else _cbc(key, content, padding_byte)
    stated = f'<ds:DigestMethod Algorithm="{DIGEST_NAMES[digest]}"/>' if digest else ""
    stated += f'<xenc11:MGF xmlns:xenc11="{XENC11}" Algorithm="{XENC11}mgf1{mask}"/>' if mask else ""
    keys = ""
    for number, each in enumerate((*others, certificate)):
        wrapped = _text(_wrap(key, each, transport, digest, mask))
        recipient = f' Recipient="{recipients[number]}"' if recipients else ""
        back = (
            '<xenc:ReferenceList><xenc:DataReference URI="#_data"/></xenc:ReferenceList>' if place.points_back else ""
        )
        named = "" if place is Place.INSIDE else f' Id="_key{number}"'
        keys += (
            f"<xenc:EncryptedKey{named}{recipient}>"
            f'<xenc:EncryptionMethod Algorithm="{transport}">{stated}</xenc:EncryptionMethod>{extra}'
            f"<xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData>{back}"
            "</xenc:EncryptedKey>"
        )
    retrieval = "".join(
        f'<ds:RetrievalMethod Type="{XENC}EncryptedKey" URI="#_key{number}"/>' for number in range(len(others) + 1)
    )
    inside = {Place.INSIDE: keys, Place.RETRIEVED: retrieval}.get(place, "<ds:KeyName>ours</ds:KeyName>")
    info = "" if place is Place.BESIDE_ALONE else f"<ds:KeyInfo>{inside}</ds:KeyInfo>"
    return etree.fromstring(
        f'<saml:{name} xmlns:saml="{NS["saml"]}" xmlns:xenc="{XENC}" xmlns:ds="{DS}">'
        f'<xenc:EncryptedData{"" if place is Place.INSIDE else _DATA_ID} Type="{kind}">'
        f'<xenc:EncryptionMethod Algorithm="{algorithm}"/>{info}'
        f"<xenc:CipherData><xenc:CipherValue>{_text(value)}</xenc:CipherValue></xenc:CipherData>"
        f"</xenc:EncryptedData>{'' if place is Place.INSIDE else keys}</saml:{name}>"
    )


def encrypted(response: etree._Element, certificate: bytes, **how: Any) -> etree._Element:
    """The response with its assertion, as it stands, sealed."""
    assertion = response.find("saml:Assertion", NS)
    response.replace(assertion, seal(etree.tostring(assertion), certificate, **how))
    return response


def _wrap(key: bytes, certificate: bytes, transport: str, digest: str | None, mask: str | None) -> bytes:
    public: Any = x509.load_der_x509_certificate(certificate).public_key()
    if transport == RSA_1_5:
        return public.encrypt(key, PKCS1v15())
    mgf = MGF1(HASHES[mask or "sha1"]())
    return public.encrypt(key, OAEP(mgf=mgf, algorithm=HASHES[digest or "sha1"](), label=None))


def _gcm(key: bytes, content: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, content, None)


def _cbc(key: bytes, content: bytes, padding_byte: int | None) -> bytes:
    missing = 16 - len(content) % 16
    padded = content + os.urandom(missing - 1) + bytes([missing if padding_byte is None else padding_byte])
    start = os.urandom(16)
    encryptor = Cipher(AES(key), CBC(start)).encryptor()
    return start + encryptor.update(padded) + encryptor.finalize()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
