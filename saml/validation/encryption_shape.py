"""What an encrypted part may look like, before anything is decrypted: AES, its key under RSA-OAEP, nothing fetched.

The key may stand where identity providers put it: inside EncryptedData's KeyInfo, or beside EncryptedData, found by a
RetrievalMethod (Okta) or by nothing at all. For several recipients there are several of them.
"""

from collections.abc import Collection

from lxml import etree

from saml.errors import MessageRefused
from saml.refusals.reasons import Reason
from saml.validation.message_shape import local_name
from saml.validation.signature_shape import require_children
from saml.xml.algorithms import CONTENT_ENCRYPTION, KEY_TRANSPORT, RSA_1_5
from saml.xml.parser import DS, SAML, XENC, XENC11, tag

ENCRYPTED_ASSERTION = tag(SAML, "EncryptedAssertion")
ENCRYPTED_ID = tag(SAML, "EncryptedID")
ENCRYPTED_ATTRIBUTE = tag(SAML, "EncryptedAttribute")
ENCRYPTED_DATA = tag(XENC, "EncryptedData")
ENCRYPTED_KEY = tag(XENC, "EncryptedKey")
RETRIEVAL_METHOD = tag(DS, "RetrievalMethod")
MOST_KEYS = 10  # recipients of one encrypted part; each may be tried with each of our keys
MOST_PARTS = 50  # encrypted parts of one message
_GUARD = "has_plain_encryption"
_METHOD = tag(XENC, "EncryptionMethod")
_CIPHER = tag(XENC, "CipherData")
_KEY_INFO = tag(DS, "KeyInfo")
_HINTS = (tag(DS, "KeyName"), tag(DS, "X509Data"))
_PARAMETERS = (tag(DS, "DigestMethod"), tag(XENC11, "MGF"))


def has_plain_encryption(root: etree._Element) -> None:
    """What is encrypted is one element, with AES, under keys that stand beside it (RSA-OAEP); nothing is fetched."""
    parts = list(root.iter(ENCRYPTED_ASSERTION, ENCRYPTED_ID, ENCRYPTED_ATTRIBUTE))
    if len(parts) > MOST_PARTS:
        raise MessageRefused(_GUARD, Reason.TOO_MANY_ENCRYPTED_PARTS)
    for part in parts:
        _require_plain(part)


def keys_of(part: etree._Element) -> list[etree._Element]:
    """Every EncryptedKey of an encrypted part, inside EncryptedData and beside it."""
    inside = part.findall(f"{ENCRYPTED_DATA}/{_KEY_INFO}/{ENCRYPTED_KEY}")
    return [*inside, *part.findall(ENCRYPTED_KEY)]


def _require_plain(part: etree._Element) -> None:
    require_children(part, [(ENCRYPTED_DATA, 1, 1), (ENCRYPTED_KEY, 0, MOST_KEYS)], _GUARD)
    data = part[0]
    if data.get("Type", f"{XENC}Element") != f"{XENC}Element":
        raise MessageRefused(
            _GUARD, Reason.ENCRYPTED_AS_ANOTHER_TYPE, element=local_name(part.tag), stated=_short(data.get("Type"))
        )
    require_children(data, [(_METHOD, 1, 1), (_KEY_INFO, 0, 1), (_CIPHER, 1, 1)], _GUARD)
    _require_algorithm(data, CONTENT_ENCRYPTION, "AES")
    for key_info in data.findall(_KEY_INFO):
        _require_plain_key_info(key_info, part)
    keys = keys_of(part)
    if not keys:
        raise MessageRefused(_GUARD, Reason.NO_ENCRYPTED_KEY, element=local_name(part.tag))
    if len(keys) > MOST_KEYS:
        raise MessageRefused(_GUARD, Reason.TOO_MANY_ENCRYPTED_KEYS, element=local_name(part.tag), count=len(keys))
    for key in keys:
        _require_plain_key(key)
    for holder in (data, *keys):
        require_children(holder.find(_CIPHER), [(tag(XENC, "CipherValue"), 1, 1)], _GUARD)


def _require_plain_key_info(key_info: etree._Element, part: etree._Element) -> None:
    """A RetrievalMethod may lead to a key beside the data, and nowhere else."""
    beside = {key.get("Id") for key in part.findall(ENCRYPTED_KEY)} - {None}
    if len(key_info) > 2 * MOST_KEYS:
        raise MessageRefused(_GUARD, Reason.KEY_INFO_TOO_LONG)
    for child in key_info:
        if child.tag == RETRIEVAL_METHOD:
            if (child.get("URI") or "")[:1] != "#" or (child.get("URI") or "")[1:] not in beside or len(child):
                raise MessageRefused(_GUARD, Reason.KEY_ELSEWHERE, stated=_short(child.get("URI")))
        elif child.tag not in {ENCRYPTED_KEY, *_HINTS}:
            raise MessageRefused(
                _GUARD, Reason.PART_NOT_ALLOWED, element="KeyInfo", part=local_name(str(child.tag))[:100]
            )


def _require_plain_key(key: etree._Element) -> None:
    """KeyInfo inside EncryptedKey is a hint which key is meant, in as many forms as there are vendors: not read."""
    hints = [(tag(XENC, "ReferenceList"), 0, 1), (tag(XENC, "CarriedKeyName"), 0, 1)]
    require_children(key, [(_METHOD, 1, 1), (_KEY_INFO, 0, 1), (_CIPHER, 1, 1), *hints], _GUARD)
    if key[0].get("Algorithm") == RSA_1_5:
        raise MessageRefused(_GUARD, Reason.KEY_UNDER_RSA_1_5)
    _require_algorithm(key, KEY_TRANSPORT, "RSA-OAEP")
    for parameter in key[0]:
        if parameter.tag not in _PARAMETERS:
            raise MessageRefused(_GUARD, Reason.OAEP_PARAMETER, part=local_name(str(parameter.tag))[:100])


def _require_algorithm(element: etree._Element, accepted: Collection[str], wanted: str) -> None:
    stated = element[0].get("Algorithm")
    if stated not in accepted:
        raise MessageRefused(
            _GUARD,
            Reason.ENCRYPTION_ALGORITHM,
            element=local_name(element.tag),
            stated=_short(stated),
            wanted=wanted,
        )


def _short(value: str | None) -> str | None:
    return value[:100] if value else None
