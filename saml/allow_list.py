"""What a SAML response may look like at all, decided on the parsed tree before any signature work.

XML signatures let a message describe how it wants to be verified: transforms run programs (XSLT) before trust exists,
references point anywhere, wrapped copies hide behind signed ones. So everything is refused that a plain signed
response of Entra, Okta or ADFS does not need. ``GUARDS`` is read from top to bottom; each guard is one sentence.
"""

import re
from collections.abc import Callable, Iterator

from lxml import etree

from saml.errors import Refused, UnreadableXml
from saml.xml import DS, SAML, SAMLP, XENC, XENC11, parse, tag

RESPONSE_LIMIT = 256 * 1024  # bytes; a response with 150 groups is below 40 KB
MOST_ELEMENTS = 5_000
DEEPEST = 30

EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SIGNATURE_METHODS = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{key}-sha{bits}" for key in ("rsa", "ecdsa") for bits in (256, 384, 512)
)
DIGEST_METHODS = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    }
)
# Not rsa-1_5: its padding lets whoever may ask often enough decrypt, however uniform the answers are.
RSA_OAEP_MGF1P = f"{XENC}rsa-oaep-mgf1p"
RSA_OAEP = f"{XENC11}rsa-oaep"
KEY_TRANSPORT = (RSA_OAEP_MGF1P, RSA_OAEP)
# In the order in which we would like them, with the bytes of the key.
CONTENT_ENCRYPTION = {
    f"{XENC11}aes256-gcm": 32,
    f"{XENC11}aes192-gcm": 24,
    f"{XENC11}aes128-gcm": 16,
    f"{XENC}aes256-cbc": 32,
    f"{XENC}aes192-cbc": 24,
    f"{XENC}aes128-cbc": 16,
}
_RESPONSE = tag(SAMLP, "Response")
_ASSERTION = tag(SAML, "Assertion")
ENCRYPTED_ASSERTION = tag(SAML, "EncryptedAssertion")
_SIGNATURE = tag(DS, "Signature")
_METHOD = tag(XENC, "EncryptionMethod")
_CIPHER = tag(XENC, "CipherData")
_DIGEST = tag(DS, "DigestMethod")
_MGF = tag(XENC11, "MGF")
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
# Short as well: canonicalisation writes a namespace out at every element that uses it, whoever signed the message.
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:\S{1,300}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,199}")
_ENTRA_ERROR = re.compile(r"AADSTS\d{3,8}")

Guard = Callable[[etree._Element], None]


def read_response(document: bytes) -> etree._Element:
    """Parse a SAML response and refuse it unless it has the one shape that we accept.

    Raises: Refused with the name of the guard (or ``xml``); nothing was verified yet when it returns.
    """
    try:
        root = parse(document, limit=RESPONSE_LIMIT)
    except UnreadableXml as error:
        raise Refused("xml", str(error)) from error
    for guard in GUARDS:
        guard(root)
    return root


def is_a_response(root: etree._Element) -> None:
    """The root is a SAML 2.0 Response with an ID."""
    if root.tag != _RESPONSE or root.get("Version") != "2.0":
        raise Refused("is_a_response", "the message is not a SAML 2.0 Response.")
    if not _IDENTIFIER.fullmatch(root.get("ID") or ""):
        raise Refused("is_a_response", "the Response has no usable ID.")


def is_small(root: etree._Element) -> None:
    """Not deeper and not larger than any honest response."""
    count = 0
    for count, element in enumerate(root.iter(), start=1):
        if count > MOST_ELEMENTS:
            raise Refused("is_small", "the message has too many elements.")
        if not len(element) and sum(1 for _ in element.iterancestors()) > DEEPEST:
            raise Refused("is_small", "the message is nested too deeply.")


def has_no_oddities(root: etree._Element) -> None:
    """No comments, processing instructions or entities: canonical XML skips them, so they could be slipped in."""
    beside = (*root.itersiblings(), *root.itersiblings(preceding=True))
    if beside or any(not isinstance(node.tag, str) for node in root.iter()):
        raise Refused("has_no_oddities", "the message has comments, processing instructions or entities in it.")


def has_plain_names(root: etree._Element) -> None:
    """No relative or endless namespaces, no attribute twice by local name ("The Fragile Lock", 2025)."""
    for element in _elements(root):
        if any(uri and not _ABSOLUTE.fullmatch(uri) for uri in element.nsmap.values()):
            raise Refused("has_plain_names", "the message has a relative or endless namespace.")
        names = [etree.QName(name).localname.lower() for name in element.attrib]
        if len(names) != len(set(names)):
            raise Refused("has_plain_names", "an element has the same attribute twice.")


def has_unique_ids(root: etree._Element) -> None:
    """Every ID, Id, id and xml:id is there once, whatever its case."""
    seen: set[str] = set()
    for element in _elements(root):
        for name, value in element.attrib.items():
            if etree.QName(name).localname.lower() != "id":
                continue
            if value.casefold() in seen:
                raise Refused("has_unique_ids", "two elements have the same ID.")
            seen.add(value.casefold())


def says_success(root: etree._Element) -> None:
    """The status is Success.

    What the identity provider says instead (Entra: AADSTS…) goes to the administrator.
    """
    codes = root.findall(f"{tag(SAMLP, 'Status')}/{tag(SAMLP, 'StatusCode')}")
    if len(codes) == 1 and codes[0].get("Value") == _SUCCESS:
        return
    nested = [code.get("Value", "").rpartition(":")[2] for each in codes for code in each.iter(each.tag)]
    message = root.findtext(f"{tag(SAMLP, 'Status')}/{tag(SAMLP, 'StatusMessage')}") or ""
    words = " / ".join(filter(None, nested)) or "no status"
    raise Refused("says_success", f"the identity provider answered {words[:200]}. {message.strip()[:500]}".strip())


def has_one_assertion(root: etree._Element) -> None:
    """Exactly one Assertion, directly below the Response, and none of any name-alike elsewhere."""
    found = [each for each in _elements(root) if etree.QName(each).localname in {"Assertion", "EncryptedAssertion"}]
    if len(found) != 1 or found[0].getparent() is not root:
        raise Refused("has_one_assertion", "there must be exactly one assertion, directly in the Response.")
    if found[0].tag == ENCRYPTED_ASSERTION:
        return
    if found[0].tag != _ASSERTION or not _IDENTIFIER.fullmatch(found[0].get("ID") or ""):
        raise Refused("has_one_assertion", "the assertion has no usable ID.")


def has_plain_encryption(root: etree._Element) -> None:
    """What is encrypted is one element, with AES, under one key of ours (RSA-OAEP); nothing is fetched or referred to.

    KeyInfo inside EncryptedKey is a hint which of our keys is meant, in as many forms as there are vendors: not read.
    """
    encrypted = root.find(ENCRYPTED_ASSERTION)
    if encrypted is None:
        return
    guard = "has_plain_encryption"
    _require_children(encrypted, [(tag(XENC, "EncryptedData"), 1, 1)], guard)
    data = encrypted[0]
    if data.get("Type", f"{XENC}Element") != f"{XENC}Element":
        raise Refused(guard, "the assertion is encrypted in a way that is not accepted.")
    _require_children(data, [(_METHOD, 1, 1), (tag(DS, "KeyInfo"), 1, 1), (_CIPHER, 1, 1)], guard)
    _require_children(data[1], [(tag(XENC, "EncryptedKey"), 1, 1)], guard)
    key = data[1][0]
    hints = [(tag(XENC, "ReferenceList"), 0, 1), (tag(XENC, "CarriedKeyName"), 0, 1)]
    _require_children(key, [(_METHOD, 1, 1), (tag(DS, "KeyInfo"), 0, 1), (_CIPHER, 1, 1), *hints], guard)
    for cipher in (data[2], key.find(_CIPHER)):
        _require_children(cipher, [(tag(XENC, "CipherValue"), 1, 1)], guard)
    algorithms_fit = data[0].get("Algorithm") in CONTENT_ENCRYPTION and key[0].get("Algorithm") in KEY_TRANSPORT
    if not algorithms_fit or any(part.tag not in {_DIGEST, _MGF} for part in key[0]):
        raise Refused(guard, "the assertion is encrypted with another algorithm than AES under RSA-OAEP.")


def has_signed_assertion(root: etree._Element) -> None:
    """The assertion itself is signed; a signature over the Response alone is a setting to correct."""
    if root.find(ENCRYPTED_ASSERTION) is not None:
        return  # This guard is asked again once it is open.
    assertion = root.find(_ASSERTION)
    if assertion is None or assertion.find(_SIGNATURE) is None:
        if root.find(_SIGNATURE) is not None:
            raise Refused("has_signed_assertion", "only the Response is signed, not the assertion.")
        raise Refused("has_signed_assertion", "the assertion is not signed.")


def has_signatures_in_place(root: etree._Element) -> None:
    """Signatures stand directly in the Response or the Assertion, at most one in each."""
    holders = [signature.getparent() for signature in root.iter("{*}Signature")]
    if any(holder is not root and holder is not root.find(_ASSERTION) for holder in holders):
        raise Refused("has_signatures_in_place", "a signature stands where none belongs.")
    if len(holders) != len({id(holder) for holder in holders}):
        raise Refused("has_signatures_in_place", "there are two signatures in one place.")


def has_plain_signatures(root: etree._Element) -> None:
    """A signature has one SignedInfo with one Reference, one value, certificates or key names, and nothing else."""
    for signature in root.iter(_SIGNATURE):
        _require_parts(signature, [("SignedInfo", 1, 1), ("SignatureValue", 1, 1), ("KeyInfo", 0, 1)])
        info = signature[0]
        _require_parts(info, [("CanonicalizationMethod", 1, 1), ("SignatureMethod", 1, 1), ("Reference", 1, 1)])
        _require_parts(info[2], [("Transforms", 1, 1), ("DigestMethod", 1, 1), ("DigestValue", 1, 1)])
        for key_info in signature[2:]:
            _require_parts(key_info, [("KeyName", 0, 1), ("KeyValue", 0, 1), ("X509Data", 0, 5)])


def refers_to_its_parent(root: etree._Element) -> None:
    """A signature's Reference names the element in which it stands, and no other."""
    for signature in root.iter(_SIGNATURE):
        uris = [reference.get("URI") for reference in signature.iter(tag(DS, "Reference"))]
        if uris != [f"#{signature.getparent().get('ID')}"]:
            raise Refused("refers_to_its_parent", "a signature does not cover the element in which it stands.")


def has_known_transforms(root: etree._Element) -> None:
    """Only enveloped-signature and exclusive canonicalisation; XSLT and XPath would run before anything is trusted."""
    for method in root.iter(tag(DS, "CanonicalizationMethod")):
        if method.get("Algorithm") != EXCLUSIVE_C14N:
            raise Refused("has_known_transforms", "the canonicalisation of a signature is not accepted.")
    for transforms in root.iter(tag(DS, "Transforms")):
        algorithms = [transform.get("Algorithm") for transform in transforms]
        if algorithms not in ([ENVELOPED, EXCLUSIVE_C14N], [ENVELOPED]):
            raise Refused("has_known_transforms", "a signature asks for a transform that is not accepted.")
        for transform in transforms:
            if any(child.tag != tag(EXCLUSIVE_C14N, "InclusiveNamespaces") for child in transform):
                raise Refused("has_known_transforms", "a signature asks for a transform that is not accepted.")


def has_strong_algorithms(root: etree._Element) -> None:
    """RSA or ECDSA with SHA-256 or better; no SHA-1, MD5, DSA, HMAC."""
    for name, accepted in (("SignatureMethod", SIGNATURE_METHODS), ("DigestMethod", DIGEST_METHODS)):
        for method in _in_signatures(root, name):
            if method.get("Algorithm") not in accepted:
                algorithm = (method.get("Algorithm") or "none")[:100]
                raise Refused("has_strong_algorithms", f"{algorithm} is not accepted; SHA-256 or better is.")


GUARDS: tuple[Guard, ...] = (
    is_a_response,
    is_small,
    has_no_oddities,
    has_plain_names,
    has_unique_ids,
    says_success,
    has_one_assertion,
    has_plain_encryption,
    has_signed_assertion,
    has_signatures_in_place,
    has_plain_signatures,
    refers_to_its_parent,
    has_known_transforms,
    has_strong_algorithms,
)


def entra_error(reason: str) -> str:
    """The AADSTS code in a refusal's reason, or "": the one part of it that may be shown to a person."""
    found = _ENTRA_ERROR.search(reason)
    return found[0] if found else ""


def _elements(root: etree._Element) -> Iterator[etree._Element]:
    return (node for node in root.iter() if isinstance(node.tag, str))


def _in_signatures(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """RSA-OAEP names its digest by the same element, and is safe with SHA-1, which it has as its default."""
    return (found for signature in root.iter(_SIGNATURE) for found in signature.iter(tag(DS, name)))


def _require_parts(element: etree._Element, expected: list[tuple[str, int, int]]) -> None:
    _require_children(element, [(tag(DS, name), least, most) for name, least, most in expected], "has_plain_signatures")


def _require_children(element: etree._Element, expected: list[tuple[str, int, int]], guard: str) -> None:
    """``expected``: names of elements, in order, each with its least and most number. Nothing else may be there."""
    names = [child.tag for child in element]
    for name, least, most in expected:
        count = 0
        while names and names[0] == name:
            names.pop(0)
            count += 1
        if not least <= count <= most:
            raise Refused(guard, f"{etree.QName(element).localname} has other parts than it may have.")
    if names:
        raise Refused(guard, f"{etree.QName(element).localname} has other parts than it may have.")
