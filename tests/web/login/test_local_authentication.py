"""Local sign-in under attack, and with a second factor: through the real pages."""

import re
from base64 import b32decode
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.local_accounts.accounts import change_password
from gatekeeper.directory.models import FailedAttempt, SecondFactor, SignIn, User
from tests.builders import ADMIN, PASSWORD, code_of, give_second_factor, make_administrator
from tests.web.pages import text_of

SIGN_IN = "/sign-in/"
CODE = "/sign-in/code/"
ROOT = "root@example.com"
SECRET = r'class="secret">([A-Z2-7 ]+)<'


def try_in(browser: Client, password: str, email: str = ROOT, address: str = "198.51.100.7") -> int:
    return browser.post(SIGN_IN, {"email": email, "password": password}, REMOTE_ADDR=address).status_code


def later(**how_much: int) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**how_much))


@pytest.fixture
def known(administrator: User) -> Client:
    """A browser in which the administrator has signed in before, and is signed out now."""
    browser = Client()
    assert try_in(browser, PASSWORD) == 302
    browser.post("/sign-out/")
    return browser


def attack(tries: int, **where: str) -> list[int]:
    """Wrong passwords, each from an address of its own unless ``where`` names one."""
    return [try_in(Client(), "wrong", **{"address": f"203.0.113.{number}", **where}) for number in range(tries)]


def test_an_attacker_from_many_addresses_is_limited_for_the_account(administrator: User) -> None:
    answers = attack(25)

    assert answers.count(422) == 19
    assert answers[19:] == [429] * 6
    assert try_in(Client(), PASSWORD, address="192.0.2.200") == 429
    with later(minutes=61):
        assert try_in(Client(), PASSWORD, address="192.0.2.200") == 302


def test_an_attacker_from_many_addresses_cannot_lock_out_the_browser_that_is_known(known: Client) -> None:
    attack(30)

    assert try_in(known, PASSWORD, address="192.0.2.55") == 302


def test_an_attacker_at_the_same_address_cannot_lock_out_the_browser_that_is_known(known: Client) -> None:
    assert 429 in attack(60, address="198.51.100.7")

    assert try_in(known, PASSWORD) == 302


def test_a_known_browser_that_guesses_is_limited_too_and_alone(known: Client) -> None:
    answers = [try_in(known, "wrong") for _ in range(11)]

    assert answers == [422] * 9 + [429] * 2
    assert try_in(Client(), PASSWORD) == 302


def test_an_address_that_tries_many_accounts_is_limited(administrator: User) -> None:
    answers = [try_in(Client(), "wrong", email=f"guess{number}@example.com") for number in range(52)]

    assert answers == [422] * 49 + [429] * 3
    assert try_in(Client(), PASSWORD) == 429
    assert try_in(Client(), PASSWORD, address="192.0.2.9") == 302


def test_addresses_of_one_ipv6_network_are_one(administrator: User) -> None:
    answers = [try_in(Client(), "wrong", address=f"2001:db8::{number:x}") for number in range(1, 12)]

    assert answers[-1] == 429
    assert try_in(Client(), PASSWORD, address="2001:db8:0:1::1") == 302


def test_a_cookie_of_another_account_or_a_forged_one_makes_no_browser_known(known: Client) -> None:
    make_administrator("other@example.com")
    cookie = known.cookies["gatekeeper_known"].value
    attack(20, email="other@example.com")
    attack(20)

    assert try_in(known, PASSWORD, email="other@example.com") == 429
    known.cookies["gatekeeper_known"] = cookie[:-1] + ("A" if cookie[-1] != "A" else "B")
    assert try_in(known, PASSWORD, address="192.0.2.1") == 429


def test_a_success_forgives_this_browser_and_nobody_else(administrator: User) -> None:
    attack(5)
    for _ in range(5):
        try_in(Client(), "wrong")
    try_in(Client(), PASSWORD)

    assert FailedAttempt.objects.count() == 5


def test_wrong_passwords_are_in_the_audit_trail_of_accounts_that_exist(administrator: User) -> None:
    attack(2)
    attack(2, email="nobody@example.com")

    refused = AuditEntry.objects.filter(event="sign_in.refused")
    assert [entry.after["check"] for entry in refused] == ["wrong_password"] * 2  # type: ignore[index]
    assert {entry.actor_kind for entry in refused} == {"stranger"}


def test_the_change_password_form_is_limited_too(admin_client: Client) -> None:
    new = "another long enough phrase"
    answers = [
        admin_client.post("/profile/password/", {"current": "wrong", "new": new, "again": new}).status_code
        for _ in range(10)
    ]

    assert answers == [422] * 9 + [429]


# ── The code ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def secret(administrator: User) -> bytes:
    secret = give_second_factor(administrator)
    SecondFactor.objects.update(last_step=0)  # as if it had been set up yesterday
    return secret


def test_the_code_is_asked_for_after_the_password_and_nothing_is_open_before(client: Client, secret: bytes) -> None:
    answer = client.post(f"{SIGN_IN}?next=/settings/configuration/scim/", {"email": ROOT, "password": PASSWORD})

    assert answer["Location"] == f"{CODE}?next=%2Fsettings%2Fconfiguration%2Fscim%2F"
    assert not SignIn.objects.live().exists()
    assert client.get("/profile/").status_code == 302
    assert "Enter your code" in text_of(client.get(answer["Location"]))

    answer = client.post(answer["Location"], {"code": code_of(secret)})
    assert answer["Location"] == "/settings/configuration/scim/"
    assert SignIn.objects.live().count() == 1


def test_a_wrong_password_never_leads_to_the_code(client: Client, secret: bytes) -> None:
    assert try_in(client, "wrong") == 422
    assert client.get(CODE)["Location"] == SIGN_IN


def test_a_code_is_refused_the_second_time(client: Client, secret: bytes) -> None:
    code = code_of(secret)
    for browser, status in ((client, 302), (Client(), 422)):
        try_in(browser, PASSWORD)
        assert browser.post(CODE, {"code": code}).status_code == status


def test_wrong_codes_are_limited_for_the_account_whatever_the_address(client: Client, secret: bytes) -> None:
    wrong = "000000" if code_of(secret) != "000000" else "111111"
    answers = []
    for number in range(21):
        browser = Client(REMOTE_ADDR=f"203.0.113.{number}")
        browser.post(SIGN_IN, {"email": ROOT, "password": PASSWORD})
        answers.append(browser.post(CODE, {"code": wrong}).status_code)

    assert answers[:19] == [422] * 19
    assert answers[19] == 429
    assert AuditEntry.objects.filter(event="sign_in.refused", after__check="wrong_code").count() == 20


def test_the_right_password_between_wrong_codes_gives_no_more_of_them(client: Client, secret: bytes) -> None:
    answers = []
    for _ in range(11):
        try_in(client, PASSWORD)
        answers.append(client.post(CODE, {"code": "1"}).status_code)

    assert answers[9] == 429


@pytest.mark.parametrize("change", ["time", "password", "second factor"])
def test_the_password_counts_for_minutes_only_and_not_after_a_change(
    client: Client, administrator: User, secret: bytes, change: str
) -> None:
    try_in(client, PASSWORD)
    if change == "password":
        change_password(administrator.id, "another long enough phrase", actor=ADMIN)
    if change == "second factor":
        User.objects.update(active=False)
    with later(minutes=11 if change == "time" else 0):
        answer = client.post(CODE, {"code": code_of(secret)})

    assert answer["Location"] == SIGN_IN
    assert not SignIn.objects.live().exists()


def test_without_the_phone_a_recovery_code_lets_in_and_says_how_many_are_left(
    admin_client: Client, client: Client, administrator: User
) -> None:
    codes = set_up(admin_client)[1]
    browser = Client()
    try_in(browser, PASSWORD)

    page = browser.post(CODE, {"code": codes[0]}, follow=True)

    assert "You used a recovery code; 9 of them are left." in text_of(page)
    used = AuditEntry.objects.get(event="break_glass.used", after__with="password and recovery code")
    assert used.object_id == str(administrator.id)


# ── The profile page ─────────────────────────────────────────────────────────────────────────────────────────────


def set_up(admin_client: Client) -> tuple[bytes, list[str]]:
    """Set up an app by the page's own text; returns its secret and the recovery codes that the page shows."""
    from_page = re.search(SECRET, text_of(admin_client.get("/profile/second-factor/")))
    assert from_page
    secret = b32decode(from_page[1].replace(" ", ""))
    shown = text_of(admin_client.post("/profile/second-factor/", {"code": code_of(secret)}))
    return secret, re.findall(r"<code>([0-9 ]{23})</code>", shown)


def test_an_app_is_set_up_by_its_first_code_and_recovery_codes_are_shown_once(admin_client: Client) -> None:
    page = text_of(admin_client.get("/profile/second-factor/"))
    assert '<svg viewBox="0 0 ' in page
    assert " style=" not in page

    _, codes = set_up(admin_client)

    assert len(set(codes)) == 10
    assert codes[0] not in text_of(admin_client.get("/profile/second-factor/"))
    assert "10 of 10 left" in text_of(admin_client.get("/profile/second-factor/"))


def test_a_wrong_first_code_keeps_the_secret_that_was_scanned(admin_client: Client) -> None:
    before = text_of(admin_client.get("/profile/second-factor/"))
    answer = admin_client.post("/profile/second-factor/", {"code": "000"})

    assert answer.status_code == 422
    assert re.search(SECRET, before)[1] in text_of(answer)  # type: ignore[index]
    assert not SecondFactor.objects.exists()


@pytest.mark.parametrize(("password", "right_code"), [("wrong", True), (PASSWORD, False)])
def test_it_is_not_removed_without_password_and_code(admin_client: Client, password: str, right_code: bool) -> None:
    secret, _ = set_up(admin_client)
    code = code_of(secret, steps=1) if right_code else "000000"

    assert admin_client.post("/profile/second-factor/", {"password": password, "code": code}).status_code == 422
    assert SecondFactor.objects.live().exists()


def test_it_is_removed_with_both(admin_client: Client) -> None:
    secret, _ = set_up(admin_client)

    admin_client.post("/profile/second-factor/", {"password": PASSWORD, "code": code_of(secret, steps=1)})

    assert not SecondFactor.objects.live().exists()
    assert try_in(Client(), PASSWORD) == 302


def test_people_of_the_identity_provider_have_no_such_page(person_with: Callable[..., Client]) -> None:
    assert person_with("collaborator").get("/profile/second-factor/").status_code == 404


@pytest.mark.parametrize("address", ["/profile/", "/settings/configuration/"])
def test_the_pages_urge_until_it_is_set_up(admin_client: Client, administrator: User, address: str) -> None:
    assert "Your password alone opens this account." in text_of(admin_client.get(address))

    set_up(admin_client)

    assert "Your password alone" not in text_of(admin_client.get(address))
