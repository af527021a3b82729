"""Fetching a metadata document from an address that an administrator typed: with limits, and never from inside.

The address could point at the cloud's own metadata service or at a neighbour in the network (SSRF). So every host is
resolved here, every resulting address is checked, and the connection goes to the very address that was checked: a
second answer of the name server (DNS rebinding) is never asked for. Redirects are followed by hand, few, each checked.
"""

import ipaddress
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx
from django.conf import settings

from saml.errors import MetadataRefused
from saml.metadata import METADATA_LIMIT, is_usable_address

TOTAL_SECONDS = 10.0
STEP_SECONDS = 5.0  # for connecting, and between two pieces of the answer
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def site_is_local() -> bool:
    """Whether this site itself is only reached on this machine, so that its identity provider may be here too."""
    return (urlsplit(settings.PUBLIC_URL).hostname or "") in _LOOPBACK_NAMES


def private_addresses_allowed() -> bool:
    """The operator's switch for an identity provider in the private network (SAML_ALLOW_PRIVATE_ADDRESSES)."""
    return bool(settings.SAML_ALLOW_PRIVATE_ADDRESSES)


def fetch_metadata(url: str) -> bytes:
    """Return the document at ``url``: at most 1 MB, within 10 seconds, over https from a public address.

    A site on this machine may also fetch from this machine, over http. Proxies of the environment are not used.
    Raises: MetadataRefused with a sentence that says which limit it was.
    """
    deadline = time.monotonic() + TOTAL_SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        answer = _get(url, deadline)
        if isinstance(answer, bytes):
            return answer
        url = _follow(url, answer.location)
    raise MetadataRefused("the address redirects too often.")


def _follow(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise MetadataRefused("the address redirects to something that is no address.") from error


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str


def _get(url: str, deadline: float) -> bytes | _Redirect:
    if not is_usable_address(url, allow_http=site_is_local()):
        raise MetadataRefused("the address must begin with https:// and name a host.")
    parts = urlsplit(url)
    with _words_for_people(), _client() as client:
        address = _checked_address(parts)
        with client.stream(
            "GET",
            _pinned(parts, address),
            headers={"Host": parts.netloc, "Accept-Encoding": "identity", "User-Agent": "Gatekeeper"},
            extensions={"sni_hostname": parts.hostname},
        ) as response:
            if response.status_code in _REDIRECTS:
                return _Redirect(response.headers.get("location", ""))
            if response.status_code != httpx.codes.OK:
                raise MetadataRefused(f"the address answered {response.status_code}.")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise MetadataRefused("the address answered in a compressed form that was not asked for.")
            return _read(response, deadline)


def _client() -> httpx.Client:
    return httpx.Client(follow_redirects=False, trust_env=False, timeout=STEP_SECONDS)


@contextmanager
def _words_for_people() -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise MetadataRefused("the address took too long to answer.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise MetadataRefused(f"the address could not be read ({type(error).__name__}).") from error


def _read(response: httpx.Response, deadline: float) -> bytes:
    document = bytearray()
    for piece in response.iter_raw():
        document += piece
        if len(document) > METADATA_LIMIT:
            raise MetadataRefused("the document is larger than 1 MB.")
        if time.monotonic() > deadline:
            raise MetadataRefused("the address took too long to answer.")
    return bytes(document)


def _pinned(parts: SplitResult, address: str) -> str:
    """The same URL with the checked address in place of the name; TLS still asks for the name (SNI)."""
    host = f"[{address}]" if ":" in address else address
    netloc = f"{host}:{parts.port}" if parts.port else host
    return parts._replace(netloc=netloc).geturl()


def _checked_address(parts: SplitResult) -> str:
    """The first address of the host. All of its addresses have to be allowed, or none is used."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise MetadataRefused(f"the host {parts.hostname} was not found.") from error
    addresses = [str(each[4][0]) for each in found]
    if not addresses or not all(is_allowed(address) for address in addresses):
        raise MetadataRefused(f"the host {parts.hostname} is not a public address.")
    if parts.scheme == "http" and not all(ipaddress.ip_address(address).is_loopback for address in addresses):
        raise MetadataRefused("the address must begin with https://.")
    return addresses[0]


def is_allowed(address: str) -> bool:
    """Public addresses; this machine's own when the site is local too; private ones when the operator says so."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.sixtofour or parsed.teredo or parsed in _NAT64:
            return False  # An IPv4 address is wrapped in it, perhaps a private one.
        parsed = parsed.ipv4_mapped or parsed
    if parsed.is_loopback:
        return site_is_local()
    if parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified or parsed.is_reserved:
        return False
    return parsed.is_global or private_addresses_allowed()
