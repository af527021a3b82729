"""Signed tokens for tests, made with bare cryptography, so that no library agrees with itself."""

import base64
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.kept import rsa_key

_HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_CURVES = {"ES256": (ec.SECP256R1, "P-256"), "ES384": (ec.SECP384R1, "P-384"), "ES512": (ec.SECP521R1, "P-521")}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int, length: int | None = None) -> str:
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


@cache
def private_key(algorithm: str, number: int = 0, bits: int = 2048) -> Any:
    """The ``number``-th key for an algorithm; the same one each time."""
    if algorithm[:2] in {"RS", "PS"}:
        return rsa_key(f"{algorithm} {number}", bits)
    return ec.generate_private_key(_CURVES[algorithm][0]()) if algorithm[:2] == "ES" else _ed25519(number)


def _ed25519(number: int) -> Any:
    del number
    return ed25519.Ed25519PrivateKey.generate()


def jwk(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    """The public half, as a JWKS publishes it."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e), "kid": kid, "use": "sig", **more}
    if isinstance(public, ec.EllipticCurvePublicKey):
        point, length = public.public_numbers(), (public.curve.key_size + 7) // 8
        curve = next(name for kind, name in _CURVES.values() if isinstance(public.curve, kind))
        return {
            "kty": "EC",
            "crv": curve,
            "x": _number(point.x, length),
            "y": _number(point.y, length),
            "kid": kid,
        } | more
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw()), "kid": kid, **more}


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def sign(data: bytes, key: Any, algorithm: str) -> bytes:
    if algorithm in {"EdDSA", "Ed25519"}:
        return bytes(key.sign(data))
    digest = _HASHES[algorithm[2:]]
    if algorithm[:2] == "RS":
        return bytes(key.sign(data, padding.PKCS1v15(), digest))
    if algorithm[:2] == "PS":
        return bytes(key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest))
    length = (key.curve.key_size + 7) // 8
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    return r.to_bytes(length, "big") + s.to_bytes(length, "big")


def mint(header: dict[str, Any], claims: dict[str, Any] | str, key: Any, *, algorithm: str = "") -> str:
    """A token in compact form. ``claims`` as text: exactly that JSON. ``algorithm``: what is really used to sign."""
    payload = claims if isinstance(claims, str) else json.dumps(claims)
    signed = f"{b64(json.dumps(header).encode())}.{b64(payload.encode())}"
    return f"{signed}.{b64(sign(signed.encode(), key, algorithm or header['alg']))}"
