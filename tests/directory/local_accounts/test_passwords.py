"""What will do as a local administrator's password: every validator is asked, by every way in which one is set."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import get_default_password_validators
from django.utils import timezone

from gatekeeper.directory.local_accounts.accounts import change_password, create_local_administrator
from gatekeeper.directory.local_accounts.password_validators import OUR_NAMES
from gatekeeper.directory.local_accounts.passwords import ONE_TIME_FOR, one_time_password_of
from gatekeeper.directory.models import OneTimePassword, User
from gatekeeper.errors import InvalidValue
from tests.builders import ADMIN, PASSWORD, make_administrator

pytestmark = pytest.mark.django_db
EMAIL = "ada.obi@contoso.example"

REFUSED = {
    "too short": ("kQ7#fz9!Lp2", "at least 12 characters"),
    "digits only": ("748159263072", "entirely numeric"),
    "like the e-mail": ("ada.obi@contoso1", "too similar"),
    "the e-mail itself": (EMAIL, "too similar"),
    "a common one that is long enough": ("password1234", "easy to guess"),
    "in capitals": ("PASSWORD1234", "easy to guess"),
    "with letters as digits": ("p4ssw0rd1234", "easy to guess"),
    "said twice": ("hunter2hunter2", "easy to guess"),
    "one letter": ("aaaaaaaaaaaaaaaa", "easy to guess"),
    "the alphabet": ("abcdefghijklmnop", "easy to guess"),
    "a row of keys": ("qwertyuiop12", "easy to guess"),
    "backwards": ("4321drowssap", "easy to guess"),
    "our own name": ("gatekeepergatekeeper", "easy to guess"),
    "a year behind a role": ("administrator2026", "easy to guess"),
    "with a NUL": ("four words \x00 in a row", "NUL"),
    "far too long": ("w0rd " * 300, "at most 1000"),
}


def create(password: str) -> None:
    create_local_administrator(EMAIL, password, actor=ADMIN)


def change(password: str) -> None:
    change_password(make_administrator(EMAIL).id, password, actor=ADMIN)


@pytest.mark.parametrize("way", [create, change])
@pytest.mark.parametrize(("password", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_weak_password_is_refused_with_the_reason(password: str, reason: str, way: Callable[[str], None]) -> None:
    with pytest.raises(InvalidValue, match=reason):
        way(password)


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "kQ7#fz9!Lp2w", "correct-horse-battery-staple", "Ein Kamel tanzt leise", "kissa soittaa pianoa"],
)
def test_a_good_one_is_taken(password: str) -> None:
    create(password)

    assert User.objects.local().get().check_password(password)


def test_every_validator_of_the_settings_says_what_it_wants() -> None:
    assert all(validator.get_help_text() for validator in get_default_password_validators())


def test_a_password_that_works_once_is_noted_until_another_one_is_set() -> None:
    user = create_local_administrator(EMAIL, PASSWORD, actor=ADMIN, one_time=True)
    noted = one_time_password_of(user)

    assert noted is not None
    assert abs(noted.expires_at - timezone.now() - ONE_TIME_FOR) < timedelta(minutes=1)
    change_password(user.id, "another horse, another staple", actor=ADMIN)
    assert not OneTimePassword.objects.exists()


def test_an_account_of_create_admin_keeps_its_password() -> None:
    assert one_time_password_of(make_administrator(EMAIL)) is None


def test_the_words_of_the_site_are_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "break-glass.md").read_text()

    assert [word for word in OUR_NAMES if f"`{word}`" not in page] == []
