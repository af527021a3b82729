"""Passkeys against somebody who makes the answers up: an authenticator in software that can lie about everything."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url as text

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.local_accounts.passkeys import (
    RelyingParty,
    add_passkey,
    relying_party,
    remove_passkey,
    take_passkey,
)
from gatekeeper.directory.local_accounts.second_factor_rule import (
    demand_second_factor,
    has_second_factor,
    remove_every_second_factor,
)
from gatekeeper.directory.models import Passkey, SignIn, User
from gatekeeper.directory.sessions.open_sessions import open_local_sign_in
from gatekeeper.errors import InvalidValue, PasskeyNotFound, PasskeyRefused, SecondFactorMissing, UserNotFound
from tests.builders import ADMIN, make_administrator, make_user

pytestmark = pytest.mark.django_db
SITE = RelyingParty("gatekeeper.example.com", "https://gatekeeper.example.com")
CHALLENGE = b"0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Authenticator:
    """A security key with one credential (WebAuthn §6). What it says can be changed with ``replace``."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = b"credential-0001"
    count: int = 1
    flags: int = 0x05  # user present, user verified
    rp_id: str = SITE.id
    origin: str = SITE.origin
    challenge: bytes = CHALLENGE
    type: str = ""

    def _client_data(self, type_: str) -> bytes:
        sent = {"type": self.type or type_, "challenge": text(self.challenge), "origin": self.origin}
        return json.dumps({**sent, "crossOrigin": False}).encode()

    def _data(self, flags: int) -> bytes:
        return sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def make(self) -> str:
        """The answer to ``navigator.credentials.create``."""
        numbers = self.key.public_key().public_numbers()
        point = {-2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, **point})
        id_length = len(self.credential_id).to_bytes(2, "big")
        data = self._data(self.flags | 0x40) + bytes(16) + id_length + self.credential_id + public
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer("webauthn.create", {"attestationObject": text(attestation)})

    def use(self) -> str:
        """The answer to ``navigator.credentials.get``."""
        data = self._data(self.flags)
        signed = data + sha256(self._client_data("webauthn.get")).digest()
        signature = self.key.sign(signed, ec.ECDSA(SHA256()))
        return self._answer("webauthn.get", {"authenticatorData": text(data), "signature": text(signature)})

    def _answer(self, type_: str, response: dict[str, str]) -> str:
        sent = {"clientDataJSON": text(self._client_data(type_)), **response}
        ids = {"id": text(self.credential_id), "rawId": text(self.credential_id)}
        return json.dumps({**ids, "type": "public-key", "response": sent})


@pytest.fixture
def root() -> User:
    return make_administrator()


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


def add(user: User, device: Authenticator, name: str = "Key") -> Passkey:
    return add_passkey(user.id, name, device.make(), site=SITE, challenge=CHALLENGE, actor=ADMIN)


def take(user: User, answer: str) -> None:
    take_passkey(user, answer, site=SITE, challenge=CHALLENGE)


def test_one_that_was_added_is_taken_and_its_counter_kept(root: User, device: Authenticator) -> None:
    passkey = add(root, device)

    take(root, replace(device, count=7).use())

    passkey.refresh_from_db()
    assert (passkey.sign_count, passkey.last_used_at is not None) == (7, True)
    assert AuditEntry.objects.get(event="passkey.added").after == {"passkey": "Key"}


def test_one_that_does_not_count_is_taken_each_time(root: User) -> None:
    device = Authenticator(count=0)
    add(root, device)

    take(root, device.use())
    take(root, device.use())


LIES: dict[str, Callable[[Authenticator], Authenticator]] = {
    "another site": lambda device: replace(device, rp_id="evil.example"),
    "another origin": lambda device: replace(device, origin="https://evil.example"),
    "our origin over http": lambda device: replace(device, origin="http://gatekeeper.example.com"),
    "another port": lambda device: replace(device, origin="https://gatekeeper.example.com:8443"),
    "a subdomain": lambda device: replace(device, origin="https://x.gatekeeper.example.com"),
    "another challenge": lambda device: replace(device, challenge=b"x" * 32),
    "an empty challenge": lambda device: replace(device, challenge=b""),
    "the other ceremony": lambda device: replace(device, type="payment.get"),
    "nobody present": lambda device: replace(device, flags=0x04),
}
LIES_OF_USE: dict[str, Callable[[Authenticator], Authenticator]] = {
    **LIES,
    "another key": lambda device: replace(device, key=ec.generate_private_key(ec.SECP256R1())),
    "another credential": lambda device: replace(device, credential_id=b"credential-0002"),
    "a counter that stands still": lambda device: replace(device, count=1),
    "a counter that went back": lambda device: replace(device, count=0),
    "a registration as an assertion": lambda device: replace(device, type="webauthn.create"),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_registration_that_lies_adds_nothing(root: User, device: Authenticator, lie: Any) -> None:
    with pytest.raises(PasskeyRefused):
        add(root, lie(device))
    assert not Passkey.objects.exists()


@pytest.mark.parametrize("lie", LIES_OF_USE.values(), ids=LIES_OF_USE)
def test_an_assertion_that_lies_is_refused(root: User, device: Authenticator, lie: Any) -> None:
    add(root, device)

    with pytest.raises(PasskeyRefused):
        take(root, lie(replace(device, count=2)).use())
    assert Passkey.objects.get().sign_count == 1


JUNK = ["", "null", "[]", "1", "{}", "x" * 5000, '{"id": 1}', '{"id": "a", "rawId": "b", "type": "public-key"}', "\x00"]


@pytest.mark.parametrize("junk", JUNK)
def test_what_cannot_be_read_is_refused(root: User, device: Authenticator, junk: str) -> None:
    add(root, device)

    with pytest.raises(PasskeyRefused):
        take(root, junk)
    with pytest.raises(PasskeyRefused):
        add_passkey(root.id, "Key", junk, site=SITE, challenge=CHALLENGE, actor=ADMIN)


def test_the_passkey_of_one_account_opens_no_other(root: User, device: Authenticator) -> None:
    other = make_administrator("other@example.com")
    add(other, device)

    with pytest.raises(PasskeyRefused, match="none of this account"):
        take(root, replace(device, count=2).use())
    with pytest.raises(PasskeyRefused, match="registered already"):
        add(root, device)


def test_one_that_was_removed_is_refused(root: User, device: Authenticator) -> None:
    passkey = add(root, device)
    remove_passkey(root.id, passkey.pk, actor=ADMIN)

    with pytest.raises(PasskeyRefused):
        take(root, replace(device, count=2).use())
    with pytest.raises(PasskeyNotFound):
        remove_passkey(root.id, passkey.pk, actor=ADMIN)


def test_it_counts_as_a_second_factor_and_ends_sessions_of_a_password(root: User, device: Authenticator) -> None:
    open_local_sign_in(root, actor=ADMIN, proof="password", address="", user_agent="")
    demand_second_factor(True, actor=ADMIN)
    assert not SignIn.objects.live().exists()

    add(root, device)
    assert has_second_factor(root)
    remove_every_second_factor(root, actor=ADMIN)
    assert not has_second_factor(root)
    with pytest.raises(SecondFactorMissing):
        remove_every_second_factor(root, actor=ADMIN)


def test_nobody_elses_account_gets_one(device: Authenticator) -> None:
    with pytest.raises(UserNotFound):
        add(make_user(), device)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_it_needs_a_name(root: User, device: Authenticator, name: str) -> None:
    with pytest.raises(InvalidValue):
        add(root, device, name)


@pytest.mark.parametrize(
    ("address", "id_"),
    [
        ("https://gatekeeper.example.com", "gatekeeper.example.com"),
        ("https://gatekeeper.example.com:8443", "gatekeeper.example.com"),
        ("http://localhost:8000", "localhost"),
        ("http://gate.localhost", "gate.localhost"),
        ("http://127.0.0.1:8000", None),
        ("https://192.0.2.1", None),
        ("https://[2001:db8::1]", None),
        ("http://gatekeeper.example.com", None),
    ],
)
def test_where_browsers_make_passkeys(address: str, id_: str | None) -> None:
    site = relying_party(address)

    assert (site.id if site else None) == id_
    assert site is None or site.origin == address
