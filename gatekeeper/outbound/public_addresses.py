"""Which addresses this site may fetch when an administrator types one: protection against SSRF.

The address could point at the cloud's own metadata service or at another machine in the network. So only globally
reachable addresses are fetched; private networks when the operator allows it, and this machine while the site itself
is reached on it only.
"""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from gatekeeper.runtime.environment import is_loopback

LONGEST_URL = 1000

_V4 = ipaddress.IPv4Network
_V6 = ipaddress.IPv6Network
_GLOBAL_UNICAST = _V6("2000::/3")
# What the operator's switch allows (RFC 1918, RFC 6598, RFC 4193).
_PRIVATE = tuple(map(_V4, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
_PRIVATE_V6 = (_V6("fc00::/7"),)
# Never fetched, although they are global addresses or private ones that the switch allows: those of IANA's
# special-purpose registries (listed here, since Python's list differs between its versions), and the metadata services
# of clouds: Azure, Alibaba, Amazon and Google over IPv6. Those of other clouds are link-local.
_NEVER = tuple(
    _V4(network)
    for network in (
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "168.63.129.16",
        "100.100.100.200",
    )
)
_NEVER_V6 = tuple(map(_V6, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "fd00:ec2::/32", "fd20:ce::/32")))
_CLOUD_NAMES = frozenset({"metadata", "metadata.goog", "metadata.google.internal", "instance-data"})


def site_is_local() -> bool:
    """Whether this site itself is only reached on this machine, so that its identity provider may be here too."""
    return is_loopback(settings.PUBLIC_URL)


def private_addresses_allowed() -> bool:
    """The operator's switch for identity providers and webhooks in the private network (ALLOW_PRIVATE_ADDRESSES)."""
    return bool(settings.ALLOW_PRIVATE_ADDRESSES)


def is_cloud_metadata_name(host: str) -> bool:
    """The names under which machines in a cloud ask about themselves."""
    return host.lower().rstrip(".") in _CLOUD_NAMES


def web_address(url: str) -> SplitResult | None:
    """The parts of an absolute http or https address without credentials, fragment or control characters."""
    if len(url) > LONGEST_URL or any(not 32 < ord(character) < 127 for character in url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    plain = bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment
    return parts if plain and parts.scheme in {"https", "http"} else None


def is_usable_address(url: str, *, allow_http: bool) -> bool:
    """A web address over https; ``allow_http``: over http too, where the host is this machine by name or address."""
    parts = web_address(url)
    if parts is None:
        return False
    return parts.scheme == "https" or (allow_http and is_loopback(url))


def is_fetchable_host(url: str) -> bool:
    """Whether the host, as it stands in the address, may be asked; of a name the fetch decides when it is resolved."""
    host = urlsplit(url).hostname or ""
    try:
        return is_allowed(host)
    except ValueError:
        return not is_cloud_metadata_name(host)


def is_allowed(address: str) -> bool:
    """Public addresses; this machine's own when the site is local too; private ones when the operator says so."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    if parsed.is_loopback:
        return site_is_local()
    if isinstance(parsed, ipaddress.IPv6Address):
        return _is_allowed_v6(parsed)
    if any(parsed in network for network in _NEVER):
        return False
    if any(parsed in network for network in _PRIVATE):
        return private_addresses_allowed()
    return parsed.is_global and not parsed.is_multicast


def _is_allowed_v6(address: ipaddress.IPv6Address) -> bool:
    """Global unicast only: so no form in which an IPv4 address is wrapped (NAT64, 6to4, Teredo, compatible)."""
    if any(address in network for network in _NEVER_V6):
        return False
    if any(address in network for network in _PRIVATE_V6):
        return private_addresses_allowed()
    return address in _GLOBAL_UNICAST
