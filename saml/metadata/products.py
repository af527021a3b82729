"""The product behind a connection, recognised from its metadata, and the names of its settings.

A product is data (``products.toml``): the names of its fields and the ways to its settings. ``saml.debugger.advice``
makes sentences of them.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """One identity provider's terms. Names of fields are as its pages write them; the other values complete a sentence
    that begins with ``place``, such as "In Okta, the application's General tab, SAML Settings, Edit".

    ``sso`` and ``logout`` are "" where the product has no field for that address.
    """

    key: str
    name: str
    place: str
    metadata: str  # where its metadata is found
    entity_id: str
    acs: str
    sso: str
    logout: str
    email_name_id: str
    claim: str  # how to send a claim
    signed_assertion: str
    sha256: str
    encryption_certificate: str
    encryption_algorithm: str
    signing_certificate: str  # where its own certificate is chosen
    our_certificate: str  # where ours goes, so that it can verify what we sign
    assign: str
    fewer_groups: str
    begin_here: str  # how to let its portal begin with an ordinary sign-in
    provision: str = "let what names people at sign-in equal their work e-mail here"


@dataclass(frozen=True, slots=True)
class ProductPattern:
    """What a product's metadata is known by: the hosts of its entityID or sign-on address, with every host below
    them, or the path of one of the two (a regular expression), for products that run under any host.
    """

    key: str
    hosts: tuple[str, ...] = ()
    path: str = ""


# Read from top to bottom; the first that fits counts.
PATTERNS: Final = (
    ProductPattern(
        "entra",
        (
            "sts.windows.net",
            "sts.chinacloudapi.cn",
            "login.microsoftonline.com",
            "login.microsoftonline.us",
            "login.partner.microsoftonline.cn",
            "login.chinacloudapi.cn",
            "ciamlogin.com",
        ),
    ),
    ProductPattern("okta", ("okta.com", "oktapreview.com", "okta-emea.com", "okta-gov.com", "okta.mil")),
    ProductPattern("google", ("accounts.google.com",)),
    ProductPattern("onelogin", ("onelogin.com",), r"/trust/saml2/http-(post|redirect)/sso/"),
    ProductPattern("jumpcloud", ("jumpcloud.com",)),
    ProductPattern("auth0", ("auth0.com",), r"/samlp/[A-Za-z0-9]{20,}"),
    ProductPattern("pingfederate", (), r"/idp/(SSO\.saml2|startSSO\.ping)"),
    ProductPattern(
        "pingone",
        ("pingone.com", "pingone.eu", "pingone.ca", "pingone.asia", "pingone.com.au", "pingone.sg", "pingidentity.com"),
        r"/saml20/idp/sso",
    ),
    ProductPattern("keycloak", (), r"/realms/[^/]+(/protocol/saml)?/?$"),
    ProductPattern("adfs", (), r"/adfs/(ls|services/trust)/?$"),
    ProductPattern("authentik", (), r"/application/saml/[^/]+/"),
    ProductPattern(
        "simplesamlphp",
        (),
        r"/saml2/idp/(metadata|SSOService)\.php$|/module\.php/saml/idp/(metadata|singleSignOnService)$",
    ),
)


def recognised_key(entity_id: str, sso_url: str) -> str:
    """The key of the product behind these two, "" for one that is not known."""
    known = [_host_and_path(each) for each in (entity_id, sso_url)]
    for pattern in PATTERNS:
        for host, path in known:
            if any(host == each or host.endswith(f".{each}") for each in pattern.hosts):
                return pattern.key
            if pattern.path and re.search(pattern.path, path):
                return pattern.key
    return ""


def recognise_product(entity_id: str, sso_url: str) -> Product:
    """The product itself; ``UNKNOWN`` speaks of no product at all."""
    return PRODUCTS.get(recognised_key(entity_id, sso_url), UNKNOWN)


def _host_and_path(name: str) -> tuple[str, str]:
    """Of an address; of a URN ("urn:contoso.eu.auth0.com") its last part counts as the host."""
    if name.casefold().startswith("urn:"):
        return name.rpartition(":")[2].casefold(), ""
    try:
        parts = urlsplit(name)
        return (parts.hostname or "").casefold(), parts.path
    except ValueError:
        return "", ""


def _read() -> dict[str, Product]:
    table = tomllib.loads(Path(__file__).with_name("products.toml").read_text())
    return {key: Product(key=key, **values) for key, values in table.items()}


PRODUCTS: Final = _read()
UNKNOWN: Final = PRODUCTS.pop("unknown")
