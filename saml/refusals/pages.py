"""The texts that a person reads: what to do about a message that was refused, and what is true after a sign-out.

Nothing of how a message was judged.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from saml.errors import MessageRefused
from saml.refusals.causes import Cause
from saml.validation.allow_list import entra_error

# A page that was sent twice, or a second tab: the person may well have a session, which did not arrive with the post.
_MAY_BE_IN_ALREADY = frozenset({"answers_this_browser", "is_used_once"})
_NOT_BY_THIS_PAGE = gettext_lazy("This page did not sign you in")
_DONE_BEFORE = gettext_lazy(
    "This sign-in was completed before, by this page or in another tab. "
    "If you are signed in already, just go on; otherwise sign in again."
)
_NOT_ACCEPTED = gettext_lazy(
    "The answer of the identity provider could not be accepted. Sign in again; if that does not help, give your "
    "administrator the reference number."
)
_NOT_BEGUN_HERE = gettext_lazy("This is the answer to a sign-in that was not begun here. Sign in again.")
# What a person can do about it themselves; everything else is _NOT_ACCEPTED.
_BY_CHECK: Final = {
    "arrives": gettext_lazy("The identity provider's answer did not arrive. Sign in again."),
    "answers_this_browser": _NOT_BEGUN_HERE,
    "is_used_once": _DONE_BEFORE,
    "is_a_new_authentication": gettext_lazy(
        "You have to enter your credentials at the identity provider for this. Sign in again."
    ),
    "says_success": gettext_lazy(
        "The identity provider did not sign you in. Ask your administrator, or sign in again."
    ),
    "unsolicited": gettext_lazy(
        "The identity provider does not say which sign-in it answers, so signing in again will not help. "
        "Give your administrator the reference number."
    ),
    "comes_from_the_tenant": gettext_lazy(
        "You came with an account of another organisation. Sign in again and choose your account here."
    ),
}
# In place of the sentence above, where it is known why.
_BY_CAUSE: Final = {
    Cause.NEVER_ASKED: _NOT_BEGUN_HERE,
    Cause.OTHER_CONNECTION: _NOT_BEGUN_HERE,
    Cause.NO_COOKIE: gettext_lazy(
        "Your browser did not send the cookie with which this sign-in began. Allow cookies for this site, "
        "then sign in again."
    ),
    Cause.OTHER_BROWSER: gettext_lazy(
        "This sign-in began in another browser or another window. Sign in again in this one."
    ),
    Cause.TOO_OLD: gettext_lazy("This sign-in took too long: more than 15 minutes. Sign in again."),
    Cause.ANSWERED: _DONE_BEFORE,
    Cause.TOO_LARGE: gettext_lazy(
        "The answer of the identity provider is too large, most often because of the groups in it. Give "
        "your administrator the reference number."
    ),
}


def text_about(refusal: MessageRefused) -> str:
    """The sentences for the person; of the identity provider's own text only the code (AADSTS…) is passed on."""
    code = entra_error(refusal.parameters.get("message", "")) if refusal.check == "says_success" else ""
    if code:
        text = _("The identity provider did not sign you in (%(code)s). Ask your administrator, or sign in again.")
        return text % {"code": code}
    if refusal.cause in _BY_CAUSE:
        return str(_BY_CAUSE[Cause(refusal.cause)])
    return str(_BY_CHECK.get(refusal.check, _NOT_ACCEPTED))


def heading_about(refusal: MessageRefused) -> str:
    """The heading where "You are not signed in" might be wrong; "" where it is right."""
    return str(_NOT_BY_THIS_PAGE) if refusal.check in _MAY_BE_IN_ALREADY else ""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """What a page says after a sign-out. ``may_be_signed_in`` offers the start page instead of the sign-in page."""

    heading: str
    text: str
    warns: bool = False
    may_be_signed_in: bool = False


def after_the_answer(name: str, status: Iterable[str]) -> SignedOut:
    """The identity provider (``name``) answered our LogoutRequest. ``status``: its codes, the outer one first."""
    codes = [code.rpartition(":")[2] for code in status]
    if "PartialLogout" in codes:
        text = _(
            "Your session here has ended. %(name)s could not sign you out everywhere: other applications may still be "
            "open. Close the browser."
        )
        return SignedOut(_("You are signed out here"), text % {"name": name}, warns=True)
    if codes[:1] != ["Success"]:
        text = _(
            "Your session here has ended, but %(name)s did not end its own: it may let you in again without asking. "
            "Sign out there too."
        )
        return SignedOut(_("You are signed out here"), text % {"name": name}, warns=True)
    text = _("Your session here has ended, and so has the one at %(name)s.")
    return SignedOut(_("You are signed out"), text % {"name": name})


def without_an_address(name: str) -> SignedOut:
    """No LogoutRequest can be sent, for want of an address there or of a key to sign with."""
    text = _(
        "Your session here has ended. %(name)s could not be informed, so your session there may still be open. "
        "Sign out there as well."
    )
    return SignedOut(_("You are signed out here"), text % {"name": name}, warns=True)


def by_the_identity_provider(name: str, ended: int) -> SignedOut:
    """Our answer to its LogoutRequest has nowhere to go, so the person reads it."""
    if not ended:
        text = _("%(name)s asked to end a session that is not open here.")
        return SignedOut(_("Nothing was open here"), text % {"name": name}, may_be_signed_in=True)
    text = _("Your session here has ended, as %(name)s asked.")
    return SignedOut(_("You are signed out"), text % {"name": name})


def after_an_answer_too_many(name: str, *, is_signed_in: bool | None) -> SignedOut:
    """A LogoutResponse that answers no sign-out of this browser. ``is_signed_in``: None when that is unknown."""
    if is_signed_in:
        text = _(
            "An answer of %(name)s arrived that belongs to no sign-out of this browser; it changed nothing. To sign "
            "out, use Sign out."
        )
        return SignedOut(_("You are still signed in"), text % {"name": name}, may_be_signed_in=True)
    if is_signed_in is None:
        text = _(
            "An answer of %(name)s arrived that belongs to no sign-out of this browser; it changed nothing. Whether "
            "you are signed in here shows on the start page."
        )
        return SignedOut(_("This page signed nobody out"), text % {"name": name}, may_be_signed_in=True)
    text = _(
        "An answer of %(name)s arrived that belongs to no sign-out of this browser; it changed nothing. You have no "
        "session here. Whether one is open at %(name)s shows there."
    )
    return SignedOut(_("You are signed out here"), text % {"name": name})


def after_a_refused_request(name: str, *, is_signed_in: bool | None) -> SignedOut:
    """A sign-out message of the identity provider that was not accepted."""
    if is_signed_in is False:
        text = _(
            "A sign-out message of %(name)s was not accepted, so it changed nothing here. You have no session in this "
            "browser."
        )
        return SignedOut(_("You were not signed out"), text % {"name": name})
    text = _(
        "A sign-out message of %(name)s was not accepted, so it changed nothing here. If you are signed in, sign out "
        "here."
    )
    return SignedOut(_("You were not signed out"), text % {"name": name}, may_be_signed_in=True)


def texts_of_a_test_that_is_over() -> tuple[str, str]:
    """Heading and text for the answer to a test sign-in that is over."""
    return _("The test sign-in is over"), _("This answers a test sign-in, which is over. No session was opened.")


def key_unreadable() -> str:
    """The text when our private key cannot be read."""
    return _("This site cannot sign its messages at the moment. Ask your administrator.")
