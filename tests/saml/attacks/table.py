"""The attack table: each attack begins with a genuine, signed response for Ada and tries to become Eve's way in.

An attack is a function that takes a browser, posts something and returns the answer. Who refuses it stands in
``lines.py``.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

from lxml import etree

from tests.saml.forge import NS, sign, signed_response

VICTIM = "eve.root@contoso.com"
Do = Callable[[Any], Any]


@dataclass(frozen=True)
class Attack:
    """``is_genuine``: the identity provider signed all of it, whatever it says."""

    name: str
    do: Do
    module: str
    is_genuine: bool = False


ATTACKS: list[Attack] = []


def attack(do: Do) -> Do:
    ATTACKS.append(Attack(do.__name__, do, do.__module__.rpartition(".")[2]))
    return do


def variants(prefix: str, cases: dict[str, dict[str, Any]]) -> None:
    """Attacks that only state other facts, all of them signed by the trusted key."""
    for name, facts in cases.items():
        do = partial(_sign_on_with, facts)
        ATTACKS.append(Attack(f"{prefix}_{name}", do, "variants", is_genuine=True))


def _sign_on_with(facts: dict[str, Any], browser: Any) -> Any:
    return browser.sign_on(**facts)


def signed_by_idp(browser: Any, *, response_too: bool = False) -> etree._Element:
    response = signed_response(browser.facts(browser.begin()))
    return sign(response) if response_too and signature_of(response) is None else response


def assertion_of(response: etree._Element) -> etree._Element:
    return response.find("saml:Assertion", NS)


def signature_of(element: etree._Element) -> etree._Element:
    return element.find("ds:Signature", NS)


def signed_part(response: etree._Element) -> etree._Element:
    """The element that carries the signature which an attacker would like to use."""
    assertion = assertion_of(response)
    return assertion if signature_of(assertion) is not None else response


def evil_copy(original: etree._Element, new_id: str = "_evil") -> etree._Element:
    """A copy that names Eve, without the signature."""
    copy = deepcopy(original)
    copy.set("ID", new_id)
    for signature in copy.findall(".//ds:Signature", NS):
        signature.getparent().remove(signature)
    copy.find(".//saml:NameID", NS).text = VICTIM
    return copy
