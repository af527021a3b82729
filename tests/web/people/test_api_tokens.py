"""API tokens on the profile, and on somebody's page for a configurator."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gatekeeper.api.models import ApiToken
from gatekeeper.api.tokens import TOKENS, create_token
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import IdpGroup, User
from tests.builders import ADMIN, add_members, link, make_group, make_user, map_group
from tests.web.pages import text_of

NEW = "/profile/api-tokens/new/"
CARD = 'id="api-tokens-heading"'


def token_in(answer: Any) -> str:
    """The token that the page shows, or "" if it shows none."""
    found = re.search(TOKENS.prefix + r"[0-9a-f]{72}", text_of(answer))
    return found.group() if found else ""


def holder() -> User:
    return User.objects.get(user_name="person@example.com")


def test_a_token_is_made_shown_once_and_works(person_with: Callable[..., Client]) -> None:
    browser = person_with("collaborator", "api")
    assert "None yet. Create one" in " ".join(text_of(browser.get("/profile/")).split())

    made = browser.post(NEW, {"name": "Report script", "days": "30"})

    text = token_in(made)
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {text}"}).status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    page = browser.get("/profile/")
    assert token_in(page) == ""
    assert "Report script" in text_of(page)
    assert f"{text[:11]}…" in text_of(page)
    token = ApiToken.objects.get()
    assert token.user == holder()
    assert token.expires_at - timezone.now() < timedelta(days=30)
    assert AuditEntry.objects.get(event="api_token.created").actor_id == str(token.user_id)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "", "days": "30"}, "Say what the token is for."),
        ({"name": " ", "days": "30"}, "Say what the token is for."),
        ({"name": "x" * 101, "days": "30"}, "At most 100 characters"),
        ({"name": "x", "days": "366"}, "Choose one of these times."),
        ({"name": "x", "days": "x"}, "Choose one of these times."),
        ({"name": "x\x00", "days": "30"}, "Null characters are not allowed."),
        ({}, "Choose how long it lasts."),
    ],
)
def test_a_form_that_will_not_do_is_shown_again(
    person_with: Callable[..., Client], form: dict[str, str], words: str
) -> None:
    answer = person_with("collaborator", "api").post(NEW, form)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not ApiToken.objects.exists()


def test_who_does_not_hold_the_permission_has_no_card_and_gets_no_token(
    person_with: Callable[..., Client], admin_client: Client
) -> None:
    for browser in (person_with("global_administrator", "configuration"), admin_client):
        assert CARD not in text_of(browser.get("/profile/"))
        assert browser.get(NEW).status_code == 403
        assert browser.post(NEW, {"name": "x", "days": "30"}).status_code == 403
    assert not ApiToken.objects.exists()


def test_making_one_needs_a_fresh_session_and_the_form_is_kept(person_with: Callable[..., Client]) -> None:
    browser = person_with("collaborator", "api")
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        answer = browser.post(NEW, {"name": "Report script", "days": "7"})
        assert answer.status_code == 302
        assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [NEW]
        assert not ApiToken.objects.exists()
        session = browser.session
        carried = session["signing_in_again"]
        session["signing_in_again"] = {**carried, "answered": True}  # what the page does once the person is back
        session.save()
        holder().sign_ins.update(authenticated_at=timezone.now())

        page = text_of(browser.get(NEW))

    assert 'value="Report script"' in page
    assert '<option value="7" selected>' in page


def test_one_of_mine_is_revoked_and_nobody_else_s(person_with: Callable[..., Client]) -> None:
    browser = person_with("collaborator", "api")
    other = make_user()
    add_members(IdpGroup.objects.get(), other)
    mine, _ = create_token(holder(), "mine", actor=ADMIN)
    foreign = ApiToken.objects.create(user=other, name="x", digest="0" * 64, hint="x", expires_at=timezone.now())

    browser.post(reverse("web:revoke_own_api_token", args=(mine.id,)))
    refused = browser.post(reverse("web:revoke_own_api_token", args=(foreign.id,)))

    assert refused.status_code == 404
    assert browser.post(reverse("web:revoke_api_token", args=(other.id, foreign.id))).status_code == 403
    assert browser.post(reverse("web:revoke_api_tokens", args=(other.id,))).status_code == 403
    assert list(ApiToken.objects.filter(revoked_at=None)) == [foreign]


def test_all_of_mine_are_revoked(person_with: Callable[..., Client]) -> None:
    browser = person_with("collaborator", "api")
    for name in ("one", "two"):
        create_token(holder(), name, actor=ADMIN)

    page = browser.post(reverse("web:revoke_own_api_tokens"), follow=True)

    assert "2 API tokens are revoked." in text_of(page)


def test_a_configurator_sees_and_revokes_anybody_s(person_with: Callable[..., Client], admin_client: Client) -> None:
    person_with("collaborator", "api")
    user = holder()
    first, _ = create_token(user, "Report script", actor=ADMIN)
    create_token(user, "Dashboard", actor=ADMIN)
    page = text_of(admin_client.get(reverse("web:person", args=(user.id,))))
    assert "Report script" in page
    assert "Create API token" not in page

    answer = admin_client.post(reverse("web:revoke_api_token", args=(user.id, first.id)), follow=True)
    assert "Report script is revoked" in text_of(answer)
    answer = admin_client.post(reverse("web:revoke_api_tokens", args=(user.id,)), follow=True)
    assert "1 API token is revoked" in text_of(answer)

    revoked = AuditEntry.objects.filter(event="api_token.revoked", object_id=str(user.id))
    assert {entry.actor_name for entry in revoked} == {"root@example.com"}


def test_who_only_reads_people_does_not_see_their_tokens(
    person_with: Callable[..., Client], browser_of: Callable[[User], Client]
) -> None:
    person_with("global_administrator", "api", "users")
    create_token(holder(), "Report script", actor=ADMIN)
    reader = make_user("reader@example.com")
    map_group(make_group("GK Readers", [reader]), "global_administrator", ["users"])
    link()
    from_the_directory = reverse("web:person", args=(holder().id,))

    assert "Report script" in text_of(browser_of(holder()).get(from_the_directory))
    seen = browser_of(reader).get(from_the_directory)

    assert seen.status_code == 200
    assert "Report script" not in text_of(seen)


def test_tokens_that_sleep_are_shown_with_the_reason_and_can_be_revoked(person_with: Callable[..., Client]) -> None:
    browser = person_with("collaborator", "api")
    token, _ = create_token(holder(), "Report script", actor=ADMIN)
    map_group(IdpGroup.objects.get(), "collaborator", ["reports"])

    page = text_of(browser.get("/profile/"))
    assert "All of these are refused at the moment." in page
    assert "The permission API is missing." in page
    assert "Create API token" not in page
    browser.post(reverse("web:revoke_own_api_token", args=(token.id,)))
    assert CARD not in text_of(browser.get("/profile/"))


def test_an_expired_token_says_so(person_with: Callable[..., Client]) -> None:
    browser = person_with("collaborator", "api")
    create_token(holder(), "Report script", actor=ADMIN)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(days=1))

    assert '<span class="badge badge-warn">expired</span>' in text_of(browser.get("/profile/"))
