"""Validators that Django asks besides its own (AUTH_PASSWORD_VALIDATORS); imported when a password is set."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

from gatekeeper.directory.models import User

LOOKED_AT = 72  # characters: zxcvbn's own limit; what stands behind them only adds to the guesses
GUESSES = 10**6  # zxcvbn's score 1: found within an hour by an attacker whom nothing slows down much
OUR_NAMES = ("gatekeeper", "administrator", "break-glass")


class MinimumLengthValidator:
    """As many characters as NIST SP 800-63B wants where attempts are limited and a second factor can stand beside."""

    def __init__(self, min_length: int = 12) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises: ValidationError."""
        if len(password) < self.min_length:
            raise ValidationError(f"at least {self.min_length} characters are needed.", code="password_too_short")

    def get_help_text(self) -> str:
        return f"At least {self.min_length} characters."


class GuessablePasswordValidator:
    """Refuses what is on lists of common passwords, names and words, alone or put together, and rows of keys.

    zxcvbn brings the lists and counts how many guesses an attacker who knows them would need.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises: ValidationError, which says what makes it easy to guess."""
        found: dict[str, Any] = zxcvbn(password[:LOOKED_AT], user_inputs=[*OUR_NAMES, *_names_of(user)])
        if found["guesses"] < GUESSES:
            warning = found["feedback"]["warning"].rstrip(".")
            reason = f" ({warning[0].lower()}{warning[1:]})" if warning else ""
            raise ValidationError(
                f"it is easy to guess{reason}; choose a few words that do not belong together.",
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return "Not a common password, and nothing that a list of words, names and dates would find."


def _names_of(user: User | None) -> list[str]:
    """The parts of the account's names."""
    names = (user.user_name, user.display_name) if user else ()
    return [part for name in names if name for part in (name, *re.split(r"\W+", name)) if part]
