"""What is wrong when a check of a sign-in fails, as a sentence: headlines of attempts, rows and legends of the log."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from saml.refusals.causes import Cause

LOGOUT = "logout"

# Every check of ``CHECK_TEXTS``, and every code about a person: the fact that made it fail.
FACTS: Final[Mapping[str, Promise]] = {
    "arrives": _("No answer of the identity provider arrived"),
    "encoding": _("The message cannot be decoded"),
    "xml": _("The message is no plain XML"),
    "is_a_response": _("The message is no SAML 2.0 Response"),
    "has_plain_namespaces": _("The message uses namespaces in a way that hides its content"),
    "is_small": _("The message is too large"),
    "has_no_oddities": _("The message has comments or instructions in it"),
    "has_plain_attributes": _("The message has an attribute twice"),
    "has_unique_ids": _("Two parts of the message have one ID"),
    "says_success": _("The identity provider refused the sign-in"),
    "has_one_assertion": _("The message has no assertion, or more than one"),
    "has_plain_encryption": _("The message is encrypted in a way that is not accepted"),
    "has_signed_assertion": _("The assertion is not signed"),
    "has_signatures_in_place": _("A signature stands where none belongs"),
    "has_plain_signatures": _("A signature has parts that are not accepted"),
    "refers_to_its_parent": _("A signature covers another part than the one in which it stands"),
    "has_known_transforms": _("A signature uses transforms that are not accepted"),
    "has_strong_algorithms": _("A signature uses an algorithm that is too weak"),
    "unsolicited": _("The sign-in began at the identity provider, which this connection does not accept"),
    "answers_this_browser": _("The answer is for another sign-in than the one that this browser began"),
    "is_encrypted_for_us": _("The message is encrypted for a certificate that is not ours"),
    "is_signed_by_the_connection": _("The signature fits no certificate of the connection"),
    "reads_as_assertion": _("A part of the assertion is missing, or is there twice"),
    "has_current_certificate": _("The signing certificate has expired, or is not valid yet"),
    "comes_from_the_connection": _("The answer comes from another identity provider or tenant"),
    "is_meant_for_us": _("The message is meant for another application"),
    "is_sent_to_us": _("The message was sent to another address than the ACS url"),
    "is_confirmed_for_us": _("The message is confirmed for another address, or no longer"),
    "answers_our_request": _("The message answers another request"),
    "is_within_its_time": _("The message has expired, or is not valid yet"),
    "comes_from_the_tenant": _("The person signed in at another tenant"),
    "names_a_person": _("The message does not say who the person is"),
    "has_a_known_name_format": _("The NameID has a format that cannot name a person"),
    "says_who_signs_in": _("The claim that says who is signing in is missing, or has several values"),
    "is_a_new_authentication": _("The identity provider did not ask the person to sign in again"),
    "python3_saml": _("The SAML library found a fault in the message"),
    "is_used_once": _("The message was used before"),
    "unknown_person": _("Nobody with this sign-in name is provisioned"),
    "other_connection": _("This connection does not sign in people of their e-mail domain"),
    "other_person": _("Another account signed in under this address before"),
    "awaiting_saml_sync": _("The person awaits the SAML user sync"),
    "deactivated": _("The person is deactivated"),
    "deleted": _("The person was deleted over SCIM"),
    "no_group_access": _("The person is in no group that gives access"),
    "identity_conflict": _("Two active people have this work e-mail"),
    "no_saml_connection": _("No connection is live"),
    "not_switched_on": _("The connection is not switched on yet"),
    LOGOUT: _("The sign-out message was not accepted"),
}

# In place of the sentence above, where it is known why the check failed.
BY_CAUSE: Final[Mapping[str, Promise]] = {
    Cause.NEVER_ASKED: _("The answer is for a sign-in that this site never began"),
    Cause.NO_COOKIE: _("The browser did not send the cookie of its sign-in"),
    Cause.OTHER_BROWSER: _("The sign-in was begun in another browser"),
    Cause.TOO_OLD: _("The person took longer than 15 minutes"),
    Cause.ANSWERED: _("The sign-in was answered before"),
    Cause.OTHER_CONNECTION: _("The answer came to the address of another connection"),
    Cause.TOO_LARGE: _("The message is larger than 1 MB"),
    Cause.TRANSIENT: _("The NameID is another one at each sign-in"),
    Cause.NO_ADDRESS: _("What names the person is no e-mail address"),
    Cause.BEGUN_HERE: _("The sign-in began at the identity provider, and was begun here in its place"),
}


def fact_of(failed_check: str, cause: str = "") -> str:
    """What was wrong, in a sentence without its full stop; "" for what was accepted.

    A check of another version of this site is shown as its code.
    """
    if cause in BY_CAUSE:
        return str(BY_CAUSE[cause])
    if not failed_check:
        return ""
    check = LOGOUT if failed_check.startswith(LOGOUT) else failed_check
    return str(FACTS.get(check, "")) or gettext("The check %(name)s failed") % {"name": check}
