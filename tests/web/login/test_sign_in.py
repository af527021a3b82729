"""The way in and the way out."""

import pytest
from django.test import Client

from gatekeeper.directory.models import SignIn, User
from saml.connections.lifecycle import create_connection
from tests.builders import ADMIN, PASSWORD
from tests.web.pages import text_of

SIGN_IN = "/sign-in/"


def test_the_page_offers_each_connection_and_folds_the_local_form_away(
    client: Client, db: None, metadata: bytes
) -> None:
    connection = create_connection("Contoso Entra", actor=ADMIN, document=metadata)

    text = text_of(client.get(SIGN_IN, {"next": "/profile/"}))

    assert "Sign in with Contoso Entra" in text
    assert f"/saml/{connection.id}/sso?next=%2Fprofile%2F" in text
    assert "<summary>Sign in with a local account</summary>" in text
    assert '<details class="fold">' in " ".join(text.split()).replace(" >", ">")


def test_a_local_administrator_signs_in_and_the_session_is_listed(admin_client: Client, administrator: User) -> None:
    session = SignIn.objects.live().get()

    assert session.user == administrator
    assert session.provider is None
    assert admin_client.get("/profile/").status_code == 200


@pytest.mark.parametrize(("email", "password"), [("root@example.com", "wrong"), ("nobody@example.com", PASSWORD)])
def test_a_wrong_password_and_an_unknown_address_read_the_same(
    client: Client, administrator: User, email: str, password: str
) -> None:
    answer = client.post(SIGN_IN, {"email": email, "password": password})

    assert answer.status_code == 422
    assert "The e-mail or the password is wrong." in text_of(answer)
    assert not SignIn.objects.exists()


def test_too_many_wrong_passwords_pause_the_account(client: Client, administrator: User) -> None:
    for _ in range(10):
        answer = client.post(SIGN_IN, {"email": "root@example.com", "password": "wrong"})

    assert answer.status_code == 429
    assert "Too many attempts" in text_of(answer)
    assert client.post(SIGN_IN, {"email": "root@example.com", "password": PASSWORD}).status_code == 429


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(client: Client, administrator: User, target: str) -> None:
    answer = client.post(f"{SIGN_IN}?next={target}", {"email": "root@example.com", "password": PASSWORD})

    assert answer["Location"] == "/"


def test_signing_in_leads_to_the_page_that_was_asked_for(client: Client, administrator: User) -> None:
    answer = client.post(
        f"{SIGN_IN}?next=/settings/configuration/scim/", {"email": "root@example.com", "password": PASSWORD}
    )

    assert answer["Location"] == "/settings/configuration/scim/"


def test_signing_out_ends_the_session_here_and_in_the_list(admin_client: Client) -> None:
    answer = admin_client.post("/sign-out/", follow=True)

    assert "You are signed out." in text_of(answer)
    assert not SignIn.objects.live().exists()
    assert admin_client.get("/profile/").status_code == 302


def test_signing_out_is_no_link(admin_client: Client) -> None:
    assert admin_client.get("/sign-out/").status_code == 405
