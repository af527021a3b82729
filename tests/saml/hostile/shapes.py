"""Messages that keep a site busy, made by rule for unauthenticated clients: each fills about the size that is asked.

Nothing here is signed by anybody: this is what costs its sender nothing. ``FILLINGS`` are put where they pass as many
guards as possible, below an assertion (or a logout message) with a signature of the right shape.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from tests.saml.forge import DS, ENTITY_ID, NS

_EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_XENC = "http://www.w3.org/2001/04/xmlenc#"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


def repeated(piece: Callable[[int], str], size: int) -> str:
    """As many pieces, each made from its number, as fill ``size`` bytes."""
    total, found = 0, []
    for number in count():
        found.append(piece(number))
        total += len(found[-1])
        if total >= size:
            return "".join(found)
    raise AssertionError


def signature(
    parent: str,
    *,
    value: str = "AAAA",
    digest: str = "AAAA",
    certificate: str = "",
    prefixes: str = "",
    transforms: str | None = None,
    references: int = 1,
    extra: str = "",
) -> str:
    """A signature over ``parent`` that has the right shape and fits nothing."""
    inclusive = f'<ec:InclusiveNamespaces xmlns:ec="{_EXC}" PrefixList="{prefixes}"/>' if prefixes else ""
    inner = transforms or (
        f'<ds:Transform Algorithm="{DS}enveloped-signature"/>'
        f'<ds:Transform Algorithm="{_EXC}">{inclusive}</ds:Transform>'
    )
    reference = (
        f'<ds:Reference URI="#{parent}"><ds:Transforms>{inner}</ds:Transforms><ds:DigestMethod Algorithm="{_SHA256}"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    )
    data = f"<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>" if certificate else ""
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{_EXC}"/>'
        f'<ds:SignatureMethod Algorithm="{_RSA}"/>{reference * references}</ds:SignedInfo>'
        f"<ds:SignatureValue>{value}</ds:SignatureValue>{f'<ds:KeyInfo>{data}</ds:KeyInfo>' if data else ''}{extra}"
        "</ds:Signature>"
    )


@dataclass(frozen=True, kw_only=True)
class Filling:
    """What a hostile message is filled with. Each part goes where its name says."""

    inside: str = ""
    on_root: str = ""
    on_inner: str = ""
    after: str = ""
    status_message: str = ""
    signature: str | None = None
    assertion: str | None = None


def response(filling: Filling, *, acs: str = "", request_id: str = "") -> str:
    """A Response with one assertion that holds ``filling``."""
    sign = signature("_a1") if filling.signature is None else filling.signature
    message = f"<samlp:StatusMessage>{filling.status_message}</samlp:StatusMessage>" if filling.status_message else ""
    assertion = filling.assertion or (
        f'<saml:Assertion ID="_a1" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"{filling.on_inner}>'
        f"<saml:Issuer>{ENTITY_ID}</saml:Issuer>{sign}<saml:Subject><saml:NameID>a@b</saml:NameID></saml:Subject>"
        f"<saml:AttributeStatement>{filling.inside}</saml:AttributeStatement></saml:Assertion>"
    )
    answers = f' InResponseTo="{request_id}"' if request_id else ""
    return (
        f'<samlp:Response xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="_r1" Version="2.0"'
        f' Destination="{acs}" IssueInstant="2026-01-01T00:00:00Z"{answers}{filling.on_root}>'
        f"<saml:Issuer>{ENTITY_ID}</saml:Issuer>"
        f'<samlp:Status><samlp:StatusCode Value="{_SUCCESS}"/>{message}</samlp:Status>{assertion}</samlp:Response>'
        f"{filling.after}"
    )


def logout(filling: Filling, name: str = "LogoutRequest") -> str:
    """A logout message that holds ``filling`` in its Extensions."""
    sign = (signature("_r1") if filling.signature is None else filling.signature).replace('"#_a1"', '"#_r1"')
    return (
        f'<samlp:{name} xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="_r1" Version="2.0"'
        f' IssueInstant="2026-01-01T00:00:00Z"{filling.on_root}{filling.on_inner}>'
        f"<saml:Issuer>{ENTITY_ID}</saml:Issuer>{sign}<samlp:Extensions>{filling.inside}</samlp:Extensions><saml:NameID>a@b</saml:NameID>"
        f"<samlp:SessionIndex>_s</samlp:SessionIndex></samlp:{name}>{filling.after}"
    )


def _namespaces(size: int) -> str:
    return repeated(lambda n: f' xmlns:n{n}="u:{n}"', size)


def _prefixes(size: int) -> str:
    return repeated(lambda n: f"n{n} ", size).strip()


def _nested(size: int, opening: str = "<x>", closing: str = "</x>") -> str:
    times = max(1, size // (len(opening) + len(closing)))
    return opening * times + closing * times


def _encrypted(size: int, *, keys: int = 1) -> str:
    value = "A" * (size // 2)
    key = (
        f'<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{_XENC}rsa-oaep-mgf1p"/><xenc:CipherData>'
        f"<xenc:CipherValue>{'A' * 512}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
    )
    keys = max(1, size // len(key)) if keys > 1 else 1
    return (
        f'<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc="{_XENC}" Type="{_XENC}Element">'
        f'<xenc:EncryptionMethod Algorithm="{_XENC}aes256-cbc"/><ds:KeyInfo xmlns:ds="{DS}">{key * keys}</ds:KeyInfo>'
        f"<xenc:CipherData><xenc:CipherValue>{value if keys == 1 else 'AAAA'}</xenc:CipherValue></xenc:CipherData>"
        "</xenc:EncryptedData></saml:EncryptedAssertion>"
    )


def _attribute(value: str) -> str:
    return f'<saml:Attribute Name="n"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'


_HUNDRED_ATTRIBUTES = "".join(f' a{n}=""' for n in range(100))
FILLINGS: dict[str, Callable[[int], Filling]] = {
    "namespaces on the root over many elements": lambda s: Filling(
        on_root=_namespaces(s // 2), inside="<saml:x/>" * (s // 18)
    ),
    "a hundred namespaces over many elements": lambda s: Filling(
        on_root=_namespaces(2000), inside="<saml:x/>" * (s // 9)
    ),
    "namespaces on the root over nested elements": lambda s: Filling(
        on_root=_namespaces(s // 2), inside=_nested(s // 2)[: s // 2 // 7 * 7]
    ),
    "namespaces on the assertion": lambda s: Filling(on_inner=_namespaces(s // 2), inside="<saml:x/>" * (s // 18)),
    "all namespaces on one element": lambda s: Filling(on_root=_namespaces(s)),
    "one namespace declared again and again": lambda s: Filling(inside='<n:x xmlns:n="u:1"/>' * (s // 20)),
    "another namespace on each element": lambda s: Filling(
        inside=repeated(lambda n: f'<n{n}:x xmlns:n{n}="u:{n}"/>', s)
    ),
    "nested elements with a namespace each": lambda s: Filling(
        inside="".join(f'<n{n}:x xmlns:n{n}="u:{n}">' for n in range(s // 35))
        + "".join(f"</n{n}:x>" for n in reversed(range(s // 35)))
    ),
    "branches of nested namespaces": lambda s: Filling(
        inside=(
            "".join(f'<n{n}:x xmlns:n{n}="u:{n}">' for n in range(20))
            + "".join(f"</n{n}:x>" for n in reversed(range(20)))
        )
        * (s // 600)
    ),
    "relative namespaces": lambda s: Filling(inside='<n:x xmlns:n="1"/>' * (s // 18)),
    "endless namespace": lambda s: Filling(on_root=f' xmlns:n="u:{"a" * s}"'),
    "long namespace over many elements": lambda s: Filling(
        on_root=f' xmlns:n="u:{"a" * (s // 2)}"', inside="<n:x/>" * (s // 12)
    ),
    "attributes on one element": lambda s: Filling(on_root=repeated(lambda n: f' a{n}=""', s)),
    "a hundred attributes on each element": lambda s: Filling(
        inside=repeated(lambda _: f"<x{_HUNDRED_ATTRIBUTES}/>", s)
    ),
    "attributes with a namespace": lambda s: Filling(
        on_root=' xmlns:n="u:1"', inside="<x" + repeated(lambda n: f' n:a{n}=""', s) + "/>"
    ),
    "one attribute in two cases": lambda s: Filling(inside='<x a="" A=""/>' * (s // 14)),
    "wide": lambda s: Filling(inside="<x/>" * (s // 4)),
    "wide, in the root": lambda s: Filling(
        signature="", after="", inside="", on_inner="", status_message="<x/>" * (s // 4)
    ),
    "attribute elements": lambda s: Filling(inside=_attribute("v") * (s // len(_attribute("v")))),
    "values of one attribute": lambda s: Filling(
        inside=f'<saml:Attribute Name="n">{"<saml:AttributeValue>v</saml:AttributeValue>" * (s // 43)}</saml:Attribute>'
    ),
    "deep": lambda s: Filling(inside=_nested(s)),
    "deep again and again": lambda s: Filling(inside=_nested(200 * 7) * (s // 1400)),
    "as deep as allowed, again and again": lambda s: Filling(inside=_nested(24 * 7) * (s // 168)),
    "long names": lambda s: Filling(inside=repeated(lambda n: f"<x{'a' * 900}{n}/>", s)),
    "one endless name": lambda s: Filling(inside=f"<{'a' * (s - 10)}/>"),
    "one endless attribute name": lambda s: Filling(inside=f'<x {"a" * s}=""/>'),
    "long attribute values": lambda s: Filling(inside=f'<x a="{"v" * 4000}"/>' * (s // 4009)),
    "one endless attribute value": lambda s: Filling(inside=f'<saml:Attribute Name="{"v" * s}"/>'),
    "endless ID": lambda s: Filling(inside=f'<x ID="{"v" * s}"/>'),
    "character references": lambda s: Filling(inside=_attribute("&#65;" * (s // 5))),
    "character references in an attribute": lambda s: Filling(inside=f'<x a="{"&#65;" * (s // 5)}"/>'),
    "entities": lambda s: Filling(inside=_attribute("&amp;" * (s // 5))),
    "unknown entities": lambda s: Filling(inside=_attribute("&x;" * (s // 3))),
    "CDATA sections": lambda s: Filling(inside=_attribute("<![CDATA[a]]>" * (s // 13))),
    "text and elements in turn": lambda s: Filling(inside="a<x/>" * (s // 5)),
    "comments": lambda s: Filling(inside="<!---->" * (s // 7)),
    "comments behind the root": lambda s: Filling(after="<!---->" * (s // 7)),
    "processing instructions": lambda s: Filling(inside="<?a?>" * (s // 5)),
    "processing instructions behind the root": lambda s: Filling(after="<?a?>" * (s // 5)),
    "IDs": lambda s: Filling(inside=repeated(lambda n: f'<x ID="i{n}"/>', s)),
    "the same ID": lambda s: Filling(inside='<x ID="i"/>' * (s // 11)),
    "IDs in every spelling": lambda s: Filling(inside=repeated(lambda n: f'<x ID="i{n}" xml:id="j{n}"/>', s)),
    "signatures": lambda s: Filling(inside=signature("_a1") * (s // len(signature("_a1")))),
    "signatures in the assertion": lambda s: Filling(signature=signature("_a1") * (s // len(signature("_a1")))),
    "references": lambda s: Filling(signature=signature("_a1", references=s // 400)),
    "transforms": lambda s: Filling(
        signature=signature("_a1", transforms=f'<ds:Transform Algorithm="{_EXC}"/>' * (s // 68))
    ),
    "XPath transforms": lambda s: Filling(
        signature=signature(
            "_a1",
            transforms=(
                '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>'
                f"{'count(//*) + ' * (s // 13)}1</ds:XPath></ds:Transform>"
            ),
        )
    ),
    "endless digest": lambda s: Filling(signature=signature("_a1", digest="A" * s)),
    "endless signature value": lambda s: Filling(signature=signature("_a1", value="A" * s)),
    "signature value of white space": lambda s: Filling(signature=signature("_a1", value="A " * (s // 2))),
    "endless certificate": lambda s: Filling(signature=signature("_a1", certificate="A" * s)),
    "certificates": lambda s: Filling(
        signature=signature("_a1", certificate="AAAA</ds:X509Certificate><ds:X509Certificate>" * (s // 48) + "AAAA")
    ),
    "certificate of white space": lambda s: Filling(signature=signature("_a1", certificate="A\n" * (s // 2))),
    "key names": lambda s: Filling(
        signature=signature("_a1", extra=f"<ds:KeyInfo>{'<ds:KeyName>a</ds:KeyName>' * (s // 26)}</ds:KeyInfo>")
    ),
    "parts of a signature": lambda s: Filling(signature=signature("_a1", extra="<ds:Object/>" * (s // 12))),
    "inclusive prefixes": lambda s: Filling(signature=signature("_a1", prefixes=_prefixes(s))),
    "inclusive prefixes over many elements": lambda s: Filling(
        signature=signature("_a1", prefixes=_prefixes(s // 3)),
        on_root=_namespaces(s // 3),
        inside="<saml:x/>" * (s // 27),
    ),
    "inclusive prefixes without namespaces over many elements": lambda s: Filling(
        signature=signature("_a1", prefixes=_prefixes(s // 2)), inside="<saml:x/>" * (s // 18)
    ),
    "one inclusive prefix again and again": lambda s: Filling(
        signature=signature("_a1", prefixes=("saml " * (s // 10)).strip()), inside="<saml:x/>" * (s // 18)
    ),
    "status message": lambda s: Filling(status_message="a" * s),
    "status message of many addresses": lambda s: Filling(status_message="a@" * (s // 2)),
    "status codes": lambda s: Filling(signature="", status_message="<samlp:StatusCode Value='x'/>" * (s // 29)),
    "encrypted": lambda s: Filling(assertion=_encrypted(s)),
    "encrypted for many": lambda s: Filling(assertion=_encrypted(s, keys=2)),
    "encrypted again and again": lambda s: Filling(assertion=_encrypted(2000) * (s // 2000)),
}


def plain(size: int) -> Filling:
    """The control: the same message with nothing but one long text in it."""
    return Filling(inside=_attribute("a" * size))
