"""The forms of signing in with a local account, and of what it signs in with."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from gatekeeper.web.framework.forms import PageForm

PASSKEY_LIMIT = 10_000  # characters of what a browser brings
NEEDS_SECOND_FACTOR = gettext_lazy("Use a passkey, or enter the code of your second factor.")
CODE_HINT = gettext_lazy("The six digits that your authenticator app shows now, or one of your recovery codes.")


def _password_field(
    label: StrOrPromise,
    missing: StrOrPromise,
    *,
    autocomplete: str = "current-password",
    hint: StrOrPromise = "",
) -> forms.CharField:
    """A password as it was typed, blanks included; ``missing`` is the error when it was left empty."""
    return forms.CharField(
        label=label,
        max_length=1000,
        strip=False,
        help_text=hint,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
        error_messages={"required": missing},
    )


class LocalSignInForm(PageForm):
    email = forms.EmailField(
        label="E-mail",
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
        error_messages={
            "required": gettext_lazy("Enter your e-mail address."),
            "invalid": gettext_lazy("That is no e-mail address."),
        },
    )
    password = _password_field(gettext_lazy("Password"), gettext_lazy("Enter your password."))


def _code_field(hint: StrOrPromise) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
    return forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=hint,
        widget=forms.TextInput(attrs=attributes),
        error_messages={"required": _("Enter the code."), "max_length": _("That is too long for a code.")},
    )


class CodeForm(PageForm):
    """A code of the second factor, at sign-in."""

    code = _code_field(CODE_HINT)


class FirstCodeForm(PageForm):
    """The first code of an app that was set up just now."""

    code = _code_field(gettext_lazy("The six digits that the app shows now."))


class ProofForm(PageForm):
    """A local administrator proves again who they are; with a code or a passkey where they have one."""

    password = _password_field(gettext_lazy("Your password"), gettext_lazy("Enter your password."))
    code = _code_field(CODE_HINT)
    passkey = forms.CharField(required=False, max_length=PASSKEY_LIMIT, widget=forms.HiddenInput)

    def __init__(self, *args: Any, with_code: bool, with_passkey: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_passkey:
            del self.fields["passkey"]
        if not with_code:
            del self.fields["code"]
        elif with_passkey:
            self.fields["code"].required = False

    def clean(self) -> dict[str, Any]:
        """One of the two, where there are second factors."""
        cleaned = super().clean() or {}
        asked = [name for name in ("code", "passkey") if name in self.fields]
        if asked and not any(cleaned.get(name) for name in asked) and not self.errors:
            self.add_error("code" if "code" in self.fields else "password", NEEDS_SECOND_FACTOR)
        return cleaned


class NewPasswordForm(PageForm):
    """A password that a local administrator chooses, twice."""

    new = _password_field(
        gettext_lazy("New password"),
        gettext_lazy("Enter a new password."),
        autocomplete="new-password",
        hint=gettext_lazy("At least 12 characters. A few words in a row are easy to remember and hard to guess."),
    )
    again = _password_field(
        gettext_lazy("New password again"),
        gettext_lazy("Enter the new password a second time."),
        autocomplete="new-password",
    )

    def clean(self) -> dict[str, Any]:
        """Both must be the same."""
        cleaned = super().clean() or {}
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", _("The two new passwords are not the same."))
        return cleaned


class PasswordForm(NewPasswordForm):
    """The same for who has a password of their own already."""

    field_order = ("current", "new", "again")
    current = _password_field(gettext_lazy("Current password"), gettext_lazy("Enter the password that you have now."))


class PasskeyForm(PageForm):
    """A passkey that a browser has just made, and what its person calls it."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("So that you know it again: Security key in the safe, Laptop."),
        error_messages={
            "required": gettext_lazy("Give the passkey a name."),
            "max_length": gettext_lazy("At most 60 characters are possible."),
        },
    )
    passkey = forms.CharField(
        max_length=PASSKEY_LIMIT,
        widget=forms.HiddenInput,
        error_messages={
            "required": gettext_lazy("The browser has not made a passkey. Try again, in a browser that knows passkeys.")
        },
    )
