"""Verification of signed tokens (JWT, RFC 7519): issuer, audience, times, signature. RFC 8725 lists the attacks.

Cheap checks come first: a token that does not claim to be for this site causes no fetch of keys and no signature work.
Nothing of a token is used before all of the checks passed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, deserialize_compact

from gatekeeper.signed_tokens.keys import ALGORITHMS, key_for
from gatekeeper.signed_tokens.parsing import LONGEST_TOKEN, Token, parse_token
from gatekeeper.signed_tokens.reasons import TokenReason
from gatekeeper.signed_tokens.refusals import TokenRefused

CLOCKS_DIFFER_BY = timedelta(seconds=60)  # for what has not begun yet; an end is an end
LONGEST_ID = 300  # characters of a jti or kid
FindKey = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """What a token has to match, all of it from our own records.

    ``audiences``: spellings of us, any of which will do. ``types``: the accepted ``typ``; "" stands for an absent one.
    ``max_age``: since ``iat``, so that used tokens need not be remembered for ever. ``needs_expiry``: without ``exp``
    it is refused; ``needs_id``: without ``jti``. ``subject`` and ``tenant``: the ``sub`` and ``tid``; None: any.
    """

    issuer: str
    audiences: frozenset[str]
    types: frozenset[str]
    max_age: timedelta
    needs_expiry: bool
    now: datetime
    needs_id: bool = True
    subject: str | None = None
    tenant: str | None = None


Check = Callable[[Token, Expectation], None]


def verify_token(text: str, expected: Expectation, find_key: FindKey) -> Token:
    """The token, believed. ``find_key`` returns the JWK of a ``kid``, or raises TokenRefused.

    Raises: TokenRefused with the first check that failed. Whether it was used before is for ``single_use.py``.
    """
    token = parse_token(text)
    for check in CHECKS:
        check(token, expected)
    verify_signature(token, find_key)
    return token


def has_an_allowed_algorithm(token: Token, expected: Expectation) -> None:  # noqa: ARG001 - as every check
    """Asymmetric ones only: neither "none" nor an HMAC with the public key as its secret."""
    algorithm = token.header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise TokenRefused("has_an_allowed_algorithm", TokenReason.ALGORITHM)


def brings_no_key(token: Token, expected: Expectation) -> None:  # noqa: ARG001 - as every check
    """The key is one that we looked up, never one that the token brings or points at; ``crit`` asks for more of it."""
    brought = sorted(token.header.keys() & {"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"})
    if brought:
        raise TokenRefused("brings_no_key", TokenReason.HEADER_PARTS, names=", ".join(brought))


def names_its_key(token: Token, expected: Expectation) -> None:  # noqa: ARG001 - as every check
    """By ``kid``; trying every key would make forged tokens expensive."""
    kid = token.header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_ID:
        raise TokenRefused("names_its_key", TokenReason.NO_KEY_NAMED)


def has_the_expected_type(token: Token, expected: Expectation) -> None:
    """So that a token made for something else, such as an ID token, is not taken for this (RFC 8725 §3.11)."""
    stated = token.header.get("typ", "")
    kind = stated.lower().removeprefix("application/") if isinstance(stated, str) else None
    if kind not in {each.lower() for each in expected.types}:
        raise TokenRefused("has_the_expected_type", TokenReason.TYPE_IS_ANOTHER)


def comes_from_the_issuer(token: Token, expected: Expectation) -> None:
    """``iss``, to the letter."""
    if not expected.issuer or token.claims.get("iss") != expected.issuer:
        raise TokenRefused("comes_from_the_issuer", TokenReason.TOKEN_ISSUER_IS_ANOTHER)


def is_meant_for_us(token: Token, expected: Expectation) -> None:
    """``aud`` is one of our spellings, or a list in which one of them stands."""
    stated = token.claims.get("aud")
    audiences = stated if isinstance(stated, list) else [stated]
    if not any(isinstance(each, str) and each in expected.audiences for each in audiences):
        raise TokenRefused("is_meant_for_us", TokenReason.TOKEN_AUDIENCE_IS_ANOTHER)


def is_about_the_subject(token: Token, expected: Expectation) -> None:
    """``sub``, to the letter, where one is expected."""
    if expected.subject is not None and token.claims.get("sub") != expected.subject:
        raise TokenRefused("is_about_the_subject", TokenReason.SUBJECT_IS_ANOTHER)


def is_of_the_tenant(token: Token, expected: Expectation) -> None:
    """``tid``, which Entra states beside the issuer; both have to mean one tenant. Others state none."""
    if expected.tenant is None or "tid" not in token.claims:
        return
    stated = token.claims["tid"]
    if not isinstance(stated, str) or stated.lower() != expected.tenant.lower():
        raise TokenRefused("is_of_the_tenant", TokenReason.TENANT_IS_ANOTHER)


def was_issued_lately(token: Token, expected: Expectation) -> None:
    """``iat`` is there, has been, and is not too long ago."""
    issued, now = _seconds(token, "iat"), expected.now.timestamp()
    if issued is None:
        raise TokenRefused("was_issued_lately", TokenReason.NO_TIME_OF_ISSUE)
    if issued > now + CLOCKS_DIFFER_BY.total_seconds():
        raise TokenRefused("was_issued_lately", TokenReason.ISSUED_IN_THE_FUTURE)
    if issued < now - expected.max_age.total_seconds():
        raise TokenRefused("was_issued_lately", TokenReason.ISSUED_TOO_LONG_AGO)


def has_begun(token: Token, expected: Expectation) -> None:
    """``nbf``, where it is stated."""
    begins = _seconds(token, "nbf")
    if begins is not None and begins > expected.now.timestamp() + CLOCKS_DIFFER_BY.total_seconds():
        raise TokenRefused("has_begun", TokenReason.NOT_BEGUN)


def has_not_expired(token: Token, expected: Expectation) -> None:
    """``exp``, where it is stated; some tokens must state it."""
    ends = _seconds(token, "exp")
    if ends is None and expected.needs_expiry:
        raise TokenRefused("has_not_expired", TokenReason.NO_EXPIRY)
    if ends is not None and ends <= expected.now.timestamp():
        raise TokenRefused("has_not_expired", TokenReason.EXPIRED)


def has_an_id(token: Token, expected: Expectation) -> None:
    """``jti``, without which it could be used again and again. Where it may be absent, it is an id if it is there."""
    if not expected.needs_id and "jti" not in token.claims:
        return
    token_id = token.claims.get("jti")
    if not isinstance(token_id, str) or not 0 < len(token_id) <= LONGEST_ID:
        raise TokenRefused("has_an_id", TokenReason.NO_ID)


CHECKS: tuple[Check, ...] = (
    has_an_allowed_algorithm,
    brings_no_key,
    names_its_key,
    has_the_expected_type,
    comes_from_the_issuer,
    is_meant_for_us,
    is_about_the_subject,
    is_of_the_tenant,
    was_issued_lately,
    has_begun,
    has_not_expired,
    has_an_id,
)
_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_REGISTRY.max_header_length = LONGEST_TOKEN


def verify_signature(token: Token, find_key: FindKey) -> None:
    """The key of that ``kid`` is one for the stated algorithm, and the signature is by it."""
    algorithm = token.header["alg"]
    key = key_for(dict(find_key(token.header["kid"])), algorithm)
    if key is None:
        raise TokenRefused("is_signed_by_the_key", TokenReason.KEY_FOR_ANOTHER_ALGORITHM)
    try:
        deserialize_compact(token.text, key, algorithms=[algorithm], registry=_REGISTRY)
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefused("is_signed_by_the_key", TokenReason.SIGNATURE_DOES_NOT_FIT) from error


def _seconds(token: Token, name: str) -> float | None:
    """A NumericDate (RFC 7519 §2); None when it is absent."""
    stated = token.claims.get(name)
    if stated is None and name not in token.claims:
        return None
    if isinstance(stated, bool) or not isinstance(stated, int | float) or not abs(stated) < 1e12:
        raise TokenRefused("states_times", TokenReason.NOT_SECONDS, name=name)
    return float(stated)
