"""How a sign-in attempt is presented to administrators: its verdict, its checks, and what to change."""

from dataclasses import dataclass

from saml.debugger.advice import advice_about, usable_claims
from saml.debugger.steps import FAILED, LOGOUT, Step, steps_of, verdict
from saml.debugger.texts import PERSON_TEXTS
from saml.metadata.products import UNKNOWN
from saml.models import SignInAttempt
from saml.refusals.texts import reason_text


@dataclass(frozen=True, slots=True)
class AttemptPresentation:
    """``reason`` says why the message or the person was refused, "" for what was accepted.

    ``advice`` says what to change, in the terms of the connection's identity provider; "" when nothing is known.
    """

    verdict: str
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
        reason=reason,
        steps=steps_of(attempt.accepted, attempt.failed_check, cause=attempt.cause, advice=advice),
        advice=advice,
    )


def attempt_reason(attempt: SignInAttempt) -> str:
    """Why the message was refused, or else the person; "" for what was accepted."""
    return reason_text(attempt.reason, attempt.parameters) or str(PERSON_TEXTS.get(attempt.failed_check, ""))


def _advice(attempt: SignInAttempt) -> str:
    product = attempt.connection.product if attempt.connection else UNKNOWN
    check = "logout" if attempt.failed_check.startswith(LOGOUT) else attempt.failed_check
    return advice_about(check, attempt.cause, product, usable_claims(attempt.statement))
