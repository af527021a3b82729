"""The attack table against every way in which an identity provider signs and encrypts, and what a connection may take.

What stops each attack differs with the mode, and is listed for the usual one in ``attacks/defences.py``; that it is
stopped does not. Each attack is undone before the next one, so that all of them meet the same connection.
"""

from dataclasses import dataclass
from itertools import groupby

import pytest
from django.test import Client
from lxml import etree

from gatekeeper.directory.models import SignIn
from gatekeeper.sessions.browser_session import SESSION_KEY
from tests.builders import link, make_user
from tests.once import ONCE
from tests.saml import forge
from tests.saml.attacks.table import ATTACKS, VICTIM, Attack, signature_of
from tests.saml.conftest import Browser, choose, refusals
from tests.saml.encrypting import encrypted, our_certificate
from tests.saml.forge import SigningStyle, sign, signed_response
from tests.saml.validation.test_attacks import ATTACK_MODULES
from tests.transactions import rolled_back

pytestmark = [pytest.mark.django_db, ONCE]
assert ATTACK_MODULES


@dataclass(frozen=True)
class Mode:
    """``takes_responses``: the connection's setting. ``seals``: the assertion is encrypted after it was signed."""

    name: str
    style: SigningStyle
    takes_responses: bool = False
    seals: bool = False


MODES = (
    Mode("assertion signed, where the Response would do", SigningStyle(), takes_responses=True),
    Mode("Response signed", SigningStyle(assertion=False, response=True), takes_responses=True),
    Mode("both signed", SigningStyle(response=True)),
    Mode("ECDSA", SigningStyle(curve="P-256")),
    Mode("ECDSA over the Response", SigningStyle(assertion=False, response=True, curve="P-384"), takes_responses=True),
    Mode("encrypted", SigningStyle(), seals=True),
    Mode(
        "encrypted in a signed Response", SigningStyle(assertion=False, response=True), takes_responses=True, seals=True
    ),
)
# The Response that is signed in these says what it says with the identity provider's own signature.
TAKEN_WITH_THE_SETTING = {"only_the_response_is_signed", "encrypted_and_unsigned_in_a_signed_response"}


@pytest.fixture(params=MODES, ids=lambda mode: mode.name)
def mode(request, monkeypatch):
    monkeypatch.setattr(forge, "SIGNING_STYLE", request.param.style)
    return request.param


@pytest.fixture
def fresh(mode, connection, ada):
    """Makes browsers at a connection in that mode; the mode is set before the connection reads its metadata."""
    make_user(VICTIM)
    link()
    choose(connection, accept_signed_response=mode.takes_responses)
    certificate = our_certificate(connection)

    def seal(response):
        return sealed(response, certificate) if mode.seals else response

    return lambda: Browser(connection, Client(), before_post=seal)


def sealed(response, certificate):
    """Encrypted as the identity provider does it: before it signs the Response, or, by an attacker, after that."""
    is_whole = isinstance(response, etree._Element) and response.find("saml:Assertion", forge.NS) is not None
    if not is_whole:
        return response
    if not forge.SIGNING_STYLE.response or signature_of(response) is None:
        return encrypted(response, certificate)
    response.remove(signature_of(response))
    return sign(encrypted(response, certificate))


def test_a_genuine_message_of_this_mode_comes_in(fresh):
    """SAML profiles 4.1.4.5: the Response or its assertion is signed; core 6.2: encrypted after it was signed."""
    browser = fresh()

    assert browser.post(signed_response(browser.facts(browser.begin()))).status_code == 302
    assert SignIn.objects.live().get().user.user_name == "ada.obi@contoso.com"


@pytest.mark.parametrize("module", sorted({attack.module for attack in ATTACKS}))
def test_every_attack_of_the_table_is_stopped_in_this_mode(mode, fresh, module):
    """SAML core 5.3, 5.4 and 6.2, profiles 4.1.4.3 and 4.1.4.5."""
    for attack in attacks_in(mode, module):
        with rolled_back():
            browser = fresh()
            answer = attack.do(browser)

            assert answer.status_code in {400, 403}, attack.name
            assert SESSION_KEY not in browser.client.session, attack.name
            assert not SignIn.objects.live().exists(), attack.name
            assert len(refusals()) == 1, attack.name


def attacks_in(mode: Mode, module: str) -> list[Attack]:
    """Those that are attacks in this mode. A Response that is signed after it was sealed can only be genuine."""
    found = [attack for attack in ATTACKS if attack.module == module]
    if mode.takes_responses:
        found = [attack for attack in found if attack.name not in TAKEN_WITH_THE_SETTING]
    if mode.seals and mode.style.response:
        found = [attack for attack in found if attack.is_genuine]
    return found


def test_every_mode_runs_most_of_the_table():
    numbers = {mode.name: sum(len(attacks_in(mode, module)) for module, _ in by_module()) for mode in MODES}

    assert len(ATTACKS) >= 140
    assert sum(numbers.values()) >= 850, numbers
    assert min(numbers.values()) >= 35, numbers


def by_module():
    return groupby(sorted(ATTACKS, key=lambda attack: attack.module), key=lambda attack: attack.module)
