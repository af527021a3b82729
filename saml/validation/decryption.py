"""Encrypted parts of a message: opened here, and then judged like any other.

Encryption says nothing about who wrote a message, since our certificate is public: what comes out is as untrusted as
what came in, and takes the same way through ``allow_list``, signature, checks and python3-saml.

Every failure here is one check, ``is_encrypted_for_us``, with one answer to whoever posted it: AES-CBC protects nothing
against change, and an answer that distinguishes "cannot be decrypted" from "is not signed" is a decryption oracle.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from lxml import etree

from saml.certificates import SigningCertificate
from saml.errors import MessageRefused, UnreadableXml
from saml.refusals.reasons import Reason
from saml.validation.allow_list import RESPONSE_LIMIT
from saml.validation.encryption_shape import (
    ENCRYPTED_ASSERTION,
    ENCRYPTED_ATTRIBUTE,
    ENCRYPTED_DATA,
    ENCRYPTED_ID,
    keys_of,
)
from saml.validation.expectation import Expectation, Keys
from saml.validation.message_shape import has_no_oddities, local_name
from saml.validation.signature import require_fitting
from saml.xml.algorithms import CONTENT_ENCRYPTION, RSA_OAEP, RSA_OAEP_MGF1P
from saml.xml.parser import DS, SAML, XENC, XENC11, parse, tag, text

_BLOCK = 16  # bytes, AES
_NONCE = 12  # bytes, xmlenc 1.1, 5.2.4
_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    f"{DS}sha1": hashes.SHA1,
    f"{XENC}sha256": hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384,
    f"{XENC}sha512": hashes.SHA512,
}
_MASKS: dict[str, type[hashes.HashAlgorithm]] = {
    f"{XENC11}mgf1sha1": hashes.SHA1,
    f"{XENC11}mgf1sha256": hashes.SHA256,
    f"{XENC11}mgf1sha384": hashes.SHA384,
    f"{XENC11}mgf1sha512": hashes.SHA512,
}


@dataclass(frozen=True, slots=True)
class ClearResponse:
    """``document``: the response with its assertion in the clear; nothing in it is trusted yet.

    ``received``: the tree that the allow-list accepted, when nothing had to be opened and it is the document still.
    ``signed_by``: what the Response was signed with as it was received, when its assertion had to be opened.
    """

    document: bytes
    received: etree._Element | None = None
    signed_by: SigningCertificate | None = None


def decrypt_assertion(document: bytes, root: etree._Element, expected: Expectation) -> ClearResponse:
    """The response with its assertion in the clear; ``document`` itself when its assertion is not encrypted.

    ``root``: the document, parsed, after ``allow_list``. A signature of the Response covers the bytes as they were
    received, so it is verified and taken off before they change. Our keys are asked for only if need be.
    Raises: MessageRefused.
    """
    encrypted = root.find(ENCRYPTED_ASSERTION)
    if encrypted is None:
        return ClearResponse(document, received=root)
    signed_by = None
    for signature in root.findall(tag(DS, "Signature")):
        signed_by = require_fitting(root, signature, expected.certificates)
        root.remove(signature)
    _replace(encrypted, tag(SAML, "Assertion"), expected.keys, expected.sp_entity_id)
    clear: bytes = etree.tostring(root)
    if len(clear) > RESPONSE_LIMIT:
        raise _refused(Reason.DECRYPTED_TOO_LARGE)
    return ClearResponse(clear, signed_by=signed_by)


def decrypt_parts(root: etree._Element, keys: Keys, *, recipient: str = "") -> etree._Element:
    """The same tree with the name (EncryptedID) and the attributes that are encrypted one by one in the clear.

    Called for signed messages only: an unauthenticated client must not learn what can be decrypted.
    Raises: MessageRefused.
    """
    for part in list(root.iter(ENCRYPTED_ID, ENCRYPTED_ATTRIBUTE)):
        wanted = "NameID" if part.tag == ENCRYPTED_ID else "Attribute"
        has_no_oddities(_replace(part, tag(SAML, wanted), keys, recipient))
    return root


def _replace(encrypted: etree._Element, wanted: str, keys: Keys, recipient: str) -> etree._Element:
    clear = _element(_decrypted(encrypted, keys(), recipient), encrypted, wanted)
    clear.tail = encrypted.tail
    encrypted.getparent().replace(encrypted, clear)
    return clear


def _refused(reason: Reason, **parameters: Any) -> MessageRefused:
    return MessageRefused("is_encrypted_for_us", reason, **parameters)


def _element(content: bytes, place: etree._Element, wanted: str) -> etree._Element:
    """Parse what was decrypted where it belongs, since its prefixes may be declared further out (xmlenc 4.3.3)."""
    declared = b"".join(_declaration(prefix, uri) for prefix, uri in place.nsmap.items())
    try:
        wrapper = parse(b"<around%s>%s</around>" % (declared, content), limit=RESPONSE_LIMIT)
    except UnreadableXml as error:
        raise _refused(Reason.DECRYPTED_UNREADABLE, problem=error.reason, **error.parameters) from error
    is_one = [child.tag for child in wrapper] == [wanted]
    if not is_one or f"{wrapper.text or ''}{wrapper[0].tail or ''}".strip():
        raise _refused(Reason.DECRYPTED_NOT_ONE_ELEMENT, element=local_name(wanted))
    element: etree._Element = wrapper[0]
    return element


def _declaration(prefix: str | None, uri: str) -> bytes:
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    quoted = uri.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return f' {name}="{quoted}"'.encode()


def _decrypted(encrypted: etree._Element, keys: Iterable[RSAPrivateKey], recipient: str) -> bytes:
    """Xmlenc 4.4: the key first, with any key of ours that fits, then the content."""
    data = encrypted.find(ENCRYPTED_DATA)
    algorithm = "" if data is None else _algorithm(data)
    wanted = CONTENT_ENCRYPTION.get(algorithm)
    if wanted is None:
        raise _refused(Reason.ENCRYPTION_NOT_ACCEPTED)
    key = _content_key(_for_us_first(keys_of(encrypted), recipient), list(keys))
    if len(key) != wanted:
        raise _refused(Reason.ENCRYPTION_KEY_LENGTH)
    content = _value(data)
    return _open_gcm(key, content) if algorithm.endswith("-gcm") else _open_cbc(key, content)


def _for_us_first(wrapped: list[etree._Element], recipient: str) -> list[etree._Element]:
    """Those that name us, then those that name nobody, then the others: some name us by another address."""
    return sorted(wrapped, key=lambda key: {recipient: 0, None: 1}.get(key.get("Recipient"), 2))


def _content_key(wrapped: list[etree._Element], keys: list[RSAPrivateKey]) -> bytes:
    """What is not as long as our key is for another one; so nobody makes us try in vain often."""
    for each in wrapped:
        padding, value = _oaep(each), _value(each)
        for key in keys:
            if len(value) * 8 != key.key_size:
                continue
            try:
                return key.decrypt(value, padding)
            except ValueError:
                continue
    raise _refused(Reason.ENCRYPTED_FOR_ANOTHER)


def _oaep(wrapped: etree._Element) -> OAEP:
    """rsa-oaep-mgf1p always masks with SHA-1; rsa-oaep does unless it says otherwise (xmlenc 1.1, 5.5.2)."""
    digest = wrapped.find(f"{tag(XENC, 'EncryptionMethod')}/{tag(DS, 'DigestMethod')}")
    mask = wrapped.find(f"{tag(XENC, 'EncryptionMethod')}/{tag(XENC11, 'MGF')}")
    stated = (
        f"{DS}sha1" if digest is None else digest.get("Algorithm"),
        f"{XENC11}mgf1sha1" if mask is None else mask.get("Algorithm"),
    )
    usable = stated[0] in _DIGESTS and stated[1] in _MASKS
    if not usable or _algorithm(wrapped) not in {RSA_OAEP, RSA_OAEP_MGF1P}:
        raise _refused(Reason.ENCRYPTION_NOT_ACCEPTED)
    if _algorithm(wrapped) == RSA_OAEP_MGF1P and stated[1] != f"{XENC11}mgf1sha1":
        raise _refused(Reason.ENCRYPTION_NOT_ACCEPTED)
    return OAEP(mgf=MGF1(_MASKS[stated[1]]()), algorithm=_DIGESTS[stated[0]](), label=None)


def _algorithm(element: etree._Element) -> str:
    method = element.find(tag(XENC, "EncryptionMethod"))
    return "" if method is None else method.get("Algorithm") or ""


def _value(element: etree._Element) -> bytes:
    value = element.find(f"{tag(XENC, 'CipherData')}/{tag(XENC, 'CipherValue')}")
    try:
        return _base64(text(value)) if value is not None else b""
    except (binascii.Error, ValueError) as error:
        raise _refused(Reason.ENCRYPTED_NOT_BASE64) from error


def _base64(value: str) -> bytes:
    return base64.b64decode(value.encode("ascii").translate(None, b" \t\r\n"), validate=True)


def _open_gcm(key: bytes, content: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(content[:_NONCE], content[_NONCE:], None)
    except (InvalidTag, ValueError) as error:
        raise _refused(Reason.ENCRYPTED_CHANGED) from error


def _open_cbc(key: bytes, content: bytes) -> bytes:
    """The last byte says how many bytes are padding; what stands in the others is anybody's choice (xmlenc 5.2.2)."""
    if len(content) < 2 * _BLOCK or len(content) % _BLOCK:
        raise _refused(Reason.ENCRYPTED_INCOMPLETE)
    decryptor = Cipher(AES(key), CBC(content[:_BLOCK])).decryptor()
    padded = decryptor.update(content[_BLOCK:]) + decryptor.finalize()
    if not 1 <= padded[-1] <= _BLOCK:
        raise _refused(Reason.ENCRYPTED_CHANGED)
    return padded[: -padded[-1]]
