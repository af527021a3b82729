"""Who signed a metadata document (SAML metadata 3): signed with signxml, verified with xmlsec, pinned."""

import hashlib
from base64 import b64decode

import pytest
from lxml import etree

from saml.errors import MetadataRefused
from saml.metadata import METADATA_LIMIT, read_metadata
from saml.metadata.signature import read_pin
from tests.saml.documents import aggregate, document, entity
from tests.saml.forge import ENTITY_ID, NS, fingerprint, metadata, sign, signed_metadata
from tests.saml.keys import key_pair

SIGNER = key_pair("metadata signer")
PIN = fingerprint(SIGNER)
MD = "urn:oasis:names:tc:SAML:2.0:metadata"


def tree(document: bytes) -> etree._Element:
    return etree.fromstring(document.removeprefix(b"\xef\xbb\xbf"))


def test_a_document_that_is_signed_with_the_pinned_certificate_is_read():
    facts = read_metadata(signed_metadata(SIGNER), pin=PIN)

    assert (facts.entity_id, facts.signer, len(facts.certificates)) == (ENTITY_ID, PIN, 1)
    assert facts.sha256 == hashlib.sha256(signed_metadata(SIGNER)).hexdigest()


def test_without_a_pin_the_signer_is_stated_and_an_unsigned_document_is_read_as_well():
    assert read_metadata(signed_metadata(SIGNER)).signer == PIN
    facts = read_metadata(metadata())
    assert (facts.signer, str(facts.unsigned_because)) == ("", "it is not signed.")


def test_a_signature_that_does_not_hold_names_no_signer():
    facts = read_metadata(signed_metadata(SIGNER).replace(b"login.microsoftonline", b"login.evil"))

    assert (facts.signer, "does not hold" in str(facts.unsigned_because)) == ("", True)


def swapped_certificate() -> bytes:
    """Signed by somebody else, who writes the pinned certificate into KeyInfo."""
    theirs = key_pair("somebody else").certificate_base64.encode()
    signed = signed_metadata(key_pair("somebody else"))
    flat = b"".join(signed.split(b"\n"))
    return flat.replace(theirs, SIGNER.certificate_base64.encode())


def wrapped() -> bytes:
    """The genuine document inside a forged one of the same shape, the signature moved up to the forged root."""
    genuine, forged = tree(signed_metadata(SIGNER)), tree(metadata(key_pair("evil")))
    signature = genuine.find("ds:Signature", NS)
    forged.set("ID", "_evil")
    extensions = etree.SubElement(forged, f"{{{MD}}}Extensions")
    forged.insert(0, extensions)
    forged.insert(0, signature)
    extensions.append(genuine)
    return etree.tostring(forged)


def same_id_twice() -> bytes:
    forged = tree(wrapped())
    forged.set("ID", "_7c1")
    return etree.tostring(forged)


def signed_below_the_root() -> bytes:
    root = tree(metadata())
    descriptor = root.find(f"{{{MD}}}IDPSSODescriptor")
    descriptor.set("ID", "_idp")
    root.replace(descriptor, sign(descriptor, SIGNER))
    return etree.tostring(root)


def signed_twice() -> bytes:
    root = tree(signed_metadata(SIGNER))
    root.append(etree.fromstring(etree.tostring(root.find("ds:Signature", NS))))
    return etree.tostring(root)


def without_key_info() -> bytes:
    root = tree(signed_metadata(SIGNER))
    signature = root.find("ds:Signature", NS)
    signature.remove(signature.find("ds:KeyInfo", NS))
    return etree.tostring(root)


def with_a_comment() -> bytes:
    """Canonical form leaves comments out, so the signature would hold: refused before anybody asks it."""
    return signed_metadata(SIGNER).replace(b"<IDPSSODescriptor", b"<!-- x --><IDPSSODescriptor", 1)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (metadata(), "not signed"),
        (signed_metadata(key_pair("somebody else")), "another certificate"),
        (swapped_certificate(), "does not hold"),
        (signed_metadata(SIGNER).replace(b"login.microsoftonline", b"login.evil"), "does not hold"),
        (signed_metadata(SIGNER).replace(b'ID="_7c1"', b'ID="_7c2"'), "does not hold"),
        (wrapped(), "does not hold"),
        (same_id_twice(), "does not hold"),
        (signed_below_the_root(), "over the whole document"),
        (signed_twice(), "over the whole document"),
        (without_key_info(), "with which certificate"),
        (with_a_comment(), "does not hold"),
        (signed_metadata(SIGNER, weak=True), "does not hold"),
    ],
)
def test_anything_else_than_that_signature_is_refused_where_there_is_a_pin(document, reason):
    """SAML metadata 3.1: over the whole document, by reference to its ID."""
    with pytest.raises(MetadataRefused, match=reason):
        read_metadata(document, pin=PIN)


def test_a_namespace_without_end_is_refused_before_it_is_written_out_at_every_element():
    document = signed_metadata(SIGNER).replace(
        b"<IDPSSODescriptor", b'<IDPSSODescriptor xmlns:x="urn:' + b"x" * 400 + b'"'
    )

    with pytest.raises(MetadataRefused, match="has_plain_names"):
        read_metadata(document, pin=PIN)


def test_a_pin_is_read_as_portals_and_openssl_print_it():
    colons = ":".join(PIN[place : place + 2].upper() for place in range(0, 64, 2))

    assert read_pin(f" {colons}\n") == PIN == hashlib.sha256(b64decode(SIGNER.certificate_base64)).hexdigest()
    assert read_pin("  ") == ""


@pytest.mark.parametrize("nonsense", [PIN[:40], PIN + "00", "g" * 64], ids=["too short", "too long", "not hexadecimal"])
def test_what_is_no_fingerprint_is_no_pin(nonsense):
    with pytest.raises(MetadataRefused, match="64 hexadecimal digits"):
        read_pin(nonsense)


# ── Aggregates ───────────────────────────────────────────────────────────────────────────────────────────────────


def several(*, sign_whole: bool, sign_each: bool) -> bytes:
    """Two identity providers in one document, signed as a whole, each by itself, or both."""
    entities = []
    for number, entity_id in enumerate((ENTITY_ID, "https://other.example/")):
        document = tree(metadata(entity_id=entity_id))
        document.set("ID", f"_e{number}")
        entities.append(etree.tostring(sign(document, SIGNER) if sign_each else document))
    # As text: lxml would change the prefixes of what it moves, and with them what was signed.
    whole = b'<m:EntitiesDescriptor xmlns:m="%s" ID="_all"><m:Extensions/>%s</m:EntitiesDescriptor>'
    content = whole % (MD.encode(), b"".join(entities))
    return etree.tostring(sign(etree.fromstring(content), SIGNER)) if sign_whole else content


@pytest.mark.parametrize(("whole", "each"), [(True, False), (False, True), (True, True)])
def test_an_aggregate_is_signed_as_a_whole_or_entity_by_entity(whole, each):
    """SAML metadata 2.3.1, 2.3.2 and 3."""
    document = several(sign_whole=whole, sign_each=each)

    assert read_metadata(document, pin=PIN, wanted=ENTITY_ID).entity_id == ENTITY_ID
    assert read_metadata(document, wanted="https://other.example/").signer == PIN
    changed = document.replace(b"login.microsoftonline", b"login.evil")
    with pytest.raises(MetadataRefused, match="does not hold"):
        read_metadata(changed, pin=PIN, wanted=ENTITY_ID)


def test_an_aggregate_that_nobody_signed_fits_no_pin():
    with pytest.raises(MetadataRefused, match="not signed"):
        read_metadata(several(sign_whole=False, sign_each=False), pin=PIN, wanted=ENTITY_ID)


def test_a_signature_of_another_entity_says_nothing_about_this_one():
    """SAML metadata 2.3.2 and 3.1."""
    document = several(sign_whole=False, sign_each=True)
    root = etree.fromstring(document)
    mine = next(each for each in root if each.get("entityID") == ENTITY_ID)
    mine.remove(mine.find("ds:Signature", NS))

    with pytest.raises(MetadataRefused, match="not signed"):
        read_metadata(etree.tostring(root), pin=PIN, wanted=ENTITY_ID)


def test_a_signature_over_utf_16_holds():
    text = signed_metadata(SIGNER).decode("utf-8-sig")

    assert read_metadata(text.encode("utf-16"), pin=PIN).signer == PIN


def test_an_aggregate_as_large_as_is_taken_is_verified_as_well():
    """More elements than any response may have: a federation's document comes from no unauthenticated client."""
    more = "".join(entity(entity_id=f"https://{number}.example/idp") for number in range(740))
    content = document(aggregate("<md:Extensions/>", more, attributes='ID="_all"'))
    signed = etree.tostring(sign(etree.fromstring(content), SIGNER))
    assert len(signed) <= METADATA_LIMIT
    assert len(list(etree.fromstring(signed).iter())) > 5_000

    assert read_metadata(signed, pin=PIN, wanted="https://739.example/idp").signer == PIN
