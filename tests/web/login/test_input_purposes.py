"""Fields about the reader say so to browsers and password managers (WCAG 1.3.5), and no other field does."""

import pytest
from django.test import Client

from gatekeeper.web.framework.forms import PageForm
from gatekeeper.web.login.forms import CodeForm, LocalSignInForm, NewPasswordForm, PasskeyForm, PasswordForm
from tests.web.pages import text_of


@pytest.mark.parametrize(
    ("form", "purposes"),
    [
        (LocalSignInForm, {"email": "username", "password": "current-password"}),
        (CodeForm, {"code": "one-time-code"}),
        (NewPasswordForm, {"new": "new-password", "again": "new-password"}),
        (PasswordForm, {"current": "current-password", "new": "new-password", "again": "new-password"}),
        (PasskeyForm, {"name": "off"}),  # a name of the passkey
    ],
)
def test_each_field_states_its_purpose(form: type[PageForm], purposes: dict[str, str]) -> None:
    stated = {name: field.widget.attrs.get("autocomplete") for name, field in form().fields.items()}

    assert {name: purpose for name, purpose in stated.items() if purpose} == purposes


def test_a_changed_password_names_its_account(admin_client: Client) -> None:
    page = text_of(admin_client.get("/profile/password/"))

    assert 'autocomplete="username"' in page


def test_the_language_is_the_readers(admin_client: Client) -> None:
    assert 'autocomplete="language"' in text_of(admin_client.get("/profile/"))
