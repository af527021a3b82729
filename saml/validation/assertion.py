"""The values of a verified assertion. Reads only bytes that a signature covers; touches no database and no request."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from saml.errors import MessageRefused, UnreadableTime
from saml.refusals.reasons import Reason
from saml.validation.message_shape import local_name
from saml.xml.datetimes import read_moment
from saml.xml.parser import DS, SAML, tag, text

OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
TENANT_ID = "http://schemas.microsoft.com/identity/claims/tenantid"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_SINGLE_VALUED = frozenset({OBJECT_ID, TENANT_ID})  # They say who somebody is: two of them are refused, not merged.


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """One bearer SubjectConfirmationData; absent attributes are None."""

    recipient: str | None
    in_response_to: str | None
    not_before: datetime | None
    not_on_or_after: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Assertion:
    """What one signed assertion states. ``audiences``: one set for each AudienceRestriction; all of them must hold."""

    id: str
    issuer: str
    name_id: str
    name_id_format: str
    sp_name_qualifier: str | None
    confirmations: tuple[Confirmation, ...]
    not_before: datetime | None
    not_on_or_after: datetime | None
    audiences: tuple[frozenset[str], ...]
    session_index: str
    authenticated_at: datetime | None
    session_not_on_or_after: datetime | None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()  # Names of attributes with several values, in one Attribute or in several.

    def single(self, name: str) -> str | None:
        """The value of an attribute that has at most one; None when it was not sent."""
        values = self.attributes.get(name, ())
        return values[0] if values else None


@dataclass(frozen=True, kw_only=True, slots=True)
class AssertedPerson:
    """Who the identity provider says is there, after every check."""

    issuer: str  # NameIDs are only unique within it.
    name_id: str  # As it was received: a LogoutRequest names it again.
    name_id_format: str
    sign_in_name: str  # What is compared with work e-mails: the NameID, or a claim's value.
    object_id: str | None
    persistent_id: str  # The NameID when it is a persistent one, else "".
    attributes: Mapping[str, tuple[str, ...]]
    session_index: str
    session_not_on_or_after: datetime | None  # When a session that it opens has to be over.
    authenticated_at: datetime | None  # When they proved to the identity provider who they are, as it states.
    assertion_id: str
    response_id: str
    expires: datetime  # Until then the assertion has to be remembered as used.
    signed_with: str  # SHA-256 of the connection's certificate that the signature fits.


def read_assertion(root: etree._Element) -> Assertion:
    """Read the root element of a verified, canonical assertion.

    Raises: MessageRefused when something that must be there once is missing or there twice (SAML core 2.3.3).
    """
    if root.get("Version") != "2.0":
        stated = (root.get("Version") or "")[:100] or None
        raise MessageRefused("reads_as_assertion", Reason.VERSION_IS_ANOTHER, stated=stated)
    subject = _one(root, "Subject")
    name_id = _one(subject, "NameID")
    conditions = _one(root, "Conditions")
    statement = _one(root, "AuthnStatement")
    return Assertion(
        id=root.get("ID") or "",
        issuer=text(_one(root, "Issuer")).strip(),
        name_id=text(name_id),
        name_id_format=name_id.get("Format") or "",
        sp_name_qualifier=name_id.get("SPNameQualifier"),
        confirmations=tuple(_confirmations(subject)),
        not_before=_moment(conditions, "NotBefore"),
        not_on_or_after=_moment(conditions, "NotOnOrAfter"),
        audiences=tuple(
            frozenset(text(audience).strip() for audience in restriction.findall(tag(SAML, "Audience")))
            for restriction in conditions.findall(tag(SAML, "AudienceRestriction"))
        ),
        session_index=statement.get("SessionIndex") or "",
        authenticated_at=_moment(statement, "AuthnInstant"),
        session_not_on_or_after=_moment(statement, "SessionNotOnOrAfter"),
        attributes=_attributes(root),
        repeated=_repeated(root),
    )


def _one(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(tag(SAML, name))
    if len(found) != 1:
        reason = Reason.PART_REPEATED if found else Reason.PART_NOT_THERE
        raise MessageRefused("reads_as_assertion", reason, place=place_of(parent), name=name, count=len(found))
    return found[0]


def _confirmations(subject: etree._Element) -> list[Confirmation]:
    found = []
    for each in subject.findall(tag(SAML, "SubjectConfirmation")):
        if each.get("Method") != BEARER:
            continue
        data = _one(each, "SubjectConfirmationData")
        found.append(
            Confirmation(
                recipient=data.get("Recipient"),
                in_response_to=data.get("InResponseTo"),
                not_before=_moment(data, "NotBefore"),
                not_on_or_after=_moment(data, "NotOnOrAfter"),
            )
        )
    return found


def _moment(element: etree._Element, name: str) -> datetime | None:
    """An xs:dateTime; absent is None. Raises: MessageRefused for what is none."""
    stated = element.get(name)
    if stated is None:
        return None
    try:
        return read_moment(stated)
    except UnreadableTime as error:
        raise MessageRefused(
            "reads_as_assertion",
            Reason.TIME_OF_ELEMENT_UNREADABLE,
            name=name,
            place=place_of(element),
            stated=stated[:100],
            problem=error.reason,
        ) from error


def place_of(element: etree._Element) -> str:
    """Where an element stands, as administrators find it in the message: "Assertion/Subject/NameID"."""
    names = [element.tag, *(ancestor.tag for ancestor in element.iterancestors())]
    return "/".join(local_name(name) for name in reversed(names))


def _attributes(root: etree._Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for attribute in root.iterfind(f"{tag(SAML, 'AttributeStatement')}/{tag(SAML, 'Attribute')}"):
        name = attribute.get("Name") or ""
        values = tuple(text(value).strip() for value in attribute.findall(tag(SAML, "AttributeValue")))
        found[name] = found.get(name, ()) + tuple(value for value in values if value)
    return found


def _repeated(root: etree._Element) -> frozenset[str]:
    """Empty values count: whoever reads the first one and whoever reads the last one would see different people."""
    values = root.iterfind(f"{tag(SAML, 'AttributeStatement')}/{tag(SAML, 'Attribute')}/{tag(SAML, 'AttributeValue')}")
    counts = Counter(value.getparent().get("Name") or "" for value in values)
    repeated = frozenset(name for name, count in counts.items() if count > 1)
    for name in _SINGLE_VALUED & repeated:
        raise MessageRefused("reads_as_assertion", Reason.ATTRIBUTE_REPEATED, name=name)
    return repeated


def without_signature(root: etree._Element) -> etree._Element:
    """Take the signature out of a canonical assertion: it is the one part that the digest does not cover."""
    for signature in root.findall(tag(DS, "Signature")):
        root.remove(signature)
    return root
