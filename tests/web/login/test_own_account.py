"""A local administrator's own password."""

import pytest
from django.test import Client

from gatekeeper.directory.models import SignIn, User
from tests.builders import PASSWORD
from tests.web.pages import text_of

SIGN_IN = "/sign-in/"


def test_a_local_administrator_changes_their_password(
    admin_client: Client, administrator: User, client: Client
) -> None:
    new = "another long enough phrase"

    answer = admin_client.post("/profile/password/", {"current": PASSWORD, "new": new, "again": new}, follow=True)

    assert "Your password is changed." in text_of(answer)
    assert SignIn.objects.live().count() == 1
    browser = Client()
    assert browser.post(SIGN_IN, {"email": "root@example.com", "password": PASSWORD}).status_code == 422
    assert browser.post(SIGN_IN, {"email": "root@example.com", "password": new}).status_code == 302


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"current": "wrong", "new": "a long enough phrase", "again": "a long enough phrase"}, "not your current"),
        ({"current": PASSWORD, "new": "a long enough phrase", "again": "another"}, "are not the same"),
        ({"current": PASSWORD, "new": "short", "again": "short"}, "At least 12 characters"),
    ],
)
def test_a_password_that_will_not_do_is_refused_in_words(
    admin_client: Client, fields: dict[str, str], words: str
) -> None:
    answer = admin_client.post("/profile/password/", fields)

    assert answer.status_code == 422
    assert words in text_of(answer)
