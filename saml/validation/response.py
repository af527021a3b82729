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
from saml.errors import Refused
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
from saml.xml.datetimes import SKEW, as_stated, shifted
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
    document: bytes, expected: Expectation, *, signed_by: SigningCertificate | None = None
) -> AssertedPerson:
    """Validate ``document``; return the person that it proves to be at the browser.

    ``signed_by``: what the Response was signed with before an assertion in it was decrypted, if it was signed at all.
    Raises: Refused, with the first check that failed. Nothing is stored and nothing outside is asked.
    """
    signing = required_signing(expected.accepts_signed_response, signed_by)
    root = read_response(document, signing)
    verified = verify(root, expected.certificates, signing, signed_by=signed_by)
    try:
        return _stated_by(verified, root, expected)
    except Refused as refusal:
        refusal.is_signed = True
        raise


def required_signing(accepts_signed_response: bool, signed_by: SigningCertificate | None = None) -> Signing:
    """What has to be signed in a response at a connection with this setting."""
    if not accepts_signed_response:
        return Signing.ASSERTION
    return Signing.RESPONSE if signed_by is None else Signing.VERIFIED


def _stated_by(verified: SignedContent, received: etree._Element, expected: Expectation) -> AssertedPerson:
    statement = decrypt_parts(verified.assertion, expected.keys, recipient=expected.sp_entity_id)
    evidence = VerifiedResponse(
        response=verified.response,
        assertion=read_assertion(statement),
        certificate=verified.certificate,
        expected=expected,
    )
    for check in CHECKS:
        check(evidence)
    library_accepts(received, expected)
    return _person(evidence)


def has_current_certificate(evidence: VerifiedResponse) -> None:
    """The certificate that verified is within its dates; python3-saml never looks at them."""
    certificate, now = evidence.certificate, evidence.expected.now
    if now >= certificate.not_after:
        raise Refused(
            "has_current_certificate", f"the signing certificate expired on {certificate.not_after:%d %B %Y}."
        )
    if now < shifted(certificate.not_before, -SKEW):
        raise Refused(
            "has_current_certificate", f"the signing certificate is not valid before {certificate.not_before:%d %B %Y}."
        )


def comes_from_the_connection(evidence: VerifiedResponse) -> None:
    """Both issuers are the connection's entityID, to the letter."""
    issuer = evidence.response.find(tag(SAML, "Issuer"))
    stated = {"Assertion/Issuer": evidence.assertion.issuer}
    if issuer is not None:
        stated["Response/Issuer"] = text(issuer).strip()
    for place, value in stated.items():
        if value != evidence.expected.idp_entity_id:
            raise Refused(
                "comes_from_the_connection",
                f"{place} is {_shown(value)}, not this connection's identity provider.",
            )


def is_meant_for_us(evidence: VerifiedResponse) -> None:
    """There is an AudienceRestriction, and each one names us exactly (SAML core 2.5.1.4)."""
    audiences = evidence.assertion.audiences
    if not audiences:
        raise Refused("is_meant_for_us", "the assertion names no audience (Conditions/AudienceRestriction).")
    for audience in audiences:
        if evidence.expected.sp_entity_id not in audience:
            stated = _shown(", ".join(sorted(audience)))
            raise Refused("is_meant_for_us", f"the Audience is {stated}, another application, not our Metadata url.")


def is_sent_to_us(evidence: VerifiedResponse) -> None:
    """Destination is present and is the ACS address, not only begins with it."""
    stated = evidence.response.get("Destination")
    if stated != evidence.expected.acs_url:
        raise Refused("is_sent_to_us", f"the Destination is {_shown(stated)}, not our ACS url; compare the addresses.")


def is_confirmed_for_us(evidence: VerifiedResponse) -> None:
    """A bearer confirmation names our ACS address as Recipient, exactly, and has not run out."""
    _fitting_confirmation(evidence)


def answers_our_request(evidence: VerifiedResponse) -> None:
    """InResponseTo is the pending request's in the Response and in the assertion, or absent from both."""
    wanted = evidence.expected.request_id
    stated = {"Response": evidence.response.get("InResponseTo")}
    for number, each in enumerate(evidence.assertion.confirmations, start=1):
        stated[f"SubjectConfirmationData {number}"] = each.in_response_to
    for place, value in stated.items():
        if value != wanted:
            raise Refused(
                "answers_our_request",
                f"InResponseTo of {place} is {_shown(value)}, not the sign-on that this browser began.",
            )


def is_within_its_time(evidence: VerifiedResponse) -> None:
    """The conditions hold now, give or take two minutes; the session that it would open is not over yet."""
    assertion, now = evidence.assertion, evidence.expected.now
    if assertion.not_before is not None and now < shifted(assertion.not_before, -SKEW):
        begins = _time(assertion.not_before)
        raise Refused("is_within_its_time", f"the assertion is not valid before {begins}; compare the clocks.")
    if assertion.not_on_or_after is not None and now >= shifted(assertion.not_on_or_after, SKEW):
        end = _time(assertion.not_on_or_after)
        raise Refused("is_within_its_time", f"the assertion has expired at {end}; compare the clocks.")
    if assertion.session_not_on_or_after is not None and now >= shifted(assertion.session_not_on_or_after, SKEW):
        end = _time(assertion.session_not_on_or_after)
        raise Refused("is_within_its_time", f"the session that it would open ended at {end}; compare the clocks.")


def comes_from_the_tenant(evidence: VerifiedResponse) -> None:
    """A tenantid claim, where one is sent and checked, is the tenant in the connection's entityID.

    It is checked for Entra, which sends it.
    """
    stated = evidence.assertion.single(TENANT_ID)
    entity_id = evidence.expected.idp_entity_id
    if stated is None or not entity_id.startswith(ENTRA_ISSUERS):
        return
    if stated.casefold() not in entity_id.casefold().split("/"):
        raise Refused("comes_from_the_tenant", f"the tenantid claim is {_shown(stated)}, another tenant.")


def names_a_person(evidence: VerifiedResponse) -> None:
    """NameID is there, of a sensible length, without control characters, and not meant for another SP."""
    name_id, qualifier = evidence.assertion.name_id, evidence.assertion.sp_name_qualifier
    if not name_id.strip() or len(name_id) > LONGEST_NAME:
        raise Refused("names_a_person", "the NameID is empty or too long.")
    if has_invisible_characters(name_id.strip()):
        raise Refused("names_a_person", "the NameID has invisible characters in it.")
    if qualifier not in {None, evidence.expected.sp_entity_id}:
        raise Refused("names_a_person", f"the NameID is qualified for {_shown(qualifier)}, another application.")


def has_a_known_name_format(evidence: VerifiedResponse) -> None:
    """The NameID's format can name a person: emailAddress, persistent, unspecified; transient beside a chosen claim."""
    require_known_format(evidence.assertion, evidence.expected.person_claim)


def says_who_signs_in(evidence: VerifiedResponse) -> None:
    """The NameID, or the claim that the connection names instead, says once who is signing in."""
    sign_in_name(evidence.assertion, evidence.expected.person_claim)


def is_a_new_authentication(evidence: VerifiedResponse) -> None:
    """When signing in anew was asked for (ForceAuthn), the identity provider did so."""
    since, stated = evidence.expected.authenticated_since, evidence.assertion.authenticated_at
    if since is not None and (stated is None or stated < shifted(since, -SKEW)):
        raise Refused("is_a_new_authentication", "the identity provider did not ask the person to sign in again.")


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


def _fitting_confirmation(evidence: VerifiedResponse) -> Confirmation:
    now = evidence.expected.now
    reason = "there is no bearer confirmation."
    for each in evidence.assertion.confirmations:
        if each.recipient != evidence.expected.acs_url:
            reason = f"the Recipient is {_shown(each.recipient)}, not our ACS url; compare the addresses."
        elif each.not_on_or_after is None:
            reason = "the confirmation has no end (NotOnOrAfter of SubjectConfirmationData)."
        elif now >= shifted(each.not_on_or_after, SKEW):
            reason = f"the confirmation has expired at {_time(each.not_on_or_after)}; compare the clocks."
        elif each.not_before is not None and now < shifted(each.not_before, -SKEW):
            reason = f"the confirmation is not valid before {_time(each.not_before)}; compare the clocks."
        else:
            return each
    raise Refused("is_confirmed_for_us", reason)


def _person(evidence: VerifiedResponse) -> AssertedPerson:
    assertion = evidence.assertion
    ends = [each.not_on_or_after for each in assertion.confirmations] + [assertion.not_on_or_after]
    return AssertedPerson(
        issuer=assertion.issuer,
        name_id=assertion.name_id.strip(),
        name_id_format=assertion.name_id_format,
        sign_in_name=sign_in_name(assertion, evidence.expected.person_claim),
        persistent_id=persistent_id(assertion),
        attributes=assertion.attributes,
        object_id=assertion.single(OBJECT_ID),
        session_index=assertion.session_index,
        session_not_on_or_after=_session_end(assertion.session_not_on_or_after, evidence.expected.now),
        authenticated_at=assertion.authenticated_at and min(assertion.authenticated_at, evidence.expected.now),
        assertion_id=assertion.id,
        response_id=evidence.response.get("ID") or "",
        expires=shifted(max((end for end in ends if end is not None), default=evidence.expected.now), SKEW),
    )


def _session_end(stated: datetime | None, now: datetime) -> datetime | None:
    """When a session has to be over: as stated; one that is over by our clock, and only by that, lasts for the skew."""
    return stated if stated is None or stated > now else shifted(stated, SKEW)


def _shown(value: str | None) -> str:
    return "missing" if value is None else (value[:200] or "empty")


def _time(moment: datetime) -> str:
    return f"{as_stated(moment)[:16].replace('T', ' ')} UTC"
