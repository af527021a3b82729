"""Each address of the wizard × what the link is for × the state that it is in."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from gatekeeper.setup_links.lifecycle import TOKENS
from gatekeeper.setup_links.models import SetupLink
from tests.web.addresses import table
from tests.web.setup_wizard.conftest import Bearer, end

SCOPES = ("saml", "scim", "both", "certificate")
SIGN_ON, PROVISIONING, CERTIFICATE = {"saml", "both"}, {"scim", "both"}, {"certificate"}
EVERY = set(SCOPES)
# Address → the scopes that it is for, the method, what is sent, and the answer to a link that has just been opened.
PAGES: dict[str, tuple[set[str], str, dict[str, Any], int]] = {
    "": (EVERY, "GET", {}, 200),
    "product/": (EVERY, "POST", {"product": "okta"}, 302),
    "finish/": (EVERY, "POST", {}, 200),
    "sign-on/": (SIGN_ON, "GET", {}, 200),
    "sign-on/ ": (SIGN_ON, "POST", {}, 422),
    "test-sign-in/": (SIGN_ON | CERTIFICATE, "GET", {}, 302),
    "switch-on/": (SIGN_ON, "POST", {}, 302),
    "provisioning/": (PROVISIONING, "GET", {}, 200),
    "provisioning/key/": (PROVISIONING, "POST", {}, 200),
    "certificate/": (CERTIFICATE, "GET", {}, 200),
    "certificate/ ": (CERTIFICATE, "POST", {}, 422),
    "certificate/confirm/": (CERTIFICATE, "POST", {"document": "?"}, 302),
}
ENDED = dict.fromkeys(("expired", "revoked", "finished", "maker_lost_rights"), EVERY)
ENDED["connection_deleted"] = CERTIFICATE


def ask(bearer: Bearer, browser: Client, path: str) -> Any:
    _, method, data, _ = PAGES[path]
    return browser.generic(method, bearer.base + path.strip()) if not data else browser.post(bearer.base + path, data)


def words_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_every_address_of_the_wizard_is_tried() -> None:
    listed = {each.removeprefix("/set-up/<link_id>/") for each in table() if each.startswith("/set-up/<link_id>/")}

    assert {path.strip() for path in PAGES} | {"seen/<part>/"} == listed


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("path", PAGES)
def test_a_link_opens_what_its_scope_says_and_nothing_else(
    make_bearer: Callable[..., Bearer], scope: str, path: str
) -> None:
    scopes, _, _, status = PAGES[path]
    bearer = make_bearer(scope).start()

    answer = ask(bearer, bearer.browser, path)

    assert answer.status_code == (status if scope in scopes else 403)
    if scope not in scopes:
        assert "was not made for that" in words_of(answer)


@pytest.mark.parametrize(("state", "scope"), [(state, scope) for state, of in ENDED.items() for scope in sorted(of)])
def test_a_link_that_is_over_opens_nothing_and_says_why(
    make_bearer: Callable[..., Bearer], state: str, scope: str
) -> None:
    bearer = make_bearer(scope).start()
    end(bearer, state)

    for path in PAGES:
        answer = ask(bearer, bearer.browser, path)
        assert answer.status_code == 410, path
        assert "does not work any more" in words_of(answer)
    assert bearer.get(f"seen/{bearer.link.parts[0]}/").status_code == 410


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("whose", ["nobody", "another link"])
def test_another_browser_sees_nothing(make_bearer: Callable[..., Bearer], scope: str, whose: str) -> None:
    bearer, other = make_bearer(scope).start(), Client()
    if whose == "another link":
        other = make_bearer(scope).start().browser

    for path in PAGES:
        assert ask(bearer, other, path).status_code == 403, path


def test_an_administrator_who_is_signed_in_has_no_part_in_it(
    make_bearer: Callable[..., Bearer], admin_client: Client
) -> None:
    bearer = make_bearer().start()

    for path in PAGES:
        assert ask(bearer, admin_client, path).status_code == 403, path


@pytest.mark.parametrize("scope", SCOPES)
def test_looking_at_a_link_does_not_use_it_up(make_bearer: Callable[..., Bearer], scope: str) -> None:
    bearer = make_bearer(scope)
    scanner = Client()

    for method in ("GET", "HEAD", "GET"):
        answer = scanner.generic(method, bearer.open_address)
        assert answer.status_code == 200
        assert not answer.cookies

    assert bearer.link.opened_at is None
    assert "Start" in words_of(scanner.get(bearer.open_address))
    assert bearer.start().get().status_code == 200


def test_a_link_works_in_one_browser_only_and_in_two_tabs_of_it(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer().start()

    again = bearer.browser.post(bearer.open_address)
    assert (again.status_code, again.headers["Location"]) == (302, bearer.base)
    assert bearer.browser.get(bearer.open_address).headers["Location"] == bearer.base
    for method in ("GET", "POST"):
        answer = Client().generic(method, bearer.open_address)
        assert answer.status_code == 410
        assert "opened in another browser" in words_of(answer)
        assert "Ask for a new link" in words_of(answer)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_the_address_of_a_link_that_is_over_says_why_and_lets_ask_for_another(
    make_bearer: Callable[..., Bearer], state: str
) -> None:
    bearer = make_bearer("certificate")
    end(bearer, state)

    for method in ("GET", "POST"):
        answer = Client().generic(method, bearer.open_address)
        assert answer.status_code == 410
        assert "Ask for a new link" in words_of(answer)
    assert bearer.link.opened_at is None
    asked = Client().post(f"{bearer.open_address}ask/")
    assert asked.status_code == 200
    assert bearer.link.new_link_asked_at is not None


def test_two_links_live_in_one_browser(make_bearer: Callable[..., Bearer]) -> None:
    first = make_bearer("saml").start()
    second = make_bearer("scim")
    second.browser = first.browser
    second.start()

    assert first.get("sign-on/").status_code == 200
    assert second.get("provisioning/").status_code == 200
    assert first.get("provisioning/").status_code == 403


@pytest.mark.parametrize("token", ["gkl_", "x", "gkl_" + "0" * 72, "gk_" + "0" * 72, "ä", "gkl_" + "0" * 5000])
def test_a_token_of_nobody_is_404(db: None, token: str) -> None:
    for method in ("GET", "POST"):
        answer = Client().generic(method, f"/set-up/open/{token}/")
        assert answer.status_code in (404, 429)
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_guessing_is_slowed_down_and_a_right_link_is_not(make_bearer: Callable[..., Bearer]) -> None:
    bearer, guesser = make_bearer(), Client()

    answers = (guesser.get(f"/set-up/open/{TOKENS.new()}/") for _ in range(200))
    refused = next(each for each in answers if each.status_code == 429)

    assert int(refused.headers["Retry-After"]) >= 1
    assert "Too many wrong links" in words_of(refused)
    assert guesser.get(bearer.open_address).status_code == 200


def test_a_link_that_ends_while_a_page_is_open_is_over_for_its_forms(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("scim").start()
    assert bearer.get("provisioning/").status_code == 200
    SetupLink.objects.update(expires_at=timezone.now())

    assert bearer.post("provisioning/key/").status_code == 410
    assert bearer.link.api_key is None
