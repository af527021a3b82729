"""One's own page offers the languages; what is chosen there goes before what the browser prefers."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import translation

from gatekeeper.directory.models import User
from tests.web.pages import text_of

pytestmark = pytest.mark.django_db

GERMAN, ENGLISH = {"accept-language": "de-DE,de;q=0.9"}, {"accept-language": "en"}


def language_of(browser: Client, address: str = "/profile/", **headers: str) -> str:
    answer = browser.get(address, headers=headers)
    assert answer.headers["Content-Language"] in text_of(answer)
    assert "Accept-Language" in answer.headers["Vary"]
    return text_of(answer).split('<html lang="')[1].split('"')[0]


def choose(browser: Client, language: str) -> None:
    assert browser.post("/profile/language/", {"language": language}).status_code == 302


def test_each_language_is_offered_under_its_own_name(admin_client: Client) -> None:
    page = text_of(admin_client.get("/profile/"))
    select = page.split('name="language"')[1].split("</select>")[0]
    options = [" ".join(option.split()) for option in select.split("<option")[1:]]
    assert options == [
        'value="" selected>As the browser prefers</option>',
        'value="en-gb" lang="en-gb" >English</option>',
        'value="de" lang="de" >Deutsch</option>',
    ]


@pytest.mark.parametrize(
    ("chosen", "browser", "shown"),
    [
        ("de", ENGLISH, "de"),
        ("de", {}, "de"),
        ("en-gb", GERMAN, "en-gb"),
        ("", GERMAN, "de"),
        ("", ENGLISH, "en-gb"),
        ("", {}, "en-gb"),
        ("", {"accept-language": "fr"}, "en-gb"),
    ],
)
def test_the_choice_goes_before_the_browser(
    admin_client: Client, chosen: str, browser: dict[str, str], shown: str
) -> None:
    choose(admin_client, chosen)
    assert language_of(admin_client, **browser) == shown
    assert translation.get_language() == "en-gb"  # the thread's next request may be a machine's


def test_the_page_after_the_choice_says_so_in_the_new_language(admin_client: Client) -> None:
    answer = admin_client.post("/profile/language/", {"language": "de"}, headers=ENGLISH, follow=True)
    with translation.override("de"):
        said = translation.gettext("The pages are in this language now.")
    assert said in text_of(answer)


def test_error_pages_and_the_sign_in_page_follow(admin_client: Client, administrator: User) -> None:
    choose(admin_client, "de")
    assert language_of(admin_client, "/users/no-such-page/") == "de"
    admin_client.post("/sign-out/")
    assert language_of(admin_client, "/sign-in/", **ENGLISH) == "en-gb"
    assert language_of(admin_client, "/sign-in/", **GERMAN) == "de"


def test_an_unknown_language_is_refused(admin_client: Client, administrator: User) -> None:
    answer = admin_client.post("/profile/language/", {"language": "tlh"}, follow=True)
    assert "Choose one of the languages" in text_of(answer)
    administrator.refresh_from_db()
    assert administrator.language == ""


def test_programs_get_english_from_a_browser_session_too(person_with: Callable[..., Client]) -> None:
    browser = person_with("global_administrator", "api")
    choose(browser, "de")
    answer = browser.get("/api/v1/users/00000000-0000-0000-0000-000000000000", headers=GERMAN)
    assert "Content-Language" not in answer.headers
    assert answer.json()["detail"].isascii()
    assert browser.get("/api/v1/me", headers=GERMAN).status_code == 200
