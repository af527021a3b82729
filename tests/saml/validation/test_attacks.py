"""Every attack of the table is refused: no session, one audit entry, one generic page. And each guard is needed.

The clause of each attack is named in its module (``attacks/``): SAML core 2, 3 and 5.4, profiles 4.1.4.
"""

import pytest

from gatekeeper.directory.models import SignIn
from gatekeeper.sessions.browser_session import SESSION_KEY
from saml.models import SignInAttempt
from tests.builders import link, make_user
from tests.saml.attacks import encryption, names, parsing, signatures, signed_responses, statements, wrapping
from tests.saml.attacks.defences import DEFENCES, NO_SESSION_LEFT
from tests.saml.attacks.table import ATTACKS, VICTIM
from tests.saml.conftest import refusal_text, refusals
from tests.saml.switches import SWITCHABLE, switch_off

pytestmark = pytest.mark.django_db
ATTACK_MODULES = (
    wrapping,
    signatures,
    statements,
    names,
    parsing,
    encryption,
    signed_responses,
)  # Importing them fills the table.
by_name = {attack.name: attack for attack in ATTACKS}
CUT = [
    pytest.param(name, how_many, id=f"{name}-without-{'-'.join(lines[:how_many])}")
    for name, lines in DEFENCES.items()
    for how_many in (range(1, len(lines)) if len(lines) <= 3 else (1, len(lines) - 1))
]


@pytest.fixture(autouse=True)
def people(ada):
    make_user(VICTIM)
    link()


def outcome(browser) -> str:
    if SESSION_KEY in browser.client.session:
        return f"{SignIn.objects.live().get().user.user_name} comes in"
    if refusals():
        return refusals()[0].after["check"]
    attempt = SignInAttempt.objects.first()
    return (attempt and attempt.failed_check) or NO_SESSION_LEFT


@pytest.mark.parametrize("name", by_name)
def test_an_attack_opens_nothing_is_written_down_once_and_learns_nothing(name, browser):
    """SAML core 2, 3.2.2 and 5.4, profiles 4.1.4.3 and 4.1.4.5: an invalid message is not relied on."""
    answer = by_name[name].do(browser)

    assert SESSION_KEY not in browser.client.session
    assert not SignIn.objects.live().exists()
    assert answer.status_code in {400, 403}
    assert [entry.after["check"] for entry in refusals()] == [DEFENCES[name][0]]
    page = answer.content.decode()
    assert "You are not signed in" in page or "This page did not sign you in" in page
    assert DEFENCES[name][0] == "unknown_person" or refusal_text(refusals()[0]) not in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(("name", "how_many"), CUT)
def test_without_its_first_lines_an_attack_meets_the_next_one_or_succeeds(name, how_many, browser, monkeypatch):
    for line in DEFENCES[name][:how_many]:
        switch_off(monkeypatch, line)

    by_name[name].do(browser)

    assert outcome(browser) == DEFENCES[name][how_many]


def test_every_guard_that_can_be_switched_off_stops_some_attack_first_or_second():
    at_work = {line for lines in DEFENCES.values() for line in lines}

    assert SWITCHABLE - at_work == {"has_current_certificate", "is_a_new_authentication"}  # test_sign_on.py


def test_the_table_tells_of_every_attack():
    assert set(DEFENCES) == set(by_name)
