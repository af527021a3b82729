"""What an administrator changes when a check fails, in Entra and in Okta. The page of docs/sign-in-problems.md."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Advice:
    """``okta`` is "" where both are mended in the same way, or here."""

    entra: str
    okta: str = ""

    def at(self, entity_id: str) -> str:
        """The words for the identity provider with this entityID."""
        return self.okta if self.okta and "okta" in entity_id.casefold() else self.entra


_OKTA_SETTINGS: Final = "In Okta: the application's Sign On tab, SAML settings, Edit:"
_NAME = Advice(
    "In Entra: Attributes & Claims, set Unique User Identifier to user.userprincipalname, format Email address.",
    f"{_OKTA_SETTINGS} set Application username to Email and Name ID format to EmailAddress.",
)

# The checks that people really meet; the others fail for attackers, or for software that is broken.
ADVICE: Final[dict[str, Advice]] = {
    "arrives": Advice("Let the person begin at the sign-in page again; no answer of the identity provider arrived."),
    "encoding": Advice("Something between the identity provider and here changed the message; look for a proxy."),
    "xml": Advice(
        "Something else than a SAML response was sent, or something on the way changed it; look for a proxy."
    ),
    "says_success": Advice(
        "Read the AADSTS code in the reason; most often the person is not assigned to the application (AADSTS50105).",
        "In Okta: Assignments, assign the person or one of their groups to the application.",
    ),
    "has_signed_assertion": Advice(
        "In Entra: SAML Certificates, Signing Option, choose 'Sign SAML assertion'.",
        f"{_OKTA_SETTINGS} show the advanced settings and set Assertion Signature to Signed.",
    ),
    "has_strong_algorithms": Advice(
        "In Entra: SAML Certificates, Signing Algorithm, choose SHA-256.",
        f"{_OKTA_SETTINGS} show the advanced settings and set Signature and Digest Algorithm to SHA256.",
    ),
    "has_plain_encryption": Advice(
        "In Entra: Token encryption uses what is accepted; something else encrypted this message. AES and RSA-OAEP are "
        "taken.",
        f"{_OKTA_SETTINGS} show the advanced settings and choose AES256-GCM or AES256-CBC, and RSA-OAEP.",
    ),
    "is_encrypted_for_us": Advice(
        "In Entra: Token encryption, import and activate the certificate that the Authentication page here offers.",
        f"{_OKTA_SETTINGS} show the advanced settings and upload the certificate of the Authentication page here as "
        "Encryption Certificate.",
    ),
    "python3_saml": Advice("Compare the four addresses there with those here, and refresh the metadata."),
    "is_signed_by_the_connection": Advice(
        "Refresh the metadata here; its address must hold appid=, or it lists other keys.",
        "Refresh the metadata here; in Okta, Sign On, the active SAML signing certificate must be the one in it.",
    ),
    "has_current_certificate": Advice("Renew the SAML signing certificate there, then refresh the metadata here."),
    "comes_from_the_connection": Advice(
        "The answer came from another identity provider or tenant than this connection's; compare its Issuer."
    ),
    "is_meant_for_us": Advice(
        "In Entra: set Identifier (Entity ID) to our Metadata url.",
        f"{_OKTA_SETTINGS} set Audience URI (SP Entity ID) to our Metadata url.",
    ),
    "is_sent_to_us": Advice(
        "In Entra: set Reply URL to our ACS url.",
        f"{_OKTA_SETTINGS} set Single sign-on URL to our ACS url, and use it as Recipient and Destination too.",
    ),
    "is_confirmed_for_us": Advice(
        "In Entra: set Reply URL to our ACS url; compare the clocks.",
        f"{_OKTA_SETTINGS} set Recipient URL to our ACS url; compare the clocks.",
    ),
    "is_within_its_time": Advice("Compare this server's clock with the right time, and set it by NTP."),
    "comes_from_the_tenant": Advice("The person signed in at another tenant; they have to choose their work account."),
    "names_a_person": _NAME,
    "has_a_known_name_format": Advice(
        "In Entra: Attributes & Claims, Unique User Identifier, choose the name identifier format Email address "
        "or Persistent; or choose a claim under 'Who is signing in' on the connection here (not for a Windows name).",
        f"{_OKTA_SETTINGS} set Name ID format to EmailAddress; or choose a claim under 'Who is signing in' on the "
        "connection here.",
    ),
    "says_who_signs_in": Advice(
        "In Entra: Attributes & Claims, let the claim that is named under 'Who is signing in' here be sent with one "
        "value; or choose NameID there.",
        "In Okta: Attribute Statements, send the claim that is named under 'Who is signing in' here with one value; "
        "or choose NameID there.",
    ),
    "answers_this_browser": Advice(
        "The person took longer than 15 minutes, began in another browser, or sent the same page twice; "
        "let them begin at the sign-in page again."
    ),
    "is_a_new_authentication": Advice("The person has to enter their credentials when they are asked to."),
    "is_used_once": Advice("The same page was sent twice; let the person begin at the sign-in page again."),
    "unsolicited": Advice(
        "In Entra: fill Sign on URL with our Sso url; or accept sign-in that starts there on this connection.",
        "In Okta: let a bookmark application lead to our Sso url; or accept sign-in that starts there on this "
        "connection.",
    ),
    "unknown_person": Advice(
        'Provision the person, and map userPrincipalName to emails[type eq "work"].value: what names people at '
        "sign-in must equal their work e-mail.",
        "Assign the person so that Okta provisions them, and send as Name ID what Okta provisions as the primary "
        "e-mail.",
    ),
    "awaiting_saml_sync": Advice("Run the SAML user sync, or wait for minute 45."),
    "deactivated": Advice("Assign the person to the application again, and wait for provisioning or start it."),
    "no_group_access": Advice("Put the person into a group that is assigned and pushed, and look what it is worth."),
    "identity_conflict": Advice("Two active people have this work e-mail; change one there. The sync names both."),
    "deleted": Advice("The person was deleted over SCIM; assign them again if they should come back."),
    "other_connection": Advice(
        "Add the e-mail domain to this connection here, or let the person use the connection that lists it."
    ),
    "other_person": Advice(
        "The address was given to somebody else, or the account was made anew. If that is right, confirm the new "
        "holder on the person's page; they can then sign in."
    ),
    "logout": Advice("Compare the Logout url there with the one here, and the clocks."),
}
