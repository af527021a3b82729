"""A table of attacks on signed tokens: each is refused by the check that is named, and each check is needed.

The clause of each check: ``is_a_token`` RFC 7515 §7.1 and RFC 7519 §4 (no name twice); ``has_an_allowed_algorithm``
RFC 8725 §3.1; ``brings_no_key`` RFC 7515 §4.1.2, §4.1.3, §4.1.5, §4.1.6 and §4.1.11 (crit), RFC 8725 §3.10;
``names_its_key`` and ``has_a_known_key`` RFC 7515 §4.1.4; ``has_the_expected_type`` §4.1.9, RFC 8725 §3.11;
``comes_from_the_issuer`` RFC 7519 §4.1.1; ``is_meant_for_us`` §4.1.3;
``is_about_the_subject`` §4.1.2; ``has_not_expired`` §4.1.4; ``has_begun`` §4.1.5;
``was_issued_lately`` §4.1.6; ``has_an_id`` §4.1.7; ``states_times`` §2; ``is_signed_by_the_key`` RFC 7515 §5.2.
"""

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gatekeeper.signed_tokens import verification
from gatekeeper.signed_tokens.keys import ALGORITHMS, key_for, read_key_set
from gatekeeper.signed_tokens.parsing import LONGEST_TOKEN, parse_token, read_object
from gatekeeper.signed_tokens.reasons import TOKEN_TEXTS, TokenReason
from gatekeeper.signed_tokens.refusals import TokenRefused
from gatekeeper.signed_tokens.verification import CHECKS, Expectation, verify_token
from tests.signed_tokens.minting import b64, jwk, key_set, mint, private_key

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ISSUER, US = "https://idp.example.com", "https://gk.example.com/saml/1/global-token-revocation"
KEY, OTHER = private_key("RS256"), private_key("RS256", 1)
EC_KEY = private_key("ES256")
PUBLISHED = read_key_set(key_set(jwk(KEY, "k1"), jwk(EC_KEY, "k2")))
EXPECTED = Expectation(
    issuer=ISSUER,
    audiences=frozenset({US}),
    types=frozenset({"global-token-revocation+jwt"}),
    max_age=timedelta(hours=1),
    needs_expiry=True,
    now=NOW,
    subject="0oa1",
    tenant="11111111-aaaa-4bbb-8ccc-222222222222",
)


def find_key(kid: str) -> dict[str, Any]:
    if kid not in PUBLISHED:
        raise TokenRefused("has_a_known_key", TokenReason.KEY_NOT_PUBLISHED)
    return PUBLISHED[kid]


def header(**changed: Any) -> dict[str, Any]:
    return without_absent({"alg": "RS256", "kid": "k1", "typ": "global-token-revocation+jwt", **changed})


def claims(**changed: Any) -> dict[str, Any]:
    now = int(NOW.timestamp())
    usual = {"iss": ISSUER, "sub": "0oa1", "aud": US, "jti": "one", "iat": now, "nbf": now - 300, "exp": now + 300}
    return without_absent({**usual, **changed})


def without_absent(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not ABSENT}


ABSENT = object()


def token(
    header_changes: dict[str, Any] | None = None, /, *, key: Any = KEY, sign_with: str = "", **changed: Any
) -> str:
    made = header(**(header_changes or {}))
    return mint(made, claims(**changed), key, algorithm=sign_with)


def later(**when: float) -> float:
    return (NOW + timedelta(**when)).timestamp()


def unsigned(alg: Any) -> str:
    return f"{b64(json.dumps(header(alg=alg)).encode())}.{b64(json.dumps(claims()).encode())}."


def hmac_with_the_public_key(encoding: Encoding) -> str:
    public = KEY.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{b64(json.dumps(header(alg='HS256')).encode())}.{b64(json.dumps(claims()).encode())}"
    return f"{signed}.{b64(hmac.digest(public, signed.encode(), 'sha256'))}"


def changed_after_signing() -> str:
    head, _, signature = token().split(".")
    return f"{head}.{b64(json.dumps(claims(oid='somebody else')).encode())}.{signature}"


def twice(text: str) -> str:
    return mint(header(), json.dumps(claims())[:-1] + "," + text + "}", KEY)


# name -> (token, the check that refuses it)
ATTACKS: dict[str, tuple[Callable[[], str], str]] = {
    "empty": (lambda: "", "is_a_token"),
    "text": (lambda: "nothing of the kind", "is_a_token"),
    "two_parts": (lambda: token().rpartition(".")[0], "is_a_token"),
    "four_parts": (lambda: token() + ".AAAA", "is_a_token"),
    "encrypted": (lambda: "e30.AAAA.AAAA.AAAA.AAAA", "is_a_token"),
    "padded": (lambda: token() + "==", "is_a_token"),
    "huge": (lambda: token(note="x" * LONGEST_TOKEN), "is_a_token"),
    "not_ascii": (lambda: token() + "é", "is_a_token"),
    "line_break": (lambda: token() + "\n", "is_a_token"),
    "payload_is_a_list": (lambda: mint(header(), "[]", KEY), "is_a_token"),
    "payload_is_no_json": (lambda: mint(header(), "iss", KEY), "is_a_token"),
    "payload_is_nested_for_ever": (lambda: mint(header(), '{"a":' + "[" * 5000, KEY), "is_a_token"),
    "payload_with_nan": (lambda: mint(header(), '{"exp": NaN}', KEY), "is_a_token"),
    "issuer_twice": (lambda: twice('"iss": "https://evil.example"'), "is_a_token"),
    "audience_twice": (lambda: twice(f'"aud": "{US}"'), "is_a_token"),
    "none": (lambda: unsigned("none"), "is_a_token"),
    "none_with_a_signature": (lambda: unsigned("none") + "AAAA", "has_an_allowed_algorithm"),
    "none_in_capitals": (lambda: unsigned("NoNe") + "AAAA", "has_an_allowed_algorithm"),
    "no_algorithm": (lambda: unsigned(ABSENT) + "AAAA", "has_an_allowed_algorithm"),
    "a_list_of_algorithms": (lambda: unsigned(["RS256"]) + "AAAA", "has_an_allowed_algorithm"),
    "hmac_with_the_public_key_as_pem": (lambda: hmac_with_the_public_key(Encoding.PEM), "has_an_allowed_algorithm"),
    "hmac_with_the_public_key_as_der": (lambda: hmac_with_the_public_key(Encoding.DER), "has_an_allowed_algorithm"),
    "brings_jwk": (lambda: token({"jwk": jwk(OTHER, "k1")}, key=OTHER), "brings_no_key"),
    "brings_jku": (lambda: token({"jku": "https://evil.example/keys"}, key=OTHER), "brings_no_key"),
    "brings_x5u": (lambda: token({"x5u": "https://evil.example/c"}, key=OTHER), "brings_no_key"),
    "brings_x5c": (lambda: token({"x5c": ["AAAA"]}, key=OTHER), "brings_no_key"),
    "has_crit": (lambda: token({"crit": ["b64"], "b64": False}), "brings_no_key"),
    "no_kid": (lambda: token({"kid": ABSENT}), "names_its_key"),
    "empty_kid": (lambda: token({"kid": ""}), "names_its_key"),
    "kid_is_a_number": (lambda: token({"kid": 1}), "names_its_key"),
    "kid_is_a_path": (lambda: token({"kid": "../../dev/null"}), "has_a_known_key"),
    "unknown_kid": (lambda: token({"kid": "k9"}, key=OTHER), "has_a_known_key"),
    "other_type": (lambda: token({"typ": "at+jwt"}), "has_the_expected_type"),
    "event_token": (lambda: token({"typ": "secevent+jwt"}), "has_the_expected_type"),
    "type_is_a_list": (lambda: token({"typ": ["global-token-revocation+jwt"]}), "has_the_expected_type"),
    "other_issuer": (lambda: token(iss="https://evil.example"), "comes_from_the_issuer"),
    "issuer_with_a_slash": (lambda: token(iss=ISSUER + "/"), "comes_from_the_issuer"),
    "issuer_in_capitals": (lambda: token(iss=ISSUER.upper()), "comes_from_the_issuer"),
    "no_issuer": (lambda: token(iss=ABSENT), "comes_from_the_issuer"),
    "issuer_is_a_list": (lambda: token(iss=[ISSUER]), "comes_from_the_issuer"),
    "other_audience": (lambda: token(aud="https://gk.example.com/saml/2/global-token-revocation"), "is_meant_for_us"),
    "audience_begins_like_us": (lambda: token(aud=US + "/more"), "is_meant_for_us"),
    "audience_is_the_origin": (lambda: token(aud="https://gk.example.com"), "is_meant_for_us"),
    "no_audience": (lambda: token(aud=ABSENT), "is_meant_for_us"),
    "empty_list_of_audiences": (lambda: token(aud=[]), "is_meant_for_us"),
    "audience_in_an_object": (lambda: token(aud={US: True}), "is_meant_for_us"),
    "other_subject": (lambda: token(sub="0oa2"), "is_about_the_subject"),
    "subject_in_capitals": (lambda: token(sub="0OA1"), "is_about_the_subject"),
    "no_subject": (lambda: token(sub=ABSENT), "is_about_the_subject"),
    "subject_in_a_list": (lambda: token(sub=["0oa1"]), "is_about_the_subject"),
    "other_tenant": (lambda: token(tid="11111111-aaaa-4bbb-8ccc-333333333333"), "is_of_the_tenant"),
    "tenant_is_null": (lambda: token(tid=None), "is_of_the_tenant"),
    "no_iat": (lambda: token(iat=ABSENT), "was_issued_lately"),
    "issued_in_the_future": (lambda: token(iat=later(minutes=2)), "was_issued_lately"),
    "issued_long_ago": (lambda: token(iat=later(hours=-1, seconds=-1)), "was_issued_lately"),
    "iat_is_text": (lambda: token(iat=str(int(NOW.timestamp()))), "states_times"),
    "iat_is_true": (lambda: token(iat=True), "states_times"),
    "iat_is_null": (lambda: token(iat=None), "states_times"),
    "iat_beyond_all_time": (lambda: token(iat=10**300), "states_times"),
    "begins_later": (lambda: token(nbf=later(minutes=2)), "has_begun"),
    "nbf_is_text": (lambda: token(nbf="soon"), "states_times"),
    "expired_a_second_ago": (lambda: token(exp=later(seconds=-1)), "has_not_expired"),
    "expires_now": (lambda: token(exp=later()), "has_not_expired"),
    "no_exp": (lambda: token(exp=ABSENT), "has_not_expired"),
    "no_jti": (lambda: token(jti=ABSENT), "has_an_id"),
    "empty_jti": (lambda: token(jti=""), "has_an_id"),
    "jti_is_a_number": (lambda: token(jti=7), "has_an_id"),
    "huge_jti": (lambda: token(jti="x" * 301), "has_an_id"),
    "signed_by_another_key": (lambda: token(key=OTHER), "is_signed_by_the_key"),
    "changed_after_signing": (changed_after_signing, "is_signed_by_the_key"),
    "signature_of_another_token": (
        lambda: token().rpartition(".")[0] + "." + token(jti="two").rpartition(".")[2],
        "is_signed_by_the_key",
    ),
    "signature_cut_short": (lambda: token()[:-8], "is_signed_by_the_key"),
    "key_of_another_kind": (lambda: token({"kid": "k2"}), "is_signed_by_the_key"),
    "algorithm_of_another_kind": (lambda: token({"alg": "ES256"}, sign_with="RS256"), "is_signed_by_the_key"),
    "algorithm_of_another_length": (lambda: token({"alg": "RS512"}, sign_with="RS256"), "is_signed_by_the_key"),
    "other_padding": (lambda: token({"alg": "PS256"}, sign_with="RS256"), "is_signed_by_the_key"),
    "other_curve": (
        lambda: token({"alg": "ES384", "kid": "k2"}, key=EC_KEY, sign_with="ES256"),
        "is_signed_by_the_key",
    ),
    "old_name_of_an_algorithm": (lambda: token({"alg": "EdDSA"}, sign_with="RS256"), "has_an_allowed_algorithm"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_by_the_check_that_is_there_for_it(name: str) -> None:
    """RFC 7515 §5.2, RFC 7519 §7.2, RFC 8725 §3."""
    make, check = ATTACKS[name]

    with pytest.raises(TokenRefused) as refused:
        verify_token(make(), EXPECTED, find_key)

    assert refused.value.check == check
    assert len(str(TOKEN_TEXTS[TokenReason(refused.value.reason)]) % refused.value.parameters) < 120


# With its check off, this attack gets through: so the check is needed, and tested.
NEEDED = {
    "brings_no_key": lambda: token({"jku": "https://evil.example/keys"}),
    "has_the_expected_type": ATTACKS["other_type"][0],
    "comes_from_the_issuer": ATTACKS["other_issuer"][0],
    "is_meant_for_us": ATTACKS["other_audience"][0],
    "is_about_the_subject": ATTACKS["other_subject"][0],
    "is_of_the_tenant": ATTACKS["other_tenant"][0],
    "was_issued_lately": ATTACKS["issued_long_ago"][0],
    "has_begun": ATTACKS["begins_later"][0],
    "has_not_expired": ATTACKS["expired_a_second_ago"][0],
    "has_an_id": ATTACKS["no_jti"][0],
}


@pytest.mark.parametrize("name", NEEDED)
def test_without_its_check_an_attack_succeeds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tuple(check for check in CHECKS if check.__name__ != name)
    assert len(left) == len(CHECKS) - 1
    attack = NEEDED[name]()
    with pytest.raises(TokenRefused):
        verify_token(attack, EXPECTED, find_key)

    monkeypatch.setattr(verification, "CHECKS", left)

    assert verify_token(attack, EXPECTED, find_key)


def test_the_other_checks_have_a_second_line_behind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The algorithm has no key that fits it, and a token without kid finds none."""
    assert {check.__name__ for check in CHECKS} - NEEDED.keys() == {"has_an_allowed_algorithm", "names_its_key"}
    monkeypatch.setattr(verification, "CHECKS", ())

    for name in ("none_with_a_signature", "hmac_with_the_public_key_as_pem", "no_kid", "kid_is_a_number"):
        with pytest.raises((TokenRefused, KeyError)):
            verify_token(ATTACKS[name][0](), EXPECTED, find_key)


def test_without_the_signature_any_token_would_be_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "verify_signature", lambda token, find: None)

    for name in ("signed_by_another_key", "changed_after_signing", "unknown_kid"):
        assert verify_token(ATTACKS[name][0](), EXPECTED, find_key)


# ── What is believed ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_accepted_algorithm_is_really_verified(algorithm: str) -> None:
    """RFC 7518 §3.1, RFC 8037 §3.1."""
    key, other = private_key(algorithm, 2), private_key(algorithm, 3)
    published = jwk(key, "k")

    def find(kid: str) -> dict[str, Any]:
        return published

    good = mint(header(alg=algorithm, kid="k"), claims(), key)
    assert verify_token(good, EXPECTED, find).claims["sub"] == "0oa1"
    if key is not other:
        with pytest.raises(TokenRefused, match="is_signed_by_the_key"):
            verify_token(mint(header(alg=algorithm, kid="k"), claims(), other), EXPECTED, find)


@pytest.mark.parametrize(
    ("header_changes", "changed"),
    [
        ({"typ": "Global-Token-Revocation+JWT"}, {}),
        ({"typ": "application/global-token-revocation+jwt"}, {}),
        ({"x5t": "AAAA", "something": "else"}, {}),
        ({}, {"aud": [US, "https://other.example"]}),
        ({}, {"nbf": ABSENT}),
        ({}, {"iat": later(seconds=59), "nbf": later(seconds=59)}),
        ({}, {"exp": later(seconds=1)}),
        ({}, {"exp": later(seconds=1.5)}),
        ({}, {"more": {"is": "ignored"}}),
        ({}, {"tid": "11111111-AAAA-4BBB-8CCC-222222222222"}),
    ],
)
def test_what_fits_is_believed(header_changes: dict[str, Any], changed: dict[str, Any]) -> None:
    """RFC 7519 §4.1 (claims; unknown ones are ignored: §4), RFC 7515 §4.1.9 (typ)."""
    assert verify_token(token(header_changes, **changed), EXPECTED, find_key).claims["iss"] == ISSUER


def test_a_token_that_does_not_claim_to_be_for_us_causes_no_look_at_keys() -> None:
    def no_key(kid: str) -> dict[str, Any]:
        raise AssertionError("a key was looked up")

    for name in ("other_issuer", "other_audience", "issued_long_ago", "other_type", "brings_jku", "no_jti", "huge"):
        with pytest.raises(TokenRefused):
            verify_token(ATTACKS[name][0](), EXPECTED, no_key)


# ── Published keys ───────────────────────────────────────────────────────────────────────────────────────────────

GOOD = jwk(KEY, "good")


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "k": "AAAA", "kid": "bad"},
        jwk(KEY, "bad", use="enc"),
        jwk(KEY, "bad", key_ops=["encrypt"]),
        jwk(private_key("RS256", 4, 1024), "bad"),
        {**jwk(KEY, "bad"), "n": "AAAA"},
        {**jwk(KEY, "bad"), "n": "!"},
        {**jwk(KEY, "bad"), "e": 65537},
        {**jwk(EC_KEY, "bad"), "crv": "P-999"},
        {**jwk(EC_KEY, "bad"), "y": jwk(EC_KEY, "bad")["x"]},
        {"kty": "OKP", "crv": "X25519", "x": b64(b"x" * 32), "kid": "bad"},
        {**jwk(KEY, "bad"), "kid": None},
        {**jwk(KEY, "bad"), "kid": ""},
        {**jwk(KEY, "bad"), "kty": ["RSA"]},
        "text",
        None,
    ],
)
def test_a_key_that_cannot_be_used_is_left_out_and_the_others_are_not(entry: Any) -> None:
    """RFC 7517 §5, §4.2 (use) and §4.3 (key_ops), RFC 7518 §3.3 (2048 bits)."""
    usable = read_key_set(key_set(entry, GOOD))

    assert "good" in usable
    assert not {
        kid for kid in usable if key_for(usable[kid], "RS256") is None and key_for(usable[kid], "ES256") is None
    }
    with pytest.raises(ValueError, match="no key"):
        read_key_set(key_set(entry)) and pytest.fail(str(entry))


def test_a_kid_that_is_there_twice_names_no_key() -> None:
    """RFC 7517 §4.5."""
    assert read_key_set(key_set(GOOD, jwk(KEY, "k"), jwk(OTHER, "k"))).keys() == {"good"}


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []}', b"\xff", b"<html>"])
def test_what_is_no_key_set_is_refused(document: bytes) -> None:
    """RFC 7517 §5.1."""
    with pytest.raises(ValueError, match=r"."):
        read_key_set(document)


def test_a_key_that_states_its_algorithm_is_for_that_one_only() -> None:
    """RFC 7517 §4.4."""
    entry = jwk(KEY, "k", alg="RS256")

    assert key_for(entry, "RS256") is not None
    assert key_for(entry, "RS512") is None


def test_a_private_key_that_was_published_by_mistake_is_read_as_a_public_one() -> None:
    numbers = KEY.private_numbers()
    key = key_for({**GOOD, "d": b64(numbers.d.to_bytes(256, "big"))}, "RS256")

    assert key is not None
    assert not key.is_private


def test_reading_never_raises_anything_but_its_refusal() -> None:
    for text in ("a.b.c", "e30.e30.e30", "W10.W10.W10", "." * 3, "e30.AAAA.AAAA"):
        try:
            parse_token(text)
        except TokenRefused:
            continue
    with pytest.raises(ValueError, match="too deeply"):
        read_object(b'{"a":' + b"[" * 100_000)
