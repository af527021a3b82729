"""Published keys: a JWK Set (RFC 7517) becomes the public keys that may verify a signature here."""

import base64
import binascii
from typing import Any, TypeAlias

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gatekeeper.signed_tokens.parsing import read_object

MOST_KEYS = 100  # Entra publishes about ten, Okta two or three
RSA_BITS = range(2048, 8192 + 1)
PublicKey: TypeAlias = RSAKey | ECKey | OKPKey

# Asymmetric only: with a symmetric one, whoever can verify could sign, and the published key would be the secret.
_KINDS: dict[str, tuple[str, str | None]] = {
    **{f"{family}{bits}": ("RSA", None) for family in ("RS", "PS") for bits in (256, 384, 512)},
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "Ed25519": ("OKP", "Ed25519"),
}
ALGORITHMS = frozenset(_KINDS)
_PUBLIC_PARTS: dict[str, tuple[str, ...]] = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}


def read_key_set(document: bytes) -> dict[str, dict[str, Any]]:
    """The usable keys of a JWK Set by their ``kid``, as they stand there.

    Keys for encryption, symmetric keys and keys that nobody could name are left out; a ``kid`` that is there twice
    names none. Raises: ValueError when nothing usable is left.
    """
    entries = read_object(document).get("keys")
    if not isinstance(entries, list) or len(entries) > MOST_KEYS:
        raise ValueError(f"it is not a JWK Set of at most {MOST_KEYS} keys.")
    named = [entry for entry in entries if isinstance(entry, dict) and _is_for_signatures(entry)]
    kids = [entry["kid"] for entry in named]
    usable = {entry["kid"]: entry for entry in named if kids.count(entry["kid"]) == 1 and _imports(entry)}
    if not usable:
        raise ValueError("it has no key that could verify a signature.")
    return usable


def key_for(entry: dict[str, Any], algorithm: str) -> PublicKey | None:
    """The public key of a JWK, when it is one for this algorithm; None when it is not."""
    kind, curve = _KINDS[algorithm]
    if entry.get("kty") != kind or entry.get("alg", algorithm) != algorithm:
        return None
    if curve is not None and entry.get("crv") != curve:
        return None
    return _import(entry)


def _is_for_signatures(entry: dict[str, Any]) -> bool:
    kid, operations = entry.get("kid"), entry.get("key_ops", ["verify"])
    return (
        isinstance(kid, str)
        and bool(kid)
        and entry.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
    )


def _imports(entry: dict[str, Any]) -> bool:
    return _import(entry) is not None


def _import(entry: dict[str, Any]) -> PublicKey | None:
    """From its public parts alone. None for a key that is malformed, too weak, or so large that verifying is work."""
    if (entry.get("kty"), entry.get("crv")) not in _KINDS.values():
        return None
    public = {"kty": entry["kty"], **{part: entry.get(part) for part in _PUBLIC_PARTS[entry["kty"]]}}
    if not all(isinstance(value, str) for value in public.values()):
        return None
    try:
        if "n" in public and _bits(public["n"]) not in RSA_BITS:
            return None
        key: PublicKey = _CLASSES[entry["kty"]].import_key(public)
        _ = key.raw_value  # built when it is first asked for: points off the curve are found then
    except (JoseError, ValueError, TypeError, OverflowError):
        return None
    return key


def _bits(number: str) -> int:
    """The length of a base64url integer (RFC 7518 §2)."""
    try:
        return int.from_bytes(base64.b64decode(number + "=" * (-len(number) % 4), b"-_", validate=True)).bit_length()
    except binascii.Error:
        return 0


_CLASSES: dict[str, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
