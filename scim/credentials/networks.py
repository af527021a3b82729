"""From which networks a credential is accepted: CIDR networks, IPv4 and IPv6 (RFC 4632, RFC 4291)."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.errors import InvalidValue
from scim.models import ScimCredential

MOST_NETWORKS = 100
_SEPARATORS = re.compile(r"[\s,;]+")
_LONGEST = 60  # characters of a network, beyond which nothing is echoed
_MAPPED = IPv6Network("::ffff:0:0/96")  # IPv4 addresses as IPv6 ones (RFC 4291 §2.5.5.2)

Network = IPv4Network | IPv6Network


def allows(credential: ScimCredential, address: str) -> bool:
    """Whether the credential is accepted from the client's address, which ``REMOTE_ADDR`` holds behind a proxy, too."""
    if not credential.allowed_networks:
        return True
    try:
        client = _plain(ip_address(address))
    except ValueError:
        return False
    return any(client.version == each.version and client in each for each in _networks(credential.allowed_networks))


def networks_of_input(text: str) -> str:
    """What is stored of networks that an administrator entered, in any order and with any separators; "" is anywhere.

    Raises: InvalidValue, which names the entry that is wrong.
    """
    entries = [each for each in _SEPARATORS.split(text) if each]
    if len(entries) > MOST_NETWORKS:
        raise _wrong(
            _("at most %(most)s networks are kept; these are %(count)s."), most=MOST_NETWORKS, count=len(entries)
        )
    found = {_network(each) for each in entries}
    return " ".join(map(str, sorted(found, key=lambda each: (each.version, each))))


@lru_cache(maxsize=256)
def _networks(text: str) -> tuple[Network, ...]:
    """Parsed once for each text. What can't be read lets nobody in."""
    found = []
    for each in text.split():
        try:
            found.append(_unmapped(ip_network(each)))
        except ValueError:
            continue
    return tuple(found)


def _network(entry: str) -> Network:
    shown = entry if len(entry) <= _LONGEST and entry.isprintable() else f"{entry[:_LONGEST]!a}…"
    try:
        network = _unmapped(ip_network(entry.replace("%", "/"), strict=False))  # no network is of one interface only
    except ValueError:
        raise _wrong(_("%(entry)s is no network, such as 203.0.113.0/24 or 2001:db8::/32."), entry=shown) from None
    if network.prefixlen == 0:
        raise _wrong(_("%(entry)s is every address; leave the networks empty for that."), entry=shown)
    if not _is_exact(entry):
        message = _("%(entry)s names an address inside the network %(network)s; enter the network itself.")
        raise _wrong(message, entry=shown, network=network)
    return network


def _wrong(message: Promise, **values: object) -> InvalidValue:
    return InvalidValue("allowed_networks", message, **values)


def _is_exact(entry: str) -> bool:
    try:
        ip_network(entry)
    except ValueError:
        return False
    return True


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address behind a mapped one; without the interface that a link-local one may name."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def _unmapped(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        assert mapped is not None
        return IPv4Network((mapped, network.prefixlen - 96))
    return network
