"""From which networks a credential is accepted."""

import pytest

from gatekeeper.errors import InvalidValue
from scim.credentials.networks import MOST_NETWORKS, allows, networks_of_input
from scim.models import ApiKey, OAuthClient

# (networks, address, is it allowed)
ADDRESSES = [
    ("", "203.0.113.7", True),
    ("", "", True),
    ("203.0.113.0/24", "203.0.113.7", True),
    ("203.0.113.0/24", "203.0.114.7", False),
    ("203.0.113.0/24", "::ffff:203.0.113.7", True),
    ("203.0.113.0/24", "::ffff:203.0.114.7", False),
    ("203.0.113.0/24", "::203.0.113.7", False),
    ("203.0.113.0/24", "2001:db8::1", False),
    ("::ffff:203.0.113.0/120", "203.0.113.7", True),
    ("203.0.113.7/32", "203.0.113.7", True),
    ("203.0.113.7/32", "203.0.113.8", False),
    ("2001:db8::/32", "2001:db8:1::5", True),
    ("2001:db8::/32", "2001:DB8:0001::5", True),
    ("2001:db8::/32", "2001:db9::5", False),
    ("fe80::/10", "fe80::1%eth0", True),
    ("10.0.0.0/8 2001:db8::/32", "10.255.255.255", True),
    ("10.0.0.0/8 2001:db8::/32", "2001:db8::", True),
    ("10.0.0.0/8", "", False),
    ("10.0.0.0/8", "unix", False),
    ("10.0.0.0/8", "10.0.0.1, 10.0.0.2", False),
    ("10.0.0.0/8", "010.0.0.1", False),
    ("10.0.0.0/8", "167772161", False),
    ("nonsense", "203.0.113.7", False),
    ("nonsense 203.0.113.0/24", "203.0.113.7", True),
]


@pytest.mark.parametrize(("networks", "address", "expected"), ADDRESSES)
def test_the_client_address_has_to_be_in_one_of_the_networks(networks: str, address: str, expected: bool):
    for kind in (ApiKey, OAuthClient):
        assert allows(kind(allowed_networks=networks), address) is expected


STORED = [
    ("", ""),
    ("  \n ", ""),
    ("203.0.113.0/24", "203.0.113.0/24"),
    ("203.0.113.7", "203.0.113.7/32"),
    ("2001:DB8::", "2001:db8::/128"),
    ("2001:db8::/32, 10.0.0.0/8;\n10.0.0.0/8", "10.0.0.0/8 2001:db8::/32"),
    ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
    ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
]


@pytest.mark.parametrize(("entered", "stored"), STORED)
def test_what_an_administrator_enters_is_stored_in_one_form(entered: str, stored: str):
    assert networks_of_input(entered) == stored


WRONG = [
    ("0.0.0.0/0", "every address"),
    ("::/0", "every address"),
    ("::ffff:0:0/96", "every address"),
    ("10.1.2.3/8", "the network 10.0.0.0/8"),
    ("2001:db8::1/32", "the network 2001:db8::/32"),
    ("10.0.0.0/33", "10.0.0.0/33 is no network"),
    ("10.0.0.0/-1", "no network"),
    ("10.0.0", "no network"),
    ("1", "no network"),
    ("entra.example.com", "no network"),
    ("10.0.0.0/8/8", "no network"),
    ("fe80::1%eth0", "no network"),
    ("\x1b[31m", "no network"),
    ("1" * 10_000, "no network"),
    (" ".join(f"10.0.{number}.0/24" for number in range(MOST_NETWORKS + 1)), "at most 100"),
]


@pytest.mark.parametrize(("entered", "said"), WRONG, ids=lambda each: each[:20])
def test_what_can_be_no_network_is_named_with_what_would_be_right(entered: str, said: str):
    with pytest.raises(InvalidValue) as refused:
        networks_of_input(entered)

    assert said in refused.value.reason
    assert len(refused.value.reason) < 250
    assert refused.value.reason.isprintable()
