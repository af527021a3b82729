"""Validation of a SAML response (SAML core 2 and 5.4, profiles 4.1.4.3), from bytes to a person.

The order matters. (1) ``allow_list``: the shape, before any signature work. (2) Our own signature check,
which says *which* certificate verified and hands back only the bytes that were signed; an unsigned message ends here
at the latest. (3) ``CHECKS``: exact comparisons on those bytes, where the library compares prefixes, substrings or
nothing. (4) python3-saml, strict, as a second, independent validation.
An encrypted assertion was opened before (``decryption.py``), and comes here like any other, as untrusted.
One-time use and the binding to the browser need the database and follow in ``saml/sign_on.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from saml.certificates import SigningCertificate
from saml.errors import MessageRefused
from saml.refusals.reasons import Reason
from saml.validation.allow_list import read_response
from saml.validation.assertion import OBJECT_ID, TENANT_ID, AssertedPerson, Assertion, Confirmation, read_assertion
from saml.validation.decryption import decrypt_parts
from saml.validation.expectation import Expectation
from saml.validation.python3_saml import library_accepts
from saml.validation.signature import SignedContent, verify
from saml.validation.signature_policy import Signing
from saml.validation.subject_name import (
    LONGEST_NAME,
    has_invisible_characters,
    persistent_id,
    require_known_format,
    sign_in_name,
)
from saml.xml.datetimes import SKEW, shifted, shown_moment
from saml.xml.parser import SAML, tag, text

ENTRA_ISSUERS = ("https://sts.windows.net/", "https://login.microsoftonline.com/")


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifiedResponse:
    """One response after its signature was verified, beside what was expected of it."""

    response: etree._Element
    assertion: Assertion
    certificate: SigningCertificate
    expected: Expectation


Check = Callable[[VerifiedResponse], None]


def claimed_request_id(root: etree._Element) -> str | None:
    """The InResponseTo that a response claims, not verified yet; None when it is unsolicited."""
    claimed: str | None = root.get("InResponseTo")
    return claimed


def validate_response(
    document: bytes,
    expected: Expectation,
    *,
    received: etree._Element | None = None,
    signed_by: SigningCertificate | None = None,
) -> AssertedPerson:
    """Validate ``document``; return the person that it proves to be at the browser.

    ``received``: the tree of ``document`` as the allow-list accepted it under this connection's settings. Without it
    the document is read here; what was decrypted is another document, and is always read.
    ``signed_by``: what the Response was signed with before an assertion in it was decrypted, if it was signed at all.
    Raises: MessageRefused, with the first check that failed. Nothing is stored and nothing outside is asked.
    """
    signing = required_signing(expected.accepts_signed_response, signed_by)
    root = read_response(document, signing) if received is None else received
    signed = verify(root, expected.certificates, signing, signed_by=signed_by)
    try:
        return _stated_by(signed, root, expected)
    except MessageRefused as refusal:
        refusal.is_signed = True
        raise


def required_signing(accepts_signed_response: bool, signed_by: SigningCertificate | None = None) -> Signing:
    """What has to be signed in a response at a connection with this setting."""
    if not accepts_signed_response:
        return Signing.ASSERTION
    return Signing.RESPONSE if signed_by is None else Signing.VERIFIED


def _stated_by(signed: SignedContent, received: etree._Element, expected: Expectation) -> AssertedPerson:
    statement = decrypt_parts(signed.assertion, expected.keys, recipient=expected.sp_entity_id)
    verified = VerifiedResponse(
        response=signed.response,
        assertion=read_assertion(statement),
        certificate=signed.certificate,
        expected=expected,
    )
    for check in CHECKS:
        check(verified)
    library_accepts(received, expected)
    return _person(verified)


def has_current_certificate(verified: VerifiedResponse) -> None:
    """The certificate that verified is within its dates; python3-saml never looks at them."""
    certificate, now = verified.certificate, verified.expected.now
    if now >= certificate.not_after:
        ended = shown_moment(certificate.not_after)
        raise MessageRefused("has_current_certificate", Reason.CERTIFICATE_EXPIRED, ended=ended)
    if now < shifted(certificate.not_before, -SKEW):
        begins = shown_moment(certificate.not_before)
        raise MessageRefused("has_current_certificate", Reason.CERTIFICATE_NOT_YET_VALID, begins=begins)


def comes_from_the_connection(verified: VerifiedResponse) -> None:
    """Both issuers are the connection's entityID, to the letter."""
    issuer = verified.response.find(tag(SAML, "Issuer"))
    stated = {"Assertion/Issuer": verified.assertion.issuer}
    if issuer is not None:
        stated["Response/Issuer"] = text(issuer).strip()
    for place, value in stated.items():
        if value != verified.expected.idp_entity_id:
            raise MessageRefused("comes_from_the_connection", Reason.ISSUER_IS_ANOTHER, place=place, stated=_cut(value))


def is_meant_for_us(verified: VerifiedResponse) -> None:
    """There is an AudienceRestriction, and each one names us exactly (SAML core 2.5.1.4)."""
    audiences = verified.assertion.audiences
    if not audiences:
        raise MessageRefused("is_meant_for_us", Reason.NO_AUDIENCE)
    for audience in audiences:
        if verified.expected.sp_entity_id not in audience:
            stated = _cut(", ".join(sorted(audience)))
            raise MessageRefused("is_meant_for_us", Reason.AUDIENCE_IS_ANOTHER, stated=stated)


def is_sent_to_us(verified: VerifiedResponse) -> None:
    """Destination is present and is the ACS address, not only begins with it."""
    stated = verified.response.get("Destination")
    if stated != verified.expected.acs_url:
        raise MessageRefused("is_sent_to_us", Reason.DESTINATION_IS_ANOTHER, stated=_cut(stated))


def is_confirmed_for_us(verified: VerifiedResponse) -> None:
    """A bearer confirmation names our ACS address as Recipient, exactly, and has not run out."""
    _fitting_confirmation(verified)


def answers_our_request(verified: VerifiedResponse) -> None:
    """InResponseTo is the pending request's in the Response and in the assertion, or absent from both."""
    wanted = verified.expected.request_id
    stated = {"Response": verified.response.get("InResponseTo")}
    for number, each in enumerate(verified.assertion.confirmations, start=1):
        stated[f"SubjectConfirmationData {number}"] = each.in_response_to
    for place, value in stated.items():
        if value != wanted:
            raise MessageRefused("answers_our_request", Reason.REQUEST_IS_ANOTHER, place=place, stated=_cut(value))


def is_within_its_time(verified: VerifiedResponse) -> None:
    """The conditions hold now, give or take two minutes; the session that it would open is not over yet."""
    assertion, now = verified.assertion, verified.expected.now
    if assertion.not_before is not None and now < shifted(assertion.not_before, -SKEW):
        begins = shown_moment(assertion.not_before)
        raise MessageRefused("is_within_its_time", Reason.ASSERTION_NOT_YET_VALID, begins=begins)
    if assertion.not_on_or_after is not None and now >= shifted(assertion.not_on_or_after, SKEW):
        ended = shown_moment(assertion.not_on_or_after)
        raise MessageRefused("is_within_its_time", Reason.ASSERTION_EXPIRED, ended=ended)
    if assertion.session_not_on_or_after is not None and now >= shifted(assertion.session_not_on_or_after, SKEW):
        ended = shown_moment(assertion.session_not_on_or_after)
        raise MessageRefused("is_within_its_time", Reason.SESSION_OVER, ended=ended)


def comes_from_the_tenant(verified: VerifiedResponse) -> None:
    """A tenantid claim, where one is sent and checked, is the tenant in the connection's entityID.

    It is checked for Entra, which sends it.
    """
    stated = verified.assertion.single(TENANT_ID)
    entity_id = verified.expected.idp_entity_id
    if stated is None or not entity_id.startswith(ENTRA_ISSUERS):
        return
    if stated.casefold() not in entity_id.casefold().split("/"):
        raise MessageRefused("comes_from_the_tenant", Reason.TENANT_IS_ANOTHER, stated=_cut(stated))


def names_a_person(verified: VerifiedResponse) -> None:
    """NameID is there, of a sensible length, without control characters, and not meant for another SP."""
    name_id, qualifier = verified.assertion.name_id, verified.assertion.sp_name_qualifier
    if not name_id.strip() or len(name_id) > LONGEST_NAME:
        raise MessageRefused("names_a_person", Reason.NAME_ID_LENGTH)
    if has_invisible_characters(name_id.strip()):
        raise MessageRefused("names_a_person", Reason.NAME_ID_INVISIBLE)
    if qualifier not in {None, verified.expected.sp_entity_id}:
        raise MessageRefused("names_a_person", Reason.NAME_ID_FOR_ANOTHER, stated=_cut(qualifier))


def has_a_known_name_format(verified: VerifiedResponse) -> None:
    """The NameID's format can name a person: emailAddress, persistent, unspecified; transient beside a chosen claim."""
    require_known_format(verified.assertion, verified.expected.person_claim)


def says_who_signs_in(verified: VerifiedResponse) -> None:
    """The NameID, or the claim that the connection names instead, says once who is signing in."""
    sign_in_name(verified.assertion, verified.expected.person_claim)


def is_a_new_authentication(verified: VerifiedResponse) -> None:
    """When signing in anew was asked for (ForceAuthn), the identity provider did so."""
    since, stated = verified.expected.authenticated_since, verified.assertion.authenticated_at
    if since is not None and (stated is None or stated < shifted(since, -SKEW)):
        raise MessageRefused("is_a_new_authentication", Reason.NO_NEW_AUTHENTICATION)


CHECKS: tuple[Check, ...] = (
    has_current_certificate,
    comes_from_the_connection,
    is_meant_for_us,
    is_sent_to_us,
    is_confirmed_for_us,
    answers_our_request,
    is_within_its_time,
    comes_from_the_tenant,
    names_a_person,
    has_a_known_name_format,
    says_who_signs_in,
    is_a_new_authentication,
)


def _fitting_confirmation(verified: VerifiedResponse) -> Confirmation:
    check, now = "is_confirmed_for_us", verified.expected.now
    refusal = MessageRefused(check, Reason.NO_CONFIRMATION)
    for each in verified.assertion.confirmations:
        if each.recipient != verified.expected.acs_url:
            refusal = MessageRefused(check, Reason.RECIPIENT_IS_ANOTHER, stated=_cut(each.recipient))
        elif each.not_on_or_after is None:
            refusal = MessageRefused(check, Reason.CONFIRMATION_WITHOUT_END)
        elif now >= shifted(each.not_on_or_after, SKEW):
            ended = shown_moment(each.not_on_or_after)
            refusal = MessageRefused(check, Reason.CONFIRMATION_EXPIRED, ended=ended)
        elif each.not_before is not None and now < shifted(each.not_before, -SKEW):
            begins = shown_moment(each.not_before)
            refusal = MessageRefused(check, Reason.CONFIRMATION_NOT_YET_VALID, begins=begins)
        else:
            return each
    raise refusal


def _person(verified: VerifiedResponse) -> AssertedPerson:
    assertion = verified.assertion
    ends = [each.not_on_or_after for each in assertion.confirmations] + [assertion.not_on_or_after]
    return AssertedPerson(
        issuer=assertion.issuer,
        name_id=assertion.name_id.strip(),
        name_id_format=assertion.name_id_format,
        sign_in_name=sign_in_name(assertion, verified.expected.person_claim),
        persistent_id=persistent_id(assertion),
        attributes=assertion.attributes,
        object_id=assertion.single(OBJECT_ID),
        session_index=assertion.session_index,
        session_not_on_or_after=_session_end(assertion.session_not_on_or_after, verified.expected.now),
        authenticated_at=assertion.authenticated_at and min(assertion.authenticated_at, verified.expected.now),
        assertion_id=assertion.id,
        response_id=verified.response.get("ID") or "",
        expires=shifted(max((end for end in ends if end is not None), default=verified.expected.now), SKEW),
        signed_with=verified.certificate.sha256,
    )


def _session_end(stated: datetime | None, now: datetime) -> datetime | None:
    """When a session has to be over: as stated; one that is over by our clock, and only by that, lasts for the skew."""
    return stated if stated is None or stated > now else shifted(stated, SKEW)


def _cut(value: str | None) -> str | None:
    return None if value is None else value[:200]
