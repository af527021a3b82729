"""What a signature may look like, before it is verified: XML signatures describe how they want to be verified.

Transforms run programs (XSLT) before trust exists, references point anywhere. So everything is refused that a plain
enveloped signature does not need, be it in a response, a logout message or metadata.
"""

from collections.abc import Iterator

from lxml import etree

from saml.errors import MessageRefused
from saml.refusals.reasons import Reason
from saml.validation.message_shape import local_name
from saml.xml.algorithms import DIGEST_METHODS, ENVELOPED, EXCLUSIVE_C14N, SIGNATURE_METHODS
from saml.xml.parser import DS, tag

_SIGNATURE = tag(DS, "Signature")
_INCLUSIVE = tag(EXCLUSIVE_C14N, "InclusiveNamespaces")
_MOST_PREFIXES = 20  # canonicalisation looks each of them up at every element
_LONGEST_PREFIX_LIST = 400  # characters
_KEY_HINTS = {tag(DS, "KeyName"): 1, tag(DS, "KeyValue"): 1, tag(DS, "X509Data"): 5}


def has_plain_signatures(root: etree._Element) -> None:
    """A signature has one SignedInfo with one Reference, one value, certificates or key names, and nothing else."""
    for signature in root.iter(_SIGNATURE):
        _require_parts(signature, [("SignedInfo", 1, 1), ("SignatureValue", 1, 1), ("KeyInfo", 0, 1)])
        info = signature[0]
        _require_parts(info, [("CanonicalizationMethod", 1, 1), ("SignatureMethod", 1, 1), ("Reference", 1, 1)])
        _require_parts(info[2], [("Transforms", 1, 1), ("DigestMethod", 1, 1), ("DigestValue", 1, 1)])
        for key_info in signature[2:]:
            _require_key_hints(key_info)


def refers_to_its_parent(root: etree._Element) -> None:
    """A signature's Reference names the element in which it stands, and no other."""
    for signature in root.iter(_SIGNATURE):
        uris = [reference.get("URI") for reference in signature.iter(tag(DS, "Reference"))]
        if uris != [f"#{signature.getparent().get('ID')}"]:
            if not uris or uris[0] is None:
                raise MessageRefused("refers_to_its_parent", Reason.SIGNATURE_COVERS_NOTHING)
            raise MessageRefused("refers_to_its_parent", Reason.SIGNATURE_COVERS_ANOTHER, stated=uris[0][:100])


def has_known_transforms(root: etree._Element) -> None:
    """Only enveloped-signature and exclusive canonicalisation; XSLT and XPath would run before anything is trusted."""
    for method in root.iter(tag(DS, "CanonicalizationMethod")):
        if method.get("Algorithm") != EXCLUSIVE_C14N:
            raise MessageRefused(
                "has_known_transforms", Reason.CANONICALISATION_NOT_ACCEPTED, stated=_algorithm(method)
            )
        _require_few_prefixes(method)
    for transforms in root.iter(tag(DS, "Transforms")):
        algorithms = [transform.get("Algorithm") for transform in transforms[:3]]
        if algorithms not in ([ENVELOPED, EXCLUSIVE_C14N], [ENVELOPED]):
            stated = ", ".join(str(each)[:100] for each in algorithms)
            raise MessageRefused("has_known_transforms", Reason.TRANSFORMS_NOT_ACCEPTED, stated=stated)
        for transform in transforms:
            _require_few_prefixes(transform)


def has_strong_algorithms(root: etree._Element) -> None:
    """RSA or ECDSA with SHA-256 or better; no SHA-1, MD5, DSA, HMAC."""
    for name, accepted in (("SignatureMethod", SIGNATURE_METHODS), ("DigestMethod", DIGEST_METHODS)):
        for method in _in_signatures(root, name):
            if method.get("Algorithm") not in accepted:
                raise MessageRefused("has_strong_algorithms", Reason.WEAK_ALGORITHM, stated=_algorithm(method))


SIGNATURE_GUARDS = (has_plain_signatures, refers_to_its_parent, has_known_transforms, has_strong_algorithms)


def require_children(element: etree._Element, expected: list[tuple[str, int, int]], guard: str) -> None:
    """``expected``: names of elements, in order, each with its least and most number. Nothing else may be there.

    Raises: MessageRefused with the name of ``guard``.
    """
    most = sum(each for _, _, each in expected)
    names = [child.tag for child in element[: most + 1]]
    position = 0
    for name, least, times in expected:
        count = 0
        while position < len(names) and names[position] == name and count < times:
            count, position = count + 1, position + 1
        if count < least:
            raise MessageRefused(guard, Reason.PART_MISSING, element=_name(element), part=local_name(name))
    if position < len(names):
        raise MessageRefused(
            guard, Reason.PART_NOT_ALLOWED, element=_name(element), part=local_name(str(names[position]))[:100]
        )


def _require_parts(element: etree._Element, expected: list[tuple[str, int, int]]) -> None:
    require_children(element, [(tag(DS, name), least, most) for name, least, most in expected], "has_plain_signatures")


def _require_key_hints(key_info: etree._Element) -> None:
    """In any order, as identity providers send them; none of it is read."""
    names = [child.tag for child in key_info[: sum(_KEY_HINTS.values()) + 1]]
    if any(name not in _KEY_HINTS or names.count(name) > _KEY_HINTS[name] for name in names):
        raise MessageRefused("has_plain_signatures", Reason.KEY_INFO_PARTS)


def _require_few_prefixes(method: etree._Element) -> None:
    for child in method[:2]:
        prefixes = child.get("PrefixList") or ""
        if child.tag != _INCLUSIVE or len(method) > 1:
            raise MessageRefused("has_known_transforms", Reason.TRANSFORM_PARTS, element=_name(method))
        if len(prefixes) > _LONGEST_PREFIX_LIST or len(prefixes.split()) > _MOST_PREFIXES:
            raise MessageRefused("has_known_transforms", Reason.TOO_MANY_PREFIXES)


def _in_signatures(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """RSA-OAEP names its digest by the same element, and is safe with SHA-1, which it has as its default."""
    return (found for signature in root.iter(_SIGNATURE) for found in signature.iter(tag(DS, name)))


def _algorithm(method: etree._Element) -> str | None:
    return (method.get("Algorithm") or "")[:100] or None


def _name(element: etree._Element) -> str:
    return local_name(element.tag)[:100]
