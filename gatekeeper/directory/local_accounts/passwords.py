"""Requirements on local administrators' passwords, and the password that works once."""

from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from gatekeeper.directory.models import OneTimePassword, User
from gatekeeper.errors import InvalidValue

ONE_TIME_FOR = timedelta(hours=72)  # for the first administrator to read it where it was printed, and to sign in


def require_good_password(password: str, *, email: str) -> None:
    """Ask every validator of AUTH_PASSWORD_VALIDATORS (NIST SP 800-63B-4 §3.1.1.2; OWASP ASVS 5 V6.2).

    Raises: InvalidValue, with the reasons of all of them.
    """
    try:
        validate_password(password, User(user_name=email, work_email=email))
    except ValidationError as refusal:
        raise InvalidValue("password", " ".join(refusal.messages)) from None


def one_time_password_of(user: User) -> OneTimePassword | None:
    """The mark that the password has to be replaced at the first sign-in; None for a password that a person chose."""
    return OneTimePassword.objects.filter(user=user).first()
