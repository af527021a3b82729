"""The checks of one sign-in attempt in their order, each passed, failed or not reached."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from saml.debugger.texts import CHECK_TEXTS, PERSON_TEXTS
from saml.refusals.causes import Cause
from saml.validation import allow_list, response

PASSED, FAILED, NOT_REACHED, BEGUN = "passed", "failed", "not reached", "begun here instead"
LOGOUT = "logout:"  # What stands before the check of a sign-out message that was refused.

_KNOWN, _MAY_COME_IN, _SAME_ACCOUNT = "is_known", "may_come_in", "is_the_same_account"
# A refusal's code that is about the person and not about the message -> the step that failed.
_ABOUT_THE_PERSON = {"unknown_person": _KNOWN, "other_connection": _KNOWN, "other_person": _SAME_ACCOUNT}


@dataclass(frozen=True, slots=True)
class Step:
    """``text`` is the check as a sentence; ``advice`` stands at the failed one only."""

    name: str
    text: str
    state: str
    advice: str = ""


def steps_of(accepted: bool, failed_check: str, *, cause: str = "", advice: str = "") -> list[Step]:
    """Every check of a sign-in in its order; ``advice`` stands at the one that failed (``saml/debugger/advice.py``)."""
    if failed_check.startswith(LOGOUT):
        return [Step("logout", str(CHECK_TEXTS["logout"]), FAILED, advice)]
    order = all_checks()
    names = [name for name, text in order]
    failing = failed_check if failed_check in names else _ABOUT_THE_PERSON.get(failed_check, _MAY_COME_IN)
    failed_at = len(order) if accepted else names.index(failing)
    stopped = BEGUN if cause == Cause.BEGUN_HERE else FAILED
    return [
        Step(
            name,
            text,
            PASSED if place < failed_at else stopped if place == failed_at else NOT_REACHED,
            advice if place == failed_at else "",
        )
        for place, (name, text) in enumerate(order)
    ]


def verdict(accepted: bool, failed_check: str, reason: str, *, cause: str = "", is_test: bool) -> str:
    """An attempt in one sentence for administrators: is it the message, or is it the person?"""
    if cause == Cause.BEGUN_HERE:
        return _("The sign-in began at the identity provider. An ordinary one was begun here in its place.")
    if accepted and is_test:
        return _("The message is good and the person may sign in. No session was opened.")
    if accepted:
        return _("The message is good and the person was signed in.")
    if failed_check in PERSON_TEXTS:
        return _("The message is good, but %(refusal)s.") % {"refusal": PERSON_TEXTS[failed_check]}
    if failed_check.startswith(LOGOUT):
        return _("The sign-out message was not accepted: %(reason)s") % {"reason": reason}
    return _("The message was not believed: %(reason)s") % {"reason": reason}


def all_checks() -> list[tuple[str, str]]:
    """Name and text of each check, in the order in which they are made."""
    return [(name, str(CHECK_TEXTS[name])) for name in check_names()]


def check_names() -> list[str]:
    """The steps of a sign-in in their order: the message, then the person."""
    return [
        "arrives",
        "encoding",
        "xml",
        *(guard.__name__ for guard in allow_list.GUARDS),
        "unsolicited",
        "answers_this_browser",
        "is_encrypted_for_us",
        "is_signed_by_the_connection",
        "reads_as_assertion",
        *(check.__name__ for check in response.CHECKS),
        "python3_saml",
        "is_used_once",
        _KNOWN,
        _MAY_COME_IN,
        _SAME_ACCOUNT,
    ]
