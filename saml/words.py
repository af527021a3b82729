"""What a person is told whose message was refused: what they can do about it, and nothing of how it was judged."""

from saml.allow_list import entra_error
from saml.errors import Refused

# A page that was sent twice, or a second tab: the person may well have a session, which did not arrive with the post.
_MAY_BE_IN_ALREADY = frozenset({"answers_this_browser", "is_used_once"})
_NOT_BY_THIS_PAGE = "This page did not sign you in"
_TOO_LATE = (
    "This sign-in took too long, was used before, or began in another browser. "
    "If you are signed in already, just go on; otherwise sign in again."
)
_NOT_ACCEPTED = (
    "The answer of the identity provider could not be accepted. Sign in again; if that does not help, give your "
    "administrator the reference number."
)
# What a person can do about it themselves; everything else is _NOT_ACCEPTED.
_WORDS = {
    "arrives": "The identity provider's answer did not arrive. Sign in again.",
    "answers_this_browser": _TOO_LATE,
    "is_used_once": _TOO_LATE,
    "is_a_new_authentication": "You have to enter your credentials at the identity provider for this. Sign in again.",
    "unsolicited": (
        "The identity provider does not say which sign-in it answers, so signing in again will not help. "
        "Give your administrator the reference number."
    ),
    "comes_from_the_tenant": (
        "You came with an account of another organisation. Sign in again and choose your account here."
    ),
}


def words_about(refusal: Refused) -> str:
    """The sentences for the person; of the identity provider's own words only the code (AADSTS…) is passed on."""
    code = entra_error(refusal.reason) if refusal.check == "says_success" else ""
    if code:
        return f"The identity provider did not sign you in ({code}). Ask your administrator, or sign in again."
    return _WORDS.get(refusal.check, _NOT_ACCEPTED)


def heading_about(refusal: Refused) -> str:
    """The heading where "You are not signed in" might be wrong; "" where it is right."""
    return _NOT_BY_THIS_PAGE if refusal.check in _MAY_BE_IN_ALREADY else ""
