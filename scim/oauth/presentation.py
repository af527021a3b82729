"""How an entry of the token log is presented: its verdict, its checks, what was stated and expected, what to change."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from gatekeeper.language_forms import long_moment
from scim.models import OAuthClient, TokenRequest
from scim.oauth.checks import ADVICE, CHECK_TEXTS, FACTS, check_names
from scim.oauth.reasons import reason_text
from scim.oauth.token_requests import ASSERTION, BASIC, POST

PASSED, FAILED, NOT_REACHED = "passed", "failed", "not reached"
_CLAIM_OF = {
    "comes_from_the_issuer": "iss",
    "is_meant_for_us": "aud",
    "is_about_the_subject": "sub",
    "is_of_the_tenant": "tid",
}
_TIMES = frozenset({"iat", "nbf", "exp"})
_SETTING_OF = {"iss": "issuer", "sub": "subject", "aud": "audience"}


@dataclass(frozen=True, slots=True)
class Step:
    """``text`` is the check as a sentence; ``advice`` stands at the failed one only."""

    text: str
    state: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class StatedClaim:
    """A part of an assertion, and what is set for it here ("" for what nothing is set for)."""

    name: str
    stated: str
    expected: str


@dataclass(frozen=True, slots=True)
class TokenRequestPresentation:
    """``reason`` says why nothing was issued, "" for what was accepted; ``fact`` says it in the fewest words.

    ``way`` is how the client showed who it is.
    """

    verdict: str
    fact: str
    reason: str
    way: str
    steps: list[Step]
    claims: list[StatedClaim]

    @property
    def failing_step(self) -> Step | None:
        """The check that failed; None for what was accepted."""
        return next((step for step in self.steps if step.state == FAILED), None)


def presentation_of(entry: TokenRequest) -> TokenRequestPresentation:
    """The texts about an entry, made from the codes that are stored with it."""
    reason = token_request_reason(entry)
    said = _("No access token was issued. %(reason)s") % {"reason": reason}
    return TokenRequestPresentation(
        fact=fact_of(entry.failed_check),
        verdict=_("An access token was issued.") if entry.accepted else said,
        reason=reason,
        way=way_text(entry.method),
        steps=_steps(entry),
        claims=_claims(entry),
    )


def token_request_reason(entry: TokenRequest) -> str:
    """Why nothing was issued; "" for what was accepted."""
    return reason_text(entry.reason, entry.parameters)


def fact_of(failed_check: str) -> str:
    """What was wrong, in a sentence without its full stop; "" for what was accepted."""
    if not failed_check:
        return ""
    known = FACTS.get(failed_check)
    return str(known) if known else _("The check %(name)s failed") % {"name": failed_check}


def token_request_summary(entry: TokenRequest) -> str:
    """Why nothing was issued and what to do about it, in a line of the log; "" for what was accepted."""
    reason, advice = token_request_reason(entry), advice_about(entry)
    return _("%(reason)s %(advice)s") % {"reason": reason, "advice": advice} if advice else reason


def way_text(method: str) -> str:
    """How the client showed who it is."""
    texts = {
        BASIC: _("Client secret, in the header"),
        POST: _("Client secret, in the form"),
        ASSERTION: _("Workload identity federation"),
    }
    return texts.get(method, method)


def advice_about(entry: TokenRequest) -> str:
    """What to change, with what was stated and what is set here; "" where nothing is known."""
    template = ADVICE.get(entry.reason) or ADVICE.get(entry.failed_check)
    if template is None:
        return ""
    claim = _CLAIM_OF.get(entry.failed_check, "")
    nothing = _("not stated")
    stated = _stated(entry).get(claim) or nothing
    return str(template) % {"stated": stated, "expected": _expected(claim, entry.client) or nothing}


def _steps(entry: TokenRequest) -> list[Step]:
    names = check_names(entry.method)
    # Without a client_id it is the assertion that says whose it is.
    if entry.failed_check == "is_a_token" and entry.client is None and "is_a_token" in names:
        names.remove("is_a_token")
        names.insert(names.index("client_is_known"), "is_a_token")
    if entry.accepted:
        return [Step(str(CHECK_TEXTS[name]), PASSED) for name in names]
    if entry.failed_check not in names:  # a check of another version of this site
        return [Step(str(CHECK_TEXTS.get(entry.failed_check, entry.failed_check)), FAILED, advice_about(entry))]
    failed_at = names.index(entry.failed_check)
    return [
        Step(str(CHECK_TEXTS[name]), PASSED if place < failed_at else NOT_REACHED)
        if place != failed_at
        else Step(str(CHECK_TEXTS[name]), FAILED, advice_about(entry))
        for place, name in enumerate(names)
    ]


def _claims(entry: TokenRequest) -> list[StatedClaim]:
    header = (entry.claims or {}).get("header", {})
    parts = {**header, **_stated(entry)}
    return [StatedClaim(name, _readable(name, text), _expected(name, entry.client)) for name, text in parts.items()]


def _readable(name: str, text: str) -> str:
    """A time also as people read it."""
    if name not in _TIMES or not re.fullmatch(r"\d{1,11}(?:\.\d{1,9})?", text):
        return text
    return f"{text} ({long_moment(datetime.fromtimestamp(float(text), UTC))})"


def _stated(entry: TokenRequest) -> dict[str, str]:
    claims: dict[str, str] = (entry.claims or {}).get("claims", {})
    return claims


def _expected(claim: str, client: OAuthClient | None) -> str:
    setting = _SETTING_OF.get(claim)
    return str(getattr(client, setting)) if client is not None and setting else ""
