"""Who an assertion says is signing in: by its NameID, or by the claim that the connection names instead. Pure."""

import unicodedata

from saml.errors import MessageRefused
from saml.refusals.causes import Cause
from saml.refusals.reasons import Reason
from saml.validation.assertion import OBJECT_ID, Assertion

LONGEST_NAME = 256  # characters, SAML core 8.3.7
LONGEST_OBJECT_ID = 200

_FORMAT = "urn:oasis:names:tc:SAML:{}:nameid-format:{}"
PERSISTENT = _FORMAT.format("2.0", "persistent")
TRANSIENT = _FORMAT.format("2.0", "transient")
WINDOWS = _FORMAT.format("1.1", "WindowsDomainQualifiedName")
# Absent means unspecified (SAML core 2.2.2). Some identity providers write the wrong version before a right format.
_ACCEPTED = {"", PERSISTENT, TRANSIENT} | {
    _FORMAT.format(version, name) for version in ("1.1", "2.0") for name in ("emailAddress", "unspecified")
}


def require_known_format(assertion: Assertion, person_claim: str) -> None:
    """Refuse a NameID whose format cannot name a person at this connection (SAML core 8.3).

    Raises: MessageRefused("has_a_known_name_format").
    """
    stated = assertion.name_id_format
    if stated == WINDOWS:
        raise MessageRefused("has_a_known_name_format", Reason.NAME_ID_IS_WINDOWS)
    if stated not in _ACCEPTED:
        raise MessageRefused("has_a_known_name_format", Reason.NAME_ID_FORMAT, stated=stated[:150])
    if stated == TRANSIENT and not person_claim:
        raise MessageRefused("has_a_known_name_format", Reason.NAME_ID_IS_TRANSIENT, cause=Cause.TRANSIENT)


def sign_in_name(assertion: Assertion, person_claim: str) -> str:
    """What is compared with work e-mails: the NameID, or the value of ``person_claim`` when the connection names one.

    Raises: MessageRefused("says_who_signs_in") when the claim is missing, has several values (in one Attribute or in
    several), or is no name; two values would leave it to chance who signs in.
    """
    object_id = assertion.single(OBJECT_ID) or ""
    _require_plain(object_id, "objectidentifier", LONGEST_OBJECT_ID)
    if not person_claim:
        return assertion.name_id.strip()
    if person_claim in assertion.repeated:
        raise MessageRefused("says_who_signs_in", Reason.CLAIM_REPEATED, claim=person_claim)
    stated = assertion.single(person_claim)
    if stated is None:
        raise MessageRefused("says_who_signs_in", Reason.CLAIM_MISSING, claim=person_claim)
    _require_plain(stated, person_claim, LONGEST_NAME)
    return stated


def persistent_id(assertion: Assertion) -> str:
    """The NameID when it is one that stays with the person for ever; "" otherwise."""
    return assertion.name_id.strip() if assertion.name_id_format == PERSISTENT else ""


def has_invisible_characters(value: str) -> bool:
    """Cc are control characters; Cf invisible ones, such as a zero-width space or a change of writing direction."""
    return any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} for character in value)


def _require_plain(value: str, claim: str, limit: int) -> None:
    if len(value) > limit:
        raise MessageRefused("says_who_signs_in", Reason.CLAIM_TOO_LONG, claim=claim)
    if has_invisible_characters(value):
        raise MessageRefused("says_who_signs_in", Reason.CLAIM_INVISIBLE, claim=claim)
