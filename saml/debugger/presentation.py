"""How a sign-in attempt is presented to administrators: its verdict, its checks, and what to change."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from saml.debugger.advice import advice_about, usable_claims
from saml.debugger.failed_checks import LOGOUT, fact_of
from saml.debugger.steps import FAILED, Step, steps_of, verdict
from saml.debugger.texts import PERSON_TEXTS
from saml.metadata.products import UNKNOWN
from saml.models import SignInAttempt
from saml.refusals.texts import reason_text


@dataclass(frozen=True, slots=True)
class AttemptPresentation:
    """``reason`` says why the message or the person was refused, "" for what was accepted.

    ``fact`` says what was wrong in one sentence, "" for what was accepted. ``advice`` says what to change, in the terms
    of the connection's identity provider; "" when nothing is known.
    """

    verdict: str
    fact: str
    reason: str
    steps: list[Step]
    advice: str

    @property
    def failing_step(self) -> Step | None:
        """The step at which the attempt failed; None for what was accepted or begun here instead."""
        return next((step for step in self.steps if step.state == FAILED), None)


def presentation_of(attempt: SignInAttempt) -> AttemptPresentation:
    """The texts about an attempt, made from the codes that are stored with it."""
    advice, reason = _advice(attempt), attempt_reason(attempt)
    return AttemptPresentation(
        verdict=verdict(attempt.accepted, attempt.failed_check, reason, cause=attempt.cause, is_test=attempt.is_test),
        fact=fact_of(attempt.failed_check, attempt.cause),
        reason=reason,
        steps=steps_of(attempt.accepted, attempt.failed_check, cause=attempt.cause, advice=advice),
        advice=advice,
    )


def attempt_reason(attempt: SignInAttempt) -> str:
    """Why the message was refused, or else the person; "" for what was accepted."""
    return reason_text(attempt.reason, attempt.parameters) or str(PERSON_TEXTS.get(attempt.failed_check, ""))


def attempt_summary(attempt: SignInAttempt) -> str:
    """What was wrong and what to do about it, in a line of the log; "" for what was accepted.

    Of an attempt whose ``statement`` was not read: it names no claims of the message.
    """
    fact, product = fact_of(attempt.failed_check, attempt.cause), attempt.connection
    if not fact:
        return ""
    advice = advice_about(_check(attempt), attempt.cause, product.product if product else UNKNOWN)
    return _("%(fact)s. %(advice)s") % {"fact": fact, "advice": advice or attempt_reason(attempt)}


def _check(attempt: SignInAttempt) -> str:
    return LOGOUT if attempt.failed_check.startswith(LOGOUT) else attempt.failed_check


def _advice(attempt: SignInAttempt) -> str:
    product = attempt.connection.product if attempt.connection else UNKNOWN
    return advice_about(_check(attempt), attempt.cause, product, usable_claims(attempt.statement))
