"""Metadata documents of many shapes: composed from parts, and the products' own from ``metadata/``."""

import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.saml.certificates import made
from tests.saml.keys import key_pair

BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
REDIRECT, POST = f"{BINDINGS}HTTP-Redirect", f"{BINDINGS}HTTP-POST"
SAML2 = "urn:oasis:names:tc:SAML:2.0:protocol"
ENTITY = "https://idp.example.org/entity"
SSO = "https://idp.example.org/sso"
PRODUCTS = sorted(path.stem for path in (Path(__file__).parent / "metadata_files").glob("*.xml"))


def key(*certificates: str, use: str | None = "signing", data: int = 1) -> str:
    """A KeyDescriptor; ``data``: over how many X509Data elements its certificates are spread."""
    groups = [certificates[number::data] for number in range(data)]
    inner = "".join(
        f"<ds:X509Data>{''.join(f'<ds:X509Certificate>{each}</ds:X509Certificate>' for each in group)}</ds:X509Data>"
        for group in groups
    )
    stated = "" if use is None else f' use="{use}"'
    return f"<md:KeyDescriptor{stated}><ds:KeyInfo>{inner}</ds:KeyInfo></md:KeyDescriptor>"


def service(name: str = "SingleSignOnService", binding: str = REDIRECT, location: str = SSO, answers: str = "") -> str:
    response = f' ResponseLocation="{answers}"' if answers else ""
    return f'<md:{name} Binding="{binding}" Location="{location}"{response}/>'


def idp(*parts: str, attributes: str = "", protocols: str = SAML2) -> str:
    """An IDPSSODescriptor; without parts a plain one."""
    content = "".join(parts) or key(key_pair().certificate_base64) + service()
    return f'<md:IDPSSODescriptor protocolSupportEnumeration="{protocols}" {attributes}>{content}</md:IDPSSODescriptor>'


def entity(*roles: str, entity_id: str = ENTITY, attributes: str = "", after: str = "") -> str:
    content = "".join(roles) or idp()
    return f'<md:EntityDescriptor entityID="{entity_id}" {attributes}>{content}{after}</md:EntityDescriptor>'


def aggregate(*entities: str, attributes: str = "") -> str:
    return f"<md:EntitiesDescriptor {attributes}>{''.join(entities)}</md:EntitiesDescriptor>"


def document(content: str) -> bytes:
    """With the namespaces declared on the root, as most write it."""
    declared = 'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
    name, _, rest = content.partition(" ")
    return f"{name} {declared} {rest}".encode()


def product(name: str) -> bytes:
    """A product's document, with certificates of ours in its places."""
    one_line, other = key_pair().certificate_base64, key_pair("other").certificate_base64
    places = {
        "@ONE_LINE@": one_line,
        "@LINES@": "\n".join(textwrap.wrap(one_line, 76)),
        "@ARMOUR@": key_pair().certificate_pem.decode(),
        "@OTHER@": other,
        "@ECDSA@": made("p-256").base64,
        "@NEXT_YEAR@": (datetime.now(UTC) + timedelta(days=365)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    text = (Path(__file__).parent / "metadata_files" / f"{name}.xml").read_text()
    for place, value in places.items():
        text = text.replace(place, value)
    return text.encode()
