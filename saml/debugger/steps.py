"""The checks of one sign-in attempt in their order, each passed, failed or not reached."""

from dataclasses import dataclass

from saml.refusals.causes import Cause
from saml.validation import allow_list, response

PASSED, FAILED, NOT_REACHED, BEGUN = "passed", "failed", "not reached", "begun here instead"
LOGOUT = "logout:"  # What stands before the check of a sign-out message that was refused.

_KNOWN, _MAY_COME_IN, _SAME_ACCOUNT = "is_known", "may_come_in", "is_the_same_account"
# A refusal's code that is about the person and not about the message -> the step that failed.
_ABOUT_THE_PERSON = {"unknown_person": _KNOWN, "other_connection": _KNOWN, "other_person": _SAME_ACCOUNT}
# The same refusals as the result of an attempt.
PERSON_TEXTS = {
    "unknown_person": "nobody with this sign-in name is provisioned",
    "other_connection": "this connection does not name people of their e-mail domain",
    "other_person": "this is another account than the one that signed in under this address before",
    "awaiting_saml_sync": "the person is provisioned and awaits the SAML user sync",
    "deactivated": "the person is deactivated",
    "deleted": "the person was deleted over SCIM",
    "no_group_access": "the person is in no group that gives access",
    "identity_conflict": "two active people have this work e-mail",
    "no_saml_connection": "no connection is live",
}


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
        return [Step("logout", "The sign-out message is in order.", FAILED, advice)]
    order = all_checks()
    names = [name for name, _ in order]
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
        return "The sign-in began at the identity provider. An ordinary one was begun here in its place."
    if accepted:
        came = "the person may sign in. No session was opened" if is_test else "the person was signed in"
        return f"The message is good and {came}."
    if failed_check in PERSON_TEXTS:
        return f"The message is good, but {PERSON_TEXTS[failed_check]}."
    if failed_check.startswith(LOGOUT):
        return f"The sign-out message was not accepted: {reason}"
    return f"The message was not believed: {reason}"


def all_checks() -> list[tuple[str, str]]:
    """Name and sentence of each check, in the order in which they are made."""
    guards = [(guard.__name__, _sentence(guard.__doc__)) for guard in allow_list.GUARDS]
    checks = [(check.__name__, _sentence(check.__doc__)) for check in response.CHECKS]
    return [
        ("arrives", "The browser brought an answer of the identity provider."),
        ("encoding", "The message can be decoded."),
        ("xml", "The message is plain XML: UTF-8, small, no document type."),
        *guards,
        ("unsolicited", "The message answers a sign-on, or the connection takes unsolicited ones."),
        ("answers_this_browser", "It answers a sign-on that this very browser began."),
        ("is_encrypted_for_us", "If it is encrypted, it is for a certificate of ours, unchanged."),
        ("is_signed_by_the_connection", "The signature fits a certificate of the connection."),
        ("reads_as_assertion", "The signed assertion has each part once."),
        *checks,
        ("python3_saml", "The SAML library finds nothing wrong."),
        ("is_used_once", "The message was not used before."),
        (_KNOWN, "Somebody with this sign-in name is provisioned."),
        (_MAY_COME_IN, "The person is active, linked, and in a group that gives access."),
        (_SAME_ACCOUNT, "It is the account that signed in under this address before."),
    ]


def _sentence(docstring: str | None) -> str:
    return (docstring or "").strip().splitlines()[0] if docstring else ""
