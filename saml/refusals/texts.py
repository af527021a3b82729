"""Text for administrators, made of the stored code and parameters of a refusal when it is shown."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gatekeeper.stored_texts import text_of_code
from saml.refusals.reasons import Reason

TEXTS: Final[Mapping[Reason, Promise]] = {
    Reason.NO_RESPONSE: _("there was no SAMLResponse in the request."),
    Reason.NO_IN_RESPONSE_TO: _("the identity provider does not say which request it answers (InResponseTo)."),
    Reason.BEGUN_HERE: _("it began at the identity provider; an ordinary sign-in was begun here in its place."),
    # the parameter of the request
    Reason.MESSAGE_TOO_LONG: _("the message is too long."),
    Reason.NOT_BASE64: _("the message is not base64."),
    Reason.NOT_DEFLATED: _("the message is not deflated."),
    Reason.INFLATED_TOO_LARGE: _("the message is incomplete or larger than 64 KB."),
    # XML
    Reason.XML_TOO_LARGE: _("It is larger than %(limit)s KB."),
    Reason.XML_DENSE_ELEMENTS: _("It has too many elements for its size."),
    Reason.XML_DENSE_ATTRIBUTES: _("It has too many attributes for its size."),
    Reason.XML_DENSE_REFERENCES: _("It has too many character references for its size."),
    Reason.XML_DOCTYPE: _("It has a document type declaration (DOCTYPE), which is not accepted."),
    Reason.XML_NOT_WELL_FORMED: _("It is not well-formed XML: %(detail)s."),
    Reason.XML_OTHER_ENCODING: _("It declares an encoding other than UTF-8."),
    Reason.XML_NOT_UTF8: _("It is not UTF-8."),
    Reason.XML_NOT_CANONICAL: _("It could not be brought into canonical form."),
    # times
    Reason.TIME_UNREADABLE: _("%(name)s is %(stated)s, %(problem)s"),
    Reason.TIME_OF_ELEMENT_UNREADABLE: _("%(name)s of %(place)s is %(stated)s, %(problem)s"),
    Reason.NOT_A_TIME: _("which is no time (2026-11-28T12:00:00Z)."),
    Reason.YEAR_OUT_OF_RANGE: _("whose year is not between 0001 and 9999."),
    Reason.NO_TIME_ZONE: _("which has no time zone; SAML wants UTC (a Z at the end)."),
    Reason.LEAP_SECOND: _("which is a leap second; SAML has none (core 1.3.3)."),
    Reason.NOT_IN_CALENDAR: _("which is not in the calendar."),
    Reason.NO_SUCH_TIME_ZONE: _("whose time zone does not exist."),
    # the shape of any message
    Reason.TOO_MANY_ELEMENTS: _("the message has too many elements."),
    Reason.NESTED_TOO_DEEPLY: _("the message is nested too deeply."),
    Reason.TOO_MANY_ATTRIBUTES: _("%(element)s has too many attributes."),
    Reason.ODD_NODES: _("the message has comments, processing instructions or entities in it."),
    Reason.ODD_NAMESPACE: _("the namespace %(namespace)s is relative or endless."),
    Reason.TOO_MANY_NAMESPACES: _("the message declares too many namespaces."),
    Reason.ATTRIBUTE_TWICE: _("%(element)s has the same attribute twice."),
    Reason.ID_TWICE: _("two elements have the ID %(id)s."),
    Reason.TOO_MANY_IDS: _("the message has too many IDs."),
    # the shape of a response
    Reason.NOT_A_RESPONSE: _("the message is not a SAML 2.0 Response."),
    Reason.RESPONSE_WITHOUT_ID: _("the Response has no usable ID."),
    Reason.IDP_ANSWERED: _("the identity provider answered %(status)s."),
    Reason.IDP_ANSWERED_WITH_MESSAGE: _("the identity provider answered %(status)s. %(message)s"),
    Reason.NOT_ONE_ASSERTION: _("there must be exactly one assertion, directly in the Response."),
    Reason.ASSERTION_WITHOUT_ID: _("the assertion has no usable ID."),
    Reason.ONLY_RESPONSE_SIGNED: _(
        "only the Response is signed, not the assertion; have it signed, or accept that at the connection."
    ),
    Reason.ASSERTION_NOT_SIGNED: _("the assertion is not signed."),
    Reason.SIGNATURE_MISPLACED: _("a signature stands where none belongs."),
    Reason.TWO_SIGNATURES: _("there are two signatures in one place."),
    # the shape of a signature
    Reason.PART_MISSING: _("%(element)s has no %(part)s where it must have one."),
    Reason.PART_NOT_ALLOWED: _("%(element)s has %(part)s where it must not."),
    Reason.KEY_INFO_PARTS: _("KeyInfo has other parts than it may have."),
    Reason.SIGNATURE_COVERS_ANOTHER: _("a signature covers %(stated)s, not the element in which it stands."),
    Reason.SIGNATURE_COVERS_NOTHING: _("a signature covers nothing, not the element in which it stands."),
    Reason.CANONICALISATION_NOT_ACCEPTED: _("the canonicalisation %(stated)s of a signature is not accepted."),
    Reason.TRANSFORMS_NOT_ACCEPTED: _("the transforms %(stated)s of a signature are not accepted."),
    Reason.TRANSFORM_PARTS: _("%(element)s has parts that are not accepted."),
    Reason.TOO_MANY_PREFIXES: _("a signature names too many prefixes to be included."),
    Reason.WEAK_ALGORITHM: _("%(stated)s is not accepted; SHA-256 or better is."),
    # the shape of what is encrypted
    Reason.TOO_MANY_ENCRYPTED_PARTS: _("the message has too many encrypted parts."),
    Reason.ENCRYPTED_AS_ANOTHER_TYPE: _("%(element)s is encrypted as %(stated)s, not as an element."),
    Reason.NO_ENCRYPTED_KEY: _("%(element)s has no encrypted keys (EncryptedKey)."),
    Reason.TOO_MANY_ENCRYPTED_KEYS: _("%(element)s has %(count)s encrypted keys (EncryptedKey)."),
    Reason.KEY_INFO_TOO_LONG: _("KeyInfo has too many parts."),
    Reason.KEY_ELSEWHERE: _("the key is to be fetched from %(stated)s, and it is not beside the data."),
    Reason.KEY_UNDER_RSA_1_5: _("the key is encrypted with RSA 1.5 (rsa-1_5), which is not safe; choose RSA-OAEP."),
    Reason.OAEP_PARAMETER: _("RSA-OAEP with %(part)s is not accepted."),
    Reason.ENCRYPTION_ALGORITHM: _("%(element)s says %(stated)s, which is not accepted; choose %(wanted)s."),
    # decryption
    Reason.DECRYPTED_TOO_LARGE: _("the decrypted message is too large."),
    Reason.DECRYPTED_UNREADABLE: _("what was decrypted cannot be read. %(problem)s"),
    Reason.DECRYPTED_NOT_ONE_ELEMENT: _("what was decrypted is not exactly one %(element)s."),
    Reason.ENCRYPTION_NOT_ACCEPTED: _("it is encrypted in a way that is not accepted."),
    Reason.ENCRYPTION_KEY_LENGTH: _("the key of what is encrypted has another length than its algorithm wants."),
    Reason.ENCRYPTED_FOR_ANOTHER: _(
        "it is encrypted for a certificate that is not ours (any more); give the identity provider the "
        "certificate that the Authentication page offers."
    ),
    Reason.ENCRYPTED_NOT_BASE64: _("what is encrypted is not base64."),
    Reason.ENCRYPTED_CHANGED: _("what is encrypted was changed on its way."),
    Reason.ENCRYPTED_INCOMPLETE: _("what is encrypted is incomplete."),
    # signatures and certificates
    Reason.NO_ASSERTION: _("there is no assertion."),
    Reason.SIGNATURE_COVERS_NO_ASSERTION: _("the signature covers no assertion."),
    Reason.NO_FITTING_CERTIFICATE: _(
        "the signature fits no certificate of the connection; refresh its metadata if the certificate was renewed."
    ),
    Reason.PARAMETER_TWICE: _("a parameter is there twice."),
    Reason.CERTIFICATE_EXPIRED: _("the signing certificate expired on %(ended)s."),
    Reason.CERTIFICATE_NOT_YET_VALID: _("the signing certificate is not valid before %(begins)s."),
    # the parts of an assertion
    Reason.VERSION_IS_ANOTHER: _("Version of Assertion is %(stated)s, not 2.0."),
    Reason.PART_NOT_THERE: _("%(place)s must have exactly one %(name)s, and has none."),
    Reason.PART_REPEATED: _("%(place)s must have exactly one %(name)s, and has %(count)s of them."),
    Reason.ATTRIBUTE_REPEATED: _("the attribute %(name)s is stated more than once."),
    # what an assertion states
    Reason.ISSUER_IS_ANOTHER: _("%(place)s is %(stated)s, not this connection's identity provider."),
    Reason.NO_AUDIENCE: _("the assertion names no audience (Conditions/AudienceRestriction)."),
    Reason.AUDIENCE_IS_ANOTHER: _("the Audience is %(stated)s, another application, not our Metadata url."),
    Reason.DESTINATION_IS_ANOTHER: _("the Destination is %(stated)s, not our ACS url; compare the addresses."),
    Reason.NO_CONFIRMATION: _("there is no bearer confirmation."),
    Reason.RECIPIENT_IS_ANOTHER: _("the Recipient is %(stated)s, not our ACS url; compare the addresses."),
    Reason.CONFIRMATION_WITHOUT_END: _("the confirmation has no end (NotOnOrAfter of SubjectConfirmationData)."),
    Reason.CONFIRMATION_EXPIRED: _("the confirmation has expired at %(ended)s; compare the clocks."),
    Reason.CONFIRMATION_NOT_YET_VALID: _("the confirmation is not valid before %(begins)s; compare the clocks."),
    Reason.REQUEST_IS_ANOTHER: _("InResponseTo of %(place)s is %(stated)s, not the sign-on that this browser began."),
    Reason.ASSERTION_NOT_YET_VALID: _("the assertion is not valid before %(begins)s; compare the clocks."),
    Reason.ASSERTION_EXPIRED: _("the assertion has expired at %(ended)s; compare the clocks."),
    Reason.SESSION_OVER: _("the session that it would open ended at %(ended)s; compare the clocks."),
    Reason.TENANT_IS_ANOTHER: _("the tenantid claim is %(stated)s, another tenant."),
    Reason.NAME_ID_LENGTH: _("the NameID is empty or too long."),
    Reason.NAME_ID_INVISIBLE: _("the NameID has invisible characters in it."),
    Reason.NAME_ID_FOR_ANOTHER: _("the NameID is qualified for %(stated)s, another application."),
    Reason.NAME_ID_IS_WINDOWS: _("the NameID is a Windows domain name (DOMAIN\\user), which is no e-mail address."),
    Reason.NAME_ID_FORMAT: _("the NameID has the format %(stated)s, which is not accepted."),
    Reason.NAME_ID_IS_TRANSIENT: _(
        "the NameID is transient: another one at each sign-in, so that it can't say who somebody is."
    ),
    Reason.CLAIM_REPEATED: _("the claim %(claim)s has more than one value."),
    Reason.CLAIM_MISSING: _("the claim %(claim)s was not sent or is empty."),
    Reason.CLAIM_TOO_LONG: _("the claim %(claim)s is too long."),
    Reason.CLAIM_INVISIBLE: _("the claim %(claim)s has invisible characters in it."),
    Reason.NO_NEW_AUTHENTICATION: _("the identity provider did not ask the person to sign in again."),
    # python3-saml
    Reason.LIBRARY_REFUSES: _("%(detail)s"),
    Reason.LIBRARY_SIGNATURE: _("it finds no certificate that the signature fits."),
    # the request that is answered, and one-time use
    Reason.REQUEST_NEVER_SENT: _("the InResponseTo names no request that was sent from here."),
    Reason.REQUEST_OF_ANOTHER_CONNECTION: _("the request that it answers was sent by another connection."),
    Reason.REQUEST_TOO_OLD: _("the request that it answers is more than 15 minutes old."),
    Reason.REQUEST_WITHOUT_COOKIE: _("the browser sent no cookie of the request that it answers."),
    Reason.REQUEST_OF_ANOTHER_BROWSER: _("the request that it answers was sent from another browser."),
    Reason.REQUEST_ANSWERED: _("the request that it answers was answered before."),
    Reason.USED_BEFORE: _("the message was used before."),
    # logout messages
    Reason.NOT_A_LOGOUT_MESSAGE: _("the message is not a SAML 2.0 %(name)s."),
    Reason.NO_SESSION_NAMED: _("an unsigned logout request must name the session."),
    Reason.ENCRYPTED_NAME_UNSIGNED: _("an encrypted NameID is read in signed logout requests only."),
    Reason.NOT_ONE_NAME: _("a logout request must name one person; this one names %(count)s."),
    Reason.LOGOUT_DESTINATION_IS_ANOTHER: _("the Destination is %(stated)s, not our Logout url."),
    Reason.LOGOUT_STALE: _("IssueInstant is %(stated)s, too long ago or to come; compare the clocks."),
    Reason.LOGOUT_EXPIRED: _("NotOnOrAfter is %(stated)s, which is over; compare the clocks."),
}


def reason_text(reason: str, parameters: Mapping[str, Any] | None) -> str:
    """A refusal's reason as a sentence. A code that this version does not know is shown as it is.

    Of the parameters, None is shown as missing, "" as empty, and ``problem`` is the code of a reason of its own.
    """
    stated = dict(parameters or {})
    if reason == Reason.TEXT:
        return str(stated.get("text", ""))
    if reason not in TEXTS:
        return reason
    if "problem" in stated:
        stated["problem"] = reason_text(stated["problem"], {**stated, "problem": ""})
    return text_of_code(TEXTS, reason, {name: _shown(value) for name, value in stated.items()})


def reasons_with(term: str) -> list[Reason]:
    """The reasons whose text contains ``term``: what a search for a word of the page finds."""
    return [reason for reason, text in TEXTS.items() if term.casefold() in str(text).casefold()]


def _shown(value: object) -> str:
    if value is None:
        return gettext("missing")
    return str(value) or gettext("empty")
