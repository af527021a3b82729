"""The checks of one sign-in attempt in their order, as an administrator reads them: passed, failed, not reached."""

from dataclasses import dataclass

from saml import allow_list, trust

PASSED, FAILED, NOT_REACHED = "passed", "failed", "not reached"

# What to do about the checks that people really meet; the others fail for attackers only.
ADVICE = {
    "says_success": "Read the AADSTS code in the reason; most often the person is not assigned to the application.",
    "has_signed_assertion": "In Entra: SAML Certificates, Signing Option, choose 'Sign SAML assertion'.",
    "has_strong_algorithms": "In Entra: SAML Certificates, Signing Algorithm, choose SHA-256.",
    "has_one_assertion": "In Entra: switch token encryption off.",
    "python3_saml": "Compare the four addresses in Entra with those here, and refresh the metadata.",
    "is_signed_by_the_connection": "Refresh the metadata; its address must hold appid=, or it lists other keys.",
    "has_current_certificate": "Renew the SAML certificate in Entra, then refresh the metadata here.",
    "comes_from_the_connection": "The answer came from another identity provider or tenant than this connection's.",
    "is_meant_for_us": "In Entra: set Identifier (Entity ID) to our Metadata url.",
    "is_sent_to_us": "In Entra: set Reply URL to our ACS url.",
    "is_confirmed_for_us": "In Entra: set Reply URL to our ACS url; compare the clocks.",
    "is_within_its_time": "Compare this server's clock with the right time.",
    "comes_from_the_tenant": "The person signed in at another tenant.",
    "names_a_person": "In Entra: Attributes & Claims, set Unique User Identifier to user.userprincipalname.",
    "answers_this_browser": "The person took longer than 15 minutes, or began in another browser; let them try again.",
    "unsolicited": "Fill Sign on URL in Entra with our Sso url, or accept unsolicited responses on this connection.",
    "unknown_person": "Provision the person; map userPrincipalName to the work e-mail, which the NameID must equal.",
    "awaiting_saml_sync": "Run the SAML user sync, or wait for minute 45.",
    "other_connection": "Add the e-mail domain to this connection, or let the person use the one that lists it.",
    "other_person": "The address was given to somebody else; confirm the new holder on the person's page.",
}
_PERSON = "the person may sign in"


@dataclass(frozen=True, slots=True)
class Step:
    """``words`` is the check as a sentence; ``advice`` stands at the failed one only."""

    name: str
    words: str
    state: str
    advice: str = ""


def steps_of(accepted: bool, failed_check: str) -> list[Step]:
    """Every check of a sign-in in its order. A code that is no check of the message is about the person."""
    order = _order()
    names = [name for name, _ in order]
    failed_at = len(order) if accepted else names.index(failed_check) if failed_check in names else len(order) - 1
    return [
        Step(
            name,
            words,
            PASSED if place < failed_at else FAILED if place == failed_at else NOT_REACHED,
            ADVICE.get(failed_check, "") if place == failed_at else "",
        )
        for place, (name, words) in enumerate(order)
    ]


def _order() -> list[tuple[str, str]]:
    guards = [(guard.__name__, _sentence(guard.__doc__)) for guard in allow_list.GUARDS]
    checks = [(check.__name__, _sentence(check.__doc__)) for check in trust.CHECKS]
    return [
        ("encoding", "The message can be decoded."),
        ("xml", "The message is plain XML: UTF-8, small, no document type."),
        *guards,
        ("unsolicited", "The message answers a sign-on, or the connection takes unsolicited ones."),
        ("answers_this_browser", "It answers a sign-on that this very browser began."),
        ("python3_saml", "The SAML library finds nothing wrong."),
        ("is_signed_by_the_connection", "The signature fits a certificate of the connection."),
        ("reads_as_assertion", "The signed assertion has each part once."),
        *checks,
        ("is_used_once", "The message was not used before."),
        (_PERSON, "The person is known, active, linked, and in a group that gives access."),
    ]


def _sentence(docstring: str | None) -> str:
    return (docstring or "").strip().splitlines()[0] if docstring else ""
