"""The attack table: each attack begins with a genuine, signed response for Ada and tries to become Eve's way in.

An attack is a function that takes a browser, posts something and returns the answer. Who refuses it stands in
``lines.py``.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from lxml import etree

from tests.saml.forge import NS, sign, signed_response

VICTIM = "eve.root@contoso.com"
Do = Callable[[Any], Any]


@dataclass(frozen=True)
class Attack:
    name: str
    do: Do


ATTACKS: list[Attack] = []


def attack(do: Do) -> Do:
    ATTACKS.append(Attack(do.__name__, do))
    return do


def variants(prefix: str, cases: dict[str, dict[str, Any]]) -> None:
    """Attacks that only state other facts, all of them signed by the trusted key."""
    for name, facts in cases.items():
        ATTACKS.append(Attack(f"{prefix}_{name}", lambda browser, facts=facts: browser.sign_on(**facts)))


def signed_by_idp(browser: Any, *, response_too: bool = False) -> etree._Element:
    response = signed_response(browser.story(browser.begin()))
    return sign(response) if response_too else response


def assertion_of(response: etree._Element) -> etree._Element:
    return response.find("saml:Assertion", NS)


def signature_of(element: etree._Element) -> etree._Element:
    return element.find("ds:Signature", NS)


def evil_copy(original: etree._Element, new_id: str = "_evil") -> etree._Element:
    """A copy that names Eve, without the signature."""
    copy = deepcopy(original)
    copy.set("ID", new_id)
    for signature in copy.findall(".//ds:Signature", NS):
        signature.getparent().remove(signature)
    copy.find(".//saml:NameID", NS).text = VICTIM
    return copy
