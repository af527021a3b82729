"""What is sealed can be read again by this installation, for the same purpose, and by nobody else."""

import pytest

from gatekeeper.errors import SealBroken
from gatekeeper.secrets.sealing import seal, unseal


def test_what_was_sealed_is_given_back_and_cannot_be_seen_in_it():
    sealed = seal(b"the private key", purpose="test")

    assert b"private" not in sealed
    assert unseal(sealed, purpose="test") == b"the private key"


def test_another_purpose_cannot_read_it():
    with pytest.raises(SealBroken):
        unseal(seal(b"the private key", purpose="test"), purpose="another")


def test_another_secret_key_cannot_read_it(settings):
    sealed = seal(b"the private key", purpose="test")
    settings.SECRET_KEY = "of another installation, and long enough for one"

    with pytest.raises(SealBroken, match="SECRET_KEY"):
        unseal(sealed, purpose="test")


def test_an_altered_byte_is_noticed():
    sealed = bytearray(seal(b"the private key", purpose="test"))
    sealed[20] ^= 1

    with pytest.raises(SealBroken):
        unseal(bytes(sealed), purpose="test")
