"""Encrypted assertions: opened here, and then judged like any other.

Encryption says nothing about who wrote a message, since our certificate is public: what comes out is as untrusted as
what came in, and takes the same way through ``allow_list``, python3-saml, signature and checks.

Every failure here is one check, ``is_encrypted_for_us``, with one answer to whoever posted it: AES-CBC protects nothing
against change, and an answer that told "cannot be decrypted" from "is not signed" would decrypt for whoever asks often.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from lxml import etree

from saml.allow_list import CONTENT_ENCRYPTION, ENCRYPTED_ASSERTION, RESPONSE_LIMIT, RSA_OAEP, RSA_OAEP_MGF1P
from saml.certificates import SigningCertificate
from saml.errors import Refused, UnreadableXml
from saml.signature import require_fitting
from saml.xml import DS, SAML, XENC, XENC11, parse, tag, text

Keys = Callable[[], Iterable[RSAPrivateKey]]
_ANOTHER_WAY = "the assertion is encrypted in a way that is not accepted."
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


def opened(document: bytes, root: etree._Element, certificates: Sequence[SigningCertificate], keys: Keys) -> bytes:
    """The response with its assertion in the clear; ``document`` itself when nothing in it is encrypted.

    ``root``: the document, parsed, after ``allow_list``. A signature of the Response covers the bytes as they were
    received, so it is verified and taken off before they change. ``keys`` is asked for our keys only if need be.
    Raises: Refused. Nothing in what is returned is trusted yet.
    """
    encrypted = root.find(ENCRYPTED_ASSERTION)
    if encrypted is None:
        return document
    for signature in root.findall(tag(DS, "Signature")):
        require_fitting(root, signature, certificates)
        root.remove(signature)
    root.replace(encrypted, _assertion(_decrypted(encrypted, keys()), encrypted))
    clear: bytes = etree.tostring(root)
    if len(clear) > RESPONSE_LIMIT:
        raise _refused("the decrypted message is too large.")
    return clear


def _refused(reason: str) -> Refused:
    return Refused("is_encrypted_for_us", reason)


def _assertion(content: bytes, place: etree._Element) -> etree._Element:
    """Parse what was decrypted where it belongs, since its prefixes may be declared further out (xmlenc 4.3.3)."""
    declared = b"".join(_declaration(prefix, uri) for prefix, uri in place.nsmap.items())
    try:
        wrapper = parse(b"<around%s>%s</around>" % (declared, content), limit=RESPONSE_LIMIT)
    except UnreadableXml as error:
        raise _refused(f"what was decrypted cannot be read. {error}") from error
    is_one = [child.tag for child in wrapper] == [tag(SAML, "Assertion")]
    if not is_one or f"{wrapper.text or ''}{wrapper[0].tail or ''}".strip():
        raise _refused("what was decrypted is not exactly one assertion.")
    assertion: etree._Element = wrapper[0]
    assertion.tail = None
    return assertion


def _declaration(prefix: str | None, uri: str) -> bytes:
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    quoted = uri.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return f' {name}="{quoted}"'.encode()


def _decrypted(encrypted: etree._Element, keys: Iterable[RSAPrivateKey]) -> bytes:
    """Xmlenc 4.4: the key first, with any key of ours that fits, then the content."""
    data = encrypted.find(tag(XENC, "EncryptedData"))
    wrapped = next(encrypted.iter(tag(XENC, "EncryptedKey")), None)
    algorithm = "" if data is None else _algorithm(data)
    wanted = CONTENT_ENCRYPTION.get(algorithm)
    if wanted is None or wrapped is None:
        raise _refused(_ANOTHER_WAY)
    key = _content_key(wrapped, keys)
    if len(key) != wanted:
        raise _refused("the key of the encrypted assertion has another length than its algorithm wants.")
    content = _value(data)
    return _open_gcm(key, content) if algorithm.endswith("-gcm") else _open_cbc(key, content)


def _content_key(wrapped: etree._Element, keys: Iterable[RSAPrivateKey]) -> bytes:
    padding, value = _oaep(wrapped), _value(wrapped)
    for key in keys:
        try:
            return key.decrypt(value, padding)
        except ValueError:
            continue
    raise _refused(
        "the assertion is encrypted for a certificate that is not ours (any more); "
        "give the identity provider the certificate that the Authentication page offers."
    )


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
        raise _refused(_ANOTHER_WAY)
    if _algorithm(wrapped) == RSA_OAEP_MGF1P and stated[1] != f"{XENC11}mgf1sha1":
        raise _refused(_ANOTHER_WAY)
    return OAEP(mgf=MGF1(_MASKS[stated[1]]()), algorithm=_DIGESTS[stated[0]](), label=None)


def _algorithm(element: etree._Element) -> str:
    method = element.find(tag(XENC, "EncryptionMethod"))
    return "" if method is None else method.get("Algorithm") or ""


def _value(element: etree._Element) -> bytes:
    value = element.find(f"{tag(XENC, 'CipherData')}/{tag(XENC, 'CipherValue')}")
    try:
        return base64.b64decode("".join(text(value).split()), validate=True) if value is not None else b""
    except (binascii.Error, ValueError) as error:
        raise _refused("the encrypted assertion is not base64.") from error


def _open_gcm(key: bytes, content: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(content[:_NONCE], content[_NONCE:], None)
    except (InvalidTag, ValueError) as error:
        raise _refused("the encrypted assertion was changed on its way.") from error


def _open_cbc(key: bytes, content: bytes) -> bytes:
    """The last byte says how many bytes are padding; what stands in the others is anybody's choice (xmlenc 5.2.2)."""
    if len(content) < 2 * _BLOCK or len(content) % _BLOCK:
        raise _refused("the encrypted assertion is incomplete.")
    decryptor = Cipher(AES(key), CBC(content[:_BLOCK])).decryptor()
    padded = decryptor.update(content[_BLOCK:]) + decryptor.finalize()
    if not 1 <= padded[-1] <= _BLOCK:
        raise _refused("the encrypted assertion was changed on its way.")
    return padded[: -padded[-1]]
