"""Attacks on workload identity federation, through the token endpoint: each is refused by the check that is named, and
without that check it brings an access token. RFC 7523 §3; RFC 8725 §2 and §3.

The issuer publishes its keys over real HTTP.
"""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gatekeeper.signed_tokens import key_sets, keys, parsing, verification
from scim.credentials.oauth_clients import create_federated_client
from scim.models import AccessToken, OAuthClient, TokenRequest
from scim.oauth import assertions
from tests.builders import ADMIN
from tests.scim.oauth.issuing import (
    ABSENT,
    APPLICATION,
    EC_384,
    EC_KEY,
    KEY,
    NOW,
    OTHER,
    OTHER_TENANT,
    PUBLISHED,
    SMALL,
    SUBJECT,
    TENANT,
    Issuer,
    Publisher,
    ask_with,
    later,
)
from tests.signed_tokens.minting import b64, jwk, mint, sign

pytestmark = pytest.mark.django_db
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def publisher() -> Iterator[Publisher]:
    with Publisher().serving() as served:
        yield served


@pytest.fixture
def issuer(publisher: Publisher, settings: Any) -> Iterator[Issuer]:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    with time_machine.travel(NOW, tick=False):
        yield Issuer(publisher)


@pytest.fixture
def client(issuer: Issuer) -> OAuthClient:
    return create_federated_client("Entra", issuer.publisher.federation, actor=ADMIN)


# ── How an attack is made ────────────────────────────────────────────────────────────────────────────────────────


def unsigned(issuer: Issuer, algorithm: Any, signature: str = "AAAA") -> str:
    head = b64(json.dumps(issuer.header(alg=algorithm)).encode())
    return f"{head}.{b64(json.dumps(issuer.claims()).encode())}.{signature}"


def hmac_with(issuer: Issuer, secret: bytes, **head: Any) -> str:
    header = issuer.header(alg="HS256", **head)
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(issuer.claims()).encode())}"
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}"


def changed_after_signing(issuer: Issuer, **changed: Any) -> str:
    head, _, signature = issuer.assertion().split(".")
    return f"{head}.{b64(json.dumps(issuer.claims(**changed)).encode())}.{signature}"


def with_two(issuer: Issuer, text: str) -> str:
    return mint(issuer.header(), json.dumps(issuer.claims())[:-1] + f", {text}}}", KEY)


def header_with_two(issuer: Issuer) -> str:
    header = json.dumps(issuer.header())[:-1] + ', "kid": "k9"}'
    signed = f"{b64(header.encode())}.{b64(json.dumps(issuer.claims()).encode())}"

    return f"{signed}.{b64(sign(signed.encode(), KEY, 'RS256'))}"


def nested(issuer: Issuer) -> str:

    signed = f"{b64(json.dumps(issuer.header(cty='JWT')).encode())}.{b64(issuer.assertion().encode())}"
    return f"{signed}.{b64(sign(signed.encode(), KEY, 'RS256'))}"


def used(issuer: Issuer, **options: Any) -> str:
    """An assertion that brought a token once."""
    text = issuer.assertion(**options, jti="one")
    assert ask_with(text).status_code == 200
    return text


def used_and_malleated(issuer: Issuer) -> str:
    """ECDSA: (r, -s) fits as well as (r, s), so the same assertion has a second text."""
    text = mint(issuer.header(alg="ES256", kid="e1"), issuer.claims(jti="one"), EC_KEY)
    assert ask_with(text).status_code == 200
    signed, _, signature = text.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    other = (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    return f"{signed}.{b64(raw[:32] + other)}"


Make = Callable[[Issuer], str]
OWN = ("",)  # that check is the one guard
# name -> (the assertion, the check that refuses it, the guards without which it brings a token)
ATTACKS: dict[str, tuple[Make, str, tuple[str, ...]]] = {
    # the form
    "empty_parts": (lambda i: "..", "is_a_token", ()),
    "one_part": (lambda i: i.assertion().split(".")[0], "is_a_token", ()),
    "five_parts": (lambda i: i.assertion() + ".AAAA.AAAA", "is_a_token", ()),
    "signature_stripped": (lambda i: i.assertion().rpartition(".")[0] + ".", "is_a_token", ("compact", "signature")),
    "signature_left_out": (lambda i: i.assertion().rpartition(".")[0], "is_a_token", ()),
    "json_serialization": (lambda i: json.dumps({"payload": "e30", "signatures": []}), "is_a_token", ()),
    "huge": (lambda i: i.assertion(padding="x" * 16_000), "is_a_token", ("length",)),
    "nested": (nested, "is_a_token", ()),
    "nested_deeply": (
        lambda i: mint(i.header(), json.dumps(i.claims())[:-1] + ', "a": ' + "[" * 3_000 + "]" * 3_000 + "}", KEY),
        "is_a_token", (),
    ),
    "claims_are_a_list": (lambda i: mint(i.header(), "[]", KEY), "is_a_token", ()),
    "claims_have_nan": (lambda i: with_two(i, '"x": NaN'), "is_a_token", ("constants",)),
    "two_issuers": (lambda i: with_two(i, f'"iss": "{i.issuer}"'), "is_a_token", ("repetition",)),
    "two_subjects": (lambda i: with_two(i, f'"sub": "{SUBJECT}"'), "is_a_token", ("repetition",)),
    "two_kids": (header_with_two, "is_a_token", ()),
    # the header
    "alg_none": (lambda i: unsigned(i, "none"), "has_an_allowed_algorithm", ("has_an_allowed_algorithm", "signature")),
    "alg_none_in_capitals": (
        lambda i: unsigned(i, "NONE"), "has_an_allowed_algorithm", ("has_an_allowed_algorithm", "signature"),
    ),
    "alg_none_without_signature": (
        lambda i: unsigned(i, "none", ""), "is_a_token", ("compact", "has_an_allowed_algorithm", "signature"),
    ),
    "no_alg": (lambda i: i.assertion({"alg": ABSENT}, sign_with="RS256"), "has_an_allowed_algorithm", ()),
    "alg_is_a_list": (
        lambda i: i.assertion({"alg": ["RS256"]}, sign_with="RS256"), "has_an_allowed_algorithm", (),
    ),
    "hmac_with_the_public_key": (
        lambda i: hmac_with(i, PUBLIC_PEM), "has_an_allowed_algorithm", ("has_an_allowed_algorithm", "symmetric"),
    ),
    "hmac_with_a_published_secret": (
        lambda i: hmac_with(i, b"secret-secret-secret-secret", kid="h1"),
        "has_an_allowed_algorithm", (),
    ),
    "jwk_header": (lambda i: i.assertion({"jwk": jwk(OTHER, "k1")}), "brings_no_key", OWN),
    "jwk_header_and_its_key": (
        lambda i: i.assertion({"jwk": jwk(OTHER, "k1")}, key=OTHER), "brings_no_key", ("brings_no_key", "own_key"),
    ),
    "jku_header": (lambda i: i.assertion({"jku": "https://evil.example/k"}), "brings_no_key", OWN),
    "x5u_header": (lambda i: i.assertion({"x5u": "https://evil.example/c"}), "brings_no_key", OWN),
    "x5c_header": (lambda i: i.assertion({"x5c": ["AAAA"]}), "brings_no_key", OWN),
    "crit_header": (lambda i: i.assertion({"crit": ["exp"]}), "brings_no_key", ()),
    "zip_header": (lambda i: i.assertion({"zip": "DEF"}), "brings_no_key", OWN),
    "enc_header": (lambda i: i.assertion({"enc": "A256GCM"}), "brings_no_key", OWN),
    "no_kid": (lambda i: i.assertion({"kid": ABSENT}), "names_its_key", ()),
    "empty_kid": (lambda i: i.assertion({"kid": ""}), "names_its_key", ("names_its_key", "any_key")),
    "kid_is_a_list": (lambda i: i.assertion({"kid": ["k1"]}), "names_its_key", ()),
    "long_kid": (lambda i: i.assertion({"kid": "k" * 301}), "names_its_key", ("names_its_key", "any_key")),
    "access_token_type": (lambda i: i.assertion({"typ": "at+jwt"}), "has_the_expected_type", OWN),
    "event_type": (lambda i: i.assertion({"typ": "secevent+jwt"}), "has_the_expected_type", OWN),
    "logout_type": (lambda i: i.assertion({"typ": "logout+jwt"}), "has_the_expected_type", OWN),
    "type_is_a_list": (lambda i: i.assertion({"typ": ["JWT"]}), "has_the_expected_type", ()),
    # the key
    "kid_is_a_path": (lambda i: i.assertion({"kid": "../../dev/null"}), "has_a_known_key", ("any_key",)),
    "kid_is_sql": (lambda i: i.assertion({"kid": "k1' OR '1'='1"}), "has_a_known_key", ("any_key",)),
    "kid_is_an_address": (lambda i: i.assertion({"kid": "https://evil.example/k1"}), "has_a_known_key", ("any_key",)),
    "kid_in_other_case": (lambda i: i.assertion({"kid": "K1"}), "has_a_known_key", ("any_key",)),
    "kid_with_nul": (lambda i: i.assertion({"kid": "k1\x00"}), "has_a_known_key", ("any_key",)),
    "kid_of_no_character": (lambda i: i.assertion({"kid": "\ud800"}), "has_a_known_key", ("any_key",)),
    "small_rsa_key": (lambda i: i.assertion({"kid": "small"}, key=SMALL), "has_a_known_key", ("key_size",)),
    "key_for_encryption": (
        lambda i: i.assertion({"kid": "for-encryption"}, key=OTHER), "has_a_known_key", ("key_use",),
    ),
    "published_secret": (lambda i: i.assertion({"kid": "h1"}), "has_a_known_key", ()),
    "key_of_another": (lambda i: i.assertion(key=OTHER), "is_signed_by_the_key", ("signature",)),
    "changed_subject": (lambda i: changed_after_signing(i, exp=later(hours=5)), "is_signed_by_the_key", ("signature",)),
    "signature_of_another_assertion": (
        lambda i: i.assertion().rpartition(".")[0] + "." + i.assertion(exp=later(hours=2)).rpartition(".")[2],
        "is_signed_by_the_key", ("signature",),
    ),
    "signature_cut": (lambda i: i.assertion()[:-8], "is_signed_by_the_key", ("signature",)),
    "signature_of_zeros": (
        lambda i: i.assertion({"alg": "ES256", "kid": "e1"}, key=EC_KEY).rpartition(".")[0] + "." + b64(bytes(64)),
        "is_signed_by_the_key", ("signature",),
    ),
    "signature_as_der": (
        lambda i: unsigned(i, "ES256", b64(b"\x30\x06\x02\x01\x01\x02\x01\x01")).replace(
            b64(json.dumps(i.header(alg="ES256")).encode()), b64(json.dumps(i.header(alg="ES256", kid="e1")).encode())
        ),
        "is_signed_by_the_key", ("signature",),
    ),
    "algorithm_of_another_kind": (
        lambda i: i.assertion({"alg": "ES256"}, sign_with="RS256"), "is_signed_by_the_key", ("signature",),
    ),
    "other_padding": (
        lambda i: i.assertion({"alg": "PS256"}, sign_with="RS256"), "is_signed_by_the_key", ("signature",),
    ),
    "wrong_curve": (
        lambda i: i.assertion({"alg": "ES256", "kid": "e384"}, key=EC_384, sign_with="ES384"),
        "is_signed_by_the_key", ("signature",),
    ),
    # the claims
    "other_issuer": (
        lambda i: i.assertion(iss="https://evil.example/v2.0"), "comes_from_the_issuer", OWN,
    ),
    "issuer_of_another_tenant": (
        lambda i: i.assertion(iss=i.issuer.replace(TENANT, OTHER_TENANT), tid=OTHER_TENANT),
        "comes_from_the_issuer", ("comes_from_the_issuer", "is_of_the_tenant"),
    ),
    "issuer_with_a_slash": (lambda i: i.assertion(iss=i.issuer + "/"), "comes_from_the_issuer", OWN),
    "issuer_in_capitals": (
        lambda i: i.assertion(iss=i.issuer.upper()), "comes_from_the_issuer", OWN,
    ),
    "issuer_is_a_list": (lambda i: i.assertion(iss=[i.issuer]), "comes_from_the_issuer", OWN),
    "no_issuer": (lambda i: i.assertion(iss=ABSENT), "comes_from_the_issuer", OWN),
    "issuer_with_nul": (lambda i: i.assertion(iss=i.issuer + "\x00"), "comes_from_the_issuer", OWN),
    "other_audience": (lambda i: i.assertion(aud="api://other"), "is_meant_for_us", OWN),
    "audience_of_graph": (
        lambda i: i.assertion(aud="https://graph.microsoft.com"), "is_meant_for_us", OWN,
    ),
    "audience_without_api": (lambda i: i.assertion(aud=APPLICATION), "is_meant_for_us", OWN),
    "audience_begins_alike": (
        lambda i: i.assertion(aud=f"api://{APPLICATION}/.default/x"), "is_meant_for_us", OWN,
    ),
    "audience_in_an_object": (
        lambda i: i.assertion(aud={f"api://{APPLICATION}": 1}), "is_meant_for_us", OWN,
    ),
    "no_audience": (lambda i: i.assertion(aud=ABSENT), "is_meant_for_us", OWN),
    "other_subject": (lambda i: i.assertion(sub=APPLICATION), "is_about_the_subject", OWN),
    "subject_in_capitals": (
        lambda i: i.assertion(sub=SUBJECT.upper()), "is_about_the_subject", OWN,
    ),
    "subject_is_a_list": (lambda i: i.assertion(sub=[SUBJECT]), "is_about_the_subject", OWN),
    "subject_is_a_number": (lambda i: i.assertion(sub=7), "is_about_the_subject", OWN),
    "no_subject": (lambda i: i.assertion(sub=ABSENT), "is_about_the_subject", OWN),
    "other_tenant": (lambda i: i.assertion(tid=OTHER_TENANT), "is_of_the_tenant", OWN),
    "tenant_is_a_list": (lambda i: i.assertion(tid=[TENANT]), "is_of_the_tenant", OWN),
    "expired": (lambda i: i.assertion(exp=later(seconds=-1)), "has_not_expired", OWN),
    "expires_now": (lambda i: i.assertion(exp=later()), "has_not_expired", OWN),
    "never_expires": (lambda i: i.assertion(exp=ABSENT), "has_not_expired", OWN),
    "not_yet": (lambda i: i.assertion(nbf=later(minutes=2)), "has_begun", OWN),
    "issued_tomorrow": (lambda i: i.assertion(iat=later(days=1)), "was_issued_lately", OWN),
    "issued_yesterday": (
        lambda i: i.assertion(iat=later(days=-1, seconds=-1)), "was_issued_lately", OWN,
    ),
    "no_time_of_issue": (lambda i: i.assertion(iat=ABSENT), "was_issued_lately", OWN),
    "exp_is_text": (lambda i: i.assertion(exp=str(later(hours=1))), "states_times", ("seconds",)),
    "iat_is_text": (lambda i: i.assertion(iat=str(later())), "states_times", ("seconds",)),
    "nbf_is_true": (lambda i: i.assertion(nbf=True), "states_times", ("seconds",)),
    "exp_is_null": (lambda i: i.assertion(exp=None), "states_times", ()),
    "exp_in_a_list": (lambda i: i.assertion(exp=[later(hours=1)]), "states_times", ()),
    "exp_beyond_all_time": (lambda i: i.assertion(exp=10**300), "states_times", ("seconds",)),
    "jti_is_a_number": (lambda i: i.assertion(jti=7), "has_an_id", OWN),
    "jti_is_null": (lambda i: i.assertion(jti=None), "has_an_id", OWN),
    "empty_jti": (lambda i: i.assertion(jti=""), "has_an_id", OWN),
    "huge_jti": (lambda i: i.assertion(jti="x" * 301), "has_an_id", OWN),
    "replay": (used, "is_used_once", ("use_once",)),
    "replay_with_another_text": (used_and_malleated, "is_used_once", ("use_once",)),
}  # fmt: skip


# ── How a guard is taken away ────────────────────────────────────────────────────────────────────────────────────


def _without_check(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    def take(patch: pytest.MonkeyPatch) -> None:
        left = tuple(check for check in verification.CHECKS if check.__name__ != name)
        assert len(left) == len(verification.CHECKS) - 1
        patch.setattr(verification, "CHECKS", left)

    return take


def _any_number(token: Any, name: str) -> float | None:
    return min(float(token.claims[name]), 1e15) if name in token.claims else None


def _symmetric(patch: pytest.MonkeyPatch) -> None:
    """A verifier that lets the token choose, and takes the published key's text for a secret."""

    def verify(token: Any, find_key: Any) -> None:
        signed, _, signature = token.text.rpartition(".")
        assert b64(hmac.digest(PUBLIC_PEM, signed.encode(), "sha256")) == signature

    patch.setattr(verification, "verify_signature", verify)


def _own_key(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(assertions, "find_key", lambda url, kid, fetch: jwk(OTHER, "k1"))


def _usable_whatever_for(entry: dict[str, Any]) -> bool:
    return bool(entry.get("kid")) and entry["kty"] == "RSA"


GUARDS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    **{check.__name__: _without_check(check.__name__) for check in verification.CHECKS},
    "signature": lambda patch: patch.setattr(verification, "verify_signature", lambda token, find: None),
    "use_once": lambda patch: patch.setattr(assertions, "use_once", lambda token, expected: None),
    "length": lambda patch: patch.setattr(parsing, "LONGEST_TOKEN", 100_000),
    "compact": lambda patch: patch.setattr(parsing, "_COMPACT", parsing.re.compile(r"[\w-]+\.[\w-]+\.[\w-]*")),
    "repetition": lambda patch: patch.setattr(parsing, "_without_repetition", dict),
    "constants": lambda patch: patch.setattr(parsing, "_no_constant", float),
    "seconds": lambda patch: patch.setattr(verification, "_seconds", _any_number),
    "any_key": lambda patch: patch.setattr(assertions, "find_key", lambda url, kid, fetch: PUBLISHED[0]),
    "own_key": _own_key,
    "key_size": lambda patch: patch.setattr(keys, "RSA_BITS", range(512, 8193)),
    "key_use": lambda patch: patch.setattr(keys, "_is_for_signatures", _usable_whatever_for),
    "symmetric": _symmetric,
}
assert key_sets.read_key_set is keys.read_key_set


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_brings_no_token_and_is_refused_by_the_check_that_is_named(
    issuer: Issuer, client: OAuthClient, name: str
) -> None:
    make, check, _ = ATTACKS[name]
    assertion = make(issuer)
    before = AccessToken.objects.count()

    answer = ask_with(assertion, client.id)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert AccessToken.objects.count() == before
    entry = TokenRequest.objects.first()
    assert entry is not None
    assert (entry.failed_check, entry.client_id, entry.method) == (check, client.id, "private_key_jwt")
    signature = assertion.rpartition(".")[2]
    assert len(signature) < 20 or signature not in str(list(TokenRequest.objects.values()))


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # of the small key, where it is taken
@pytest.mark.parametrize("name", [name for name, (_, _, guards) in ATTACKS.items() if guards])
def test_without_its_guards_an_attack_brings_a_token(
    issuer: Issuer, client: OAuthClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that each guard is needed, and the attack is one: nothing else is wrong with it."""
    make, check, guards = ATTACKS[name]
    assertion = make(issuer)
    for guard in guards:
        GUARDS[guard or check](monkeypatch)

    answer = ask_with(assertion, client.id)

    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("guard", GUARDS)
def test_every_guard_is_needed_by_an_attack(guard: str) -> None:
    assert any(guard in {each or check for each in guards} for _, check, guards in ATTACKS.values())


# ── What fits ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("head", "changed"),
    [
        ({}, {}),
        ({}, {"aud": f"api://{APPLICATION}/.default"}),
        ({}, {"aud": [f"api://{APPLICATION}", "api://other"]}),
        ({"typ": ABSENT}, {}),
        ({"typ": "client-authentication+jwt"}, {}),
        ({"x5t": "AAAA"}, {}),
        ({}, {"tid": ABSENT}),
        ({}, {"tid": TENANT.upper()}),
        ({}, {"nbf": ABSENT}),
        ({}, {"jti": "two"}),
        ({}, {"roles": ["x"], "more": {"is": "ignored"}}),
    ],
)
def test_what_entra_signs_brings_a_token(
    issuer: Issuer, client: OAuthClient, head: dict[str, Any], changed: dict[str, Any]
) -> None:
    """With the client's id, as Entra sends it, and without (RFC 7523 §2.2)."""
    assert ask_with(issuer.assertion(head, **changed), client.id, scope="scim").status_code == 200
    if "jti" not in changed:
        assert ask_with(issuer.assertion(head, **changed)).status_code == 200

    entry = TokenRequest.objects.first()
    assert entry is not None
    assert (entry.accepted, entry.client_id) == (True, client.id)
    assert entry.claims["claims"]["sub"] == SUBJECT
    assert "roles" not in entry.claims["claims"]


def test_an_assertion_without_jti_may_come_again_until_it_expires(issuer: Issuer, client: OAuthClient) -> None:
    """Entra's have none."""
    text = issuer.assertion()

    assert [ask_with(text, client.id).status_code for _ in range(3)] == [200] * 3
