"""Text about sign-in attempts for administrators: each check as a sentence, and why a person was refused."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# A step's name -> what is true once it has passed. The guards and checks of ``saml.validation`` are all here.
CHECK_TEXTS: Final[Mapping[str, Promise]] = {
    "arrives": _("The browser brought an answer of the identity provider."),
    "encoding": _("The message can be decoded."),
    "xml": _("The message is plain XML: UTF-8, small, no document type."),
    "is_a_response": _("The root is a SAML 2.0 Response with an ID."),
    "has_plain_namespaces": _('Few namespaces, none of them relative ("The Fragile Lock", 2025) or endless.'),
    "is_small": _("Not deeper and not larger than any honest message."),
    "has_no_oddities": _(
        "No comments, processing instructions or entities: canonical XML skips them, so they could be slipped in."
    ),
    "has_plain_attributes": _('No attribute twice by local name ("The Fragile Lock", 2025).'),
    "has_unique_ids": _("Every ID, Id, id and xml:id is there once, whatever its case."),
    "says_success": _("The status is Success."),
    "has_one_assertion": _("Exactly one Assertion, directly below the Response, and none of any name-alike elsewhere."),
    "has_plain_encryption": _(
        "What is encrypted is one element, with AES, under keys that stand beside it (RSA-OAEP); nothing is fetched."
    ),
    "has_signed_assertion": _(
        "The assertion itself is signed, or the Response around it where the connection takes that."
    ),
    "has_signatures_in_place": _("Signatures stand directly in the Response or the Assertion, at most one in each."),
    "has_plain_signatures": _(
        "A signature has one SignedInfo with one Reference, one value, certificates or key names, and nothing else."
    ),
    "refers_to_its_parent": _("A signature's Reference names the element in which it stands, and no other."),
    "has_known_transforms": _(
        "Only enveloped-signature and exclusive canonicalisation; XSLT and XPath would run before anything is trusted."
    ),
    "has_strong_algorithms": _("RSA or ECDSA with SHA-256 or better; no SHA-1, MD5, DSA, HMAC."),
    "unsolicited": _("The message answers a sign-on, or the connection takes unsolicited ones."),
    "answers_this_browser": _("It answers a sign-on that this very browser began."),
    "is_encrypted_for_us": _("If it is encrypted, it is for a certificate of ours, unchanged."),
    "is_signed_by_the_connection": _("The signature fits a certificate of the connection."),
    "reads_as_assertion": _("The signed assertion has each part once."),
    "has_current_certificate": _(
        "The certificate that verified is within its dates; python3-saml never looks at them."
    ),
    "comes_from_the_connection": _("Both issuers are the connection's entityID, to the letter."),
    "is_meant_for_us": _("There is an AudienceRestriction, and each one names us exactly (SAML core 2.5.1.4)."),
    "is_sent_to_us": _("Destination is present and is the ACS address, not only begins with it."),
    "is_confirmed_for_us": _("A bearer confirmation names our ACS address as Recipient, exactly, and has not run out."),
    "answers_our_request": _(
        "InResponseTo is the pending request's in the Response and in the assertion, or absent from both."
    ),
    "is_within_its_time": _(
        "The conditions hold now, give or take two minutes; the session that it would open is not over yet."
    ),
    "comes_from_the_tenant": _(
        "A tenantid claim, where one is sent and checked, is the tenant in the connection's entityID."
    ),
    "names_a_person": _(
        "NameID is there, of a sensible length, without control characters, and not meant for another SP."
    ),
    "has_a_known_name_format": _(
        "The NameID's format can name a person: emailAddress, persistent, unspecified; transient beside a chosen claim."
    ),
    "says_who_signs_in": _("The NameID, or the claim that the connection names instead, says once who is signing in."),
    "is_a_new_authentication": _("When signing in anew was asked for (ForceAuthn), the identity provider did so."),
    "python3_saml": _("The SAML library finds nothing wrong."),
    "is_used_once": _("The message was not used before."),
    "is_known": _("Somebody with this sign-in name is provisioned."),
    "may_come_in": _("The person is active, linked, and in a group that gives access."),
    "is_the_same_account": _("It is the account that signed in under this address before."),
    "logout": _("The sign-out message is in order."),
}

# A refusal's code that is about the person and not about the message -> the rest of "The message is good, but …".
PERSON_TEXTS: Final[Mapping[str, Promise]] = {
    "unknown_person": _("nobody with this sign-in name is provisioned"),
    "other_connection": _("this connection does not name people of their e-mail domain"),
    "other_person": _("this is another account than the one that signed in under this address before"),
    "awaiting_saml_sync": _("the person is provisioned and awaits the SAML user sync"),
    "deactivated": _("the person is deactivated"),
    "deleted": _("the person was deleted over SCIM"),
    "no_group_access": _("the person is in no group that gives access"),
    "identity_conflict": _("two active people have this work e-mail"),
    "no_saml_connection": _("no connection is live"),
    "not_switched_on": _("the connection is not switched on yet; only test sign-ins are answered"),
}
