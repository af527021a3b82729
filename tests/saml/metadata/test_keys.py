"""Keys as they are: every form of a certificate, chains, weak and unreadable ones beside good ones.

SAML metadata 2.4.1.1.
"""

import base64
import itertools
import time
from contextlib import suppress

import pytest

from saml.errors import MetadataRefused
from saml.metadata import read_metadata
from tests.saml.certificates import FORMS, STRONG, WEAK, armour, chain, made
from tests.saml.documents import document, entity, idp, key, service

GOOD = made(name="good")
LEAF, MIDDLE, ROOT = chain()


def read(*keys: str):
    return read_metadata(document(entity(idp(*keys, service()))))


def names(facts) -> list[str]:
    return [each.subject for each in facts.certificates]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_certificate_is_read_however_it_is_written(form):
    assert names(read(key(form(GOOD.der)))) == ["CN=good"]


@pytest.mark.parametrize("kind", STRONG)
def test_strong_keys_are_taken(kind):
    assert names(read(key(made(kind).base64))) == [f"CN={kind}"]


@pytest.mark.parametrize("kind", WEAK)
def test_weak_and_unknown_keys_are_refused_alone_and_left_out_beside_a_good_one(kind):
    bad = made(kind).base64

    with pytest.raises(
        MetadataRefused, match=f"no signing certificate that can be used.*CN={kind}.*was left out: it has"
    ):
        read(key(bad))
    for keys in ((key(bad), key(GOOD.base64)), (key(GOOD.base64, bad),), (key(bad, GOOD.base64, data=2),)):
        facts = read(*keys)
        assert names(facts) == ["CN=good"]
        assert f"CN={kind}" in str(facts.left_out[0])


UNREADABLE = {
    "not base64": ("%%%", "not base64"),
    "nothing": ("", "cannot be read as a certificate"),
    "base64 of something else": (base64.b64encode(b"hello" * 20).decode(), "cannot be read"),
    "half of one": (base64.b64encode(GOOD.der[:300]).decode(), "cannot be read"),
    "one with more behind it": (base64.b64encode(GOOD.der + b"x").decode(), "cannot be read"),
    "a public key": ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "a public key where a certificate"),
    "half of a PEM that was encoded again": (
        base64.b64encode(armour(GOOD.der).encode()[:200]).decode(),
        "begins like PEM",
    ),
    "armour without anything": ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "cannot be read"),
}


@pytest.mark.parametrize(("written", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_one_is_left_out_beside_a_good_one(written, words):
    with pytest.raises(MetadataRefused, match=words):
        read(key(written))
    facts = read(key(written), key(GOOD.base64))
    assert names(facts) == ["CN=good"]
    assert words in str(facts.left_out[0])


@pytest.mark.parametrize("order", list(itertools.permutations((LEAF, MIDDLE, ROOT))))
@pytest.mark.parametrize("form", ["one element", "several elements", "one PEM"])
def test_of_a_chain_the_leaf_is_trusted_and_the_rest_is_left_out(order, form):
    if form == "one PEM":
        keys = key("".join(armour(each.der) for each in order))
    else:
        keys = key(*(each.base64 for each in order), data=1 if form == "one element" else 3)

    facts = read(keys)

    assert names(facts) == ["CN=leaf"]
    assert len(facts.left_out) == 2
    assert all("only issued the certificate" in str(each) for each in facts.left_out)


def test_an_authority_that_stands_in_a_key_of_its_own_is_a_signer_of_its_own():
    assert sorted(names(read(key(LEAF.base64, MIDDLE.base64), key(MIDDLE.base64)))) == ["CN=authority", "CN=leaf"]


def test_several_certificates_that_have_nothing_to_do_with_each_other_are_all_taken():
    """A renewed one with the same name, too: it was not issued by the old one."""
    first, second = made(name="same"), made("rsa-4096", name="same")

    facts = read(key(first.base64, second.base64, GOOD.base64))

    assert sorted(names(facts)) == ["CN=good", "CN=same", "CN=same"]
    assert facts.left_out == ()


def test_the_authority_does_not_take_the_place_of_a_leaf_that_is_too_weak():
    root = made(name="another root")
    weak = made("rsa-1024", name="weak leaf", issuer=root)

    with pytest.raises(MetadataRefused, match="no signing certificate that can be used"):
        read(key(weak.base64, root.base64))


@pytest.mark.parametrize(
    ("use", "taken", "said"),
    [
        ("signing", True, False),
        (None, True, False),
        ("", True, False),
        (" Signing ", True, False),
        ("encryption", False, False),
        ("backup", False, True),
    ],
)
def test_the_use_of_a_key_decides_and_a_missing_one_means_both(use, taken, said):
    """SAML metadata 2.4.1.1."""
    facts = read(key(made(name="this").base64, use=use), key(GOOD.base64))

    assert ("CN=this" in names(facts)) is taken
    assert bool(facts.left_out) is said


def test_a_key_without_a_certificate_is_left_out():
    bare = '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:KeyName>x</ds:KeyName></ds:KeyInfo></md:KeyDescriptor>'

    assert "without a certificate" in str(read(bare, key(GOOD.base64)).left_out[0])
    with pytest.raises(MetadataRefused, match="without a certificate"):
        read(bare)


def test_metadata_full_of_certificates_costs_no_more_than_its_size():
    """As CPU time beside that of the same number of good certificates, each in a key of its own."""

    def cost(*keys: str) -> float:
        began = time.process_time()
        with suppress(MetadataRefused):
            read(*keys)
        return time.process_time() - began

    plain = cost(*(key(GOOD.base64) for _ in range(400)))
    marks = "-----BEGIN CERTIFICATE-----" * 5_000
    for hostile in (
        [key(marks) for _ in range(6)],
        [key(marks + "-----END CERTIFICATE-----" * 5_000) for _ in range(3)],
        [key("".join(armour(GOOD.der) for _ in range(150))) for _ in range(3)],
        [key(*(each.base64 for each in (LEAF, MIDDLE, ROOT) * 120))],
        [key("%%%") for _ in range(5_000)],
        [key("A" * 150_000) for _ in range(6)],
    ):
        assert cost(*hostile, key(GOOD.base64)) < 3 * plain + 0.2


def test_what_was_left_out_is_listed_up_to_a_point():
    kinds = [made(kind).base64 for kind in WEAK]

    facts = read(*map(key, kinds), key(GOOD.base64))

    assert len(facts.left_out) == 9
    assert str(facts.left_out[-1]) == f"{len(WEAK) - 8} more parts were left out."
