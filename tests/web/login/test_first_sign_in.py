"""What a sign-in with a password can ask for before it opens anything: another password, a second factor."""

import re
from base64 import b32decode
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.local_accounts.accounts import change_password, create_local_administrator
from gatekeeper.directory.local_accounts.second_factor_rule import demand_second_factor, second_factor_is_demanded
from gatekeeper.directory.models import SecondFactor, SignIn, User
from tests.builders import ADMIN, PASSWORD, code_of, give_second_factor, make_administrator
from tests.web.pages import text_of

ROOT = "root@example.com"
PRINTED = "printed-once-Xq81nB"
NEW = "a giraffe on the piano"
NEW_PASSWORD = "/sign-in/new-password/"
SET_UP = "/sign-in/second-factor/"
RULE = "/settings/configuration/local-accounts/"


@pytest.fixture
def first(db: None) -> User:
    return create_local_administrator(ROOT, PRINTED, actor=ADMIN, one_time=True)


def enter(browser: Client, password: str, target: str = "") -> str:
    answer = browser.post(f"/sign-in/{target}", {"email": ROOT, "password": password})
    assert answer.status_code == 302, text_of(answer)
    return str(answer["Location"])


def is_in(browser: Client) -> bool:
    return browser.get("/profile/").status_code == 200


# ── The password that works once ─────────────────────────────────────────────────────────────────────────────────


def test_it_opens_nothing_but_the_page_that_asks_for_another(first: User, client: Client) -> None:
    assert enter(client, PRINTED) == NEW_PASSWORD
    assert not is_in(client)
    assert not SignIn.objects.exists()
    assert "Choose your password" in text_of(client.get(NEW_PASSWORD))


def test_with_another_one_they_are_in_where_they_wanted_to_go(first: User, client: Client) -> None:
    address = enter(client, PRINTED, "?next=/users/")

    assert client.post(address, {"new": NEW, "again": NEW})["Location"] == "/users/"

    assert is_in(client)
    assert AuditEntry.objects.filter(event="administrator.password_changed", actor_id=str(first.id)).count() == 1
    again = Client()
    assert again.post("/sign-in/", {"email": ROOT, "password": PRINTED}).status_code == 422
    assert enter(again, NEW) == "/"


@pytest.mark.parametrize(
    ("new", "again", "problem"),
    [
        (PRINTED, PRINTED, "works once"),
        ("short", "short", "At least 12 characters"),
        ("password1234", "password1234", "easy to guess"),
        (NEW, f"{NEW}!", "not the same"),
        ("", "", "Enter a new password"),
    ],
)
def test_another_one_that_will_not_do_changes_nothing(
    first: User, client: Client, new: str, again: str, problem: str
) -> None:
    enter(client, PRINTED)

    answer = client.post(NEW_PASSWORD, {"new": new, "again": again})

    assert answer.status_code == 422
    assert problem in text_of(answer)
    assert not is_in(client)
    first.refresh_from_db()
    assert first.check_password(PRINTED)


def test_after_three_days_it_is_refused_with_the_way_out(first: User, client: Client) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=72, minutes=1)):
        assert enter(client, PRINTED) == "/sign-in/"
        assert "manage.py reset_password root@example.com" in text_of(client.get("/sign-in/"))
        assert client.get(NEW_PASSWORD)["Location"] == "/sign-in/"


def test_of_two_browsers_with_the_page_open_one_chooses(first: User) -> None:
    one, other = Client(), Client()
    enter(one, PRINTED)
    enter(other, PRINTED)
    one.post(NEW_PASSWORD, {"new": NEW, "again": NEW})

    assert other.post(NEW_PASSWORD, {"new": PASSWORD, "again": PASSWORD})["Location"] == "/sign-in/"
    first.refresh_from_db()
    assert first.check_password(NEW)


def test_a_password_that_an_operator_sets_is_kept(first: User, client: Client) -> None:
    change_password(first.id, NEW, actor=ADMIN)

    assert enter(client, NEW) == "/"


def test_nobody_reaches_the_pages_of_the_way_in_without_the_password(client: Client, db: None) -> None:
    for address in (NEW_PASSWORD, SET_UP, "/sign-in/code/"):
        assert client.get(address)["Location"] == "/sign-in/"
        assert client.post(address, {"new": NEW, "again": NEW, "code": "000000"})["Location"] == "/sign-in/"


# ── The second factor that the site demands ──────────────────────────────────────────────────────────────────────


def secret_on(page: str) -> bytes:
    return b32decode(re.findall(r'class="secret">([A-Z2-7 ]+)<', page)[0].replace(" ", ""))


def test_where_it_is_demanded_it_is_set_up_before_anything_opens(client: Client, db: None) -> None:
    make_administrator()
    demand_second_factor(True, actor=ADMIN)

    assert enter(client, PASSWORD) == SET_UP
    assert not is_in(client)
    answer = client.post(SET_UP, {"code": code_of(secret_on(text_of(client.get(SET_UP))))})

    assert "Your recovery codes" in text_of(answer)
    assert is_in(client)
    assert AuditEntry.objects.get(event="break_glass.used").after["with"] == "password and code"


def test_a_wrong_code_sets_nothing_up(client: Client, db: None) -> None:
    make_administrator()
    demand_second_factor(True, actor=ADMIN)
    enter(client, PASSWORD)

    assert client.post(SET_UP, {"code": "000000"}).status_code == 422
    assert not SecondFactor.objects.exists()
    assert not is_in(client)


def test_who_has_one_is_asked_for_it_as_ever(client: Client, db: None) -> None:
    secret = give_second_factor(make_administrator())
    demand_second_factor(True, actor=ADMIN)

    assert enter(client, PASSWORD) == "/sign-in/code/"
    assert client.post("/sign-in/code/", {"code": code_of(secret, steps=1)})["Location"] == "/"


def test_a_first_sign_in_goes_through_both(first: User, client: Client) -> None:
    demand_second_factor(True, actor=ADMIN)
    enter(client, PRINTED)

    assert client.post(NEW_PASSWORD, {"new": NEW, "again": NEW})["Location"] == SET_UP
    client.post(SET_UP, {"code": code_of(secret_on(text_of(client.get(SET_UP))))})
    assert is_in(client)


def test_sessions_of_a_password_alone_end_when_it_is_demanded(admin_client: Client) -> None:
    assert is_in(admin_client)

    demand_second_factor(True, actor=ADMIN)

    assert not is_in(admin_client)


def test_who_has_none_cannot_demand_it_from_the_page(admin_client: Client) -> None:
    answer = admin_client.post(RULE, {"second_factor": "on"})

    assert answer.status_code == 422
    assert "Set up a second factor for your own account first." in text_of(answer)
    assert not second_factor_is_demanded()


def test_the_switch_on_the_page(admin_client: Client, administrator: User) -> None:
    give_second_factor(administrator)
    SignIn.objects.update(until=None)  # setting it up elsewhere has ended this session

    assert admin_client.post(RULE, {"second_factor": "on"})["Location"] == RULE
    assert second_factor_is_demanded()
    page = text_of(admin_client.get(RULE))
    assert "authenticator app" in page
    assert "checked" in page
    assert is_in(admin_client)

    assert admin_client.post(RULE, {})["Location"] == RULE
    assert not second_factor_is_demanded()


def test_the_last_one_stays_while_it_is_demanded(admin_client: Client, administrator: User) -> None:
    secret = give_second_factor(administrator)
    SignIn.objects.update(until=None)
    SecondFactor.objects.update(last_step=0)
    demand_second_factor(True, actor=ADMIN)

    answer = admin_client.post("/profile/second-factor/", {"password": PASSWORD, "code": code_of(secret)})

    assert answer.status_code == 422
    assert "demands a second factor" in text_of(answer)
    assert SecondFactor.objects.live().exists()
