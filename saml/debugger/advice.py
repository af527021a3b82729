"""What an administrator changes when a check fails, with the names of settings in their identity provider.

One sentence for each check, or for each cause where a check has several; what stands in braces comes from the product
(``saml/metadata/products.py``). docs/sign-in-problems.md is made of the same sentences.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from saml.metadata.products import UNKNOWN, Product
from saml.refusals.causes import Cause

_BEGIN_AGAIN = "Let the person begin at the sign-in page again."
_OR_A_CLAIM = "; or choose a claim under 'Who is signing in' on the connection here{carried}."

# The checks that people really meet; the others fail for attackers, or for software that is broken.
ADVICE: Final[dict[str, str]] = {
    "arrives": f"No answer of the identity provider arrived. {_BEGIN_AGAIN}",
    "encoding": "Something between the identity provider and here changed the message; look for a proxy.",
    "xml": "Something else than a SAML response was sent, or something on the way changed it; look for a proxy.",
    "is_small": "{place}: {fewer_groups}.",
    "says_success": "Read the identity provider's own code and message in the reason. Most often the person is not "
    "assigned to the application. {place}: {assign}.",
    "has_signed_assertion": "{place}: {signed_assertion}. Where it signs the Response only, that will do once 'Accept "
    "a signed Response around an unsigned assertion' is on in the connection's settings here.",
    "has_strong_algorithms": "{place}: {sha256}.",
    "has_plain_encryption": "{place}: {encryption_algorithm}.",
    "is_encrypted_for_us": "{place}: {encryption_certificate}.",
    "python3_saml": "Compare the four addresses there with those here, and refresh the metadata.",
    "is_signed_by_the_connection": "Refresh the metadata here: it lists other keys than the one that signed. "
    "{place}: {signing_certificate}.",
    "has_current_certificate": "Renew the signing certificate, then refresh the metadata here. "
    "{place}: {signing_certificate}.",
    "comes_from_the_connection": "The answer came from another identity provider or tenant than this connection's; "
    "compare its Issuer.",
    "is_meant_for_us": "{place}: set {entity_id} to our Metadata url.",
    "is_sent_to_us": "{place}: set {acs} to our ACS url.",
    "is_confirmed_for_us": "{place}: set {acs} to our ACS url. If the Recipient is right, compare the clocks.",
    "is_within_its_time": "Compare this server's clock with the right time, and set it by NTP.",
    "comes_from_the_tenant": "The person signed in at another tenant; they have to choose their work account.",
    "names_a_person": "{place}: {email_name_id}.",
    "has_a_known_name_format": "{place}: {email_name_id}.",
    "says_who_signs_in": "{place}: {claim} that is named under 'Who is signing in' here, with one value; or choose "
    "another one there, or NameID{carried}.",
    "answers_this_browser": _BEGIN_AGAIN,
    "is_a_new_authentication": "The person has to enter their credentials when they are asked to.",
    "is_used_once": f"The same page was sent twice. {_BEGIN_AGAIN}",
    "unsolicited": "{place}: {begin_here}; or accept sign-in that starts there on this connection.",
    "unknown_person": "Provision the person, and {provision}.",
    "awaiting_saml_sync": "Run the SAML user sync, or wait for minute 45.",
    "deactivated": "Assign the person to the application again, and wait for provisioning or start it.",
    "no_group_access": "Put the person into a group that is assigned and pushed, and look what it grants.",
    "identity_conflict": "Two active people have this work e-mail; change one there. The sync names both.",
    "deleted": "The person was deleted over SCIM; assign them again if they should come back.",
    "other_connection": "Add the e-mail domain to this connection here, or let the person use the connection that "
    "lists it.",
    "other_person": "The address was given to somebody else, or the account was made anew. If that is right, confirm "
    "the new holder on the person's page; they can then sign in.",
    "logout": "{place}: compare {logout} with our Logout url, and the clocks.",
}

# In place of the sentence above, where it is known why the check failed.
BY_CAUSE: Final[dict[Cause, str]] = {
    Cause.NEVER_ASKED: "This site never sent the request that the message names. Whoever sees this often is being "
    "tried out, or has two sites behind one address.",
    Cause.NO_COOKIE: "The browser kept our cookie back. Let it allow cookies for this site, and let the person begin "
    "under the address that PUBLIC_URL names, not under another name of the same site.",
    Cause.OTHER_BROWSER: "The sign-in began in another browser or profile than the one that brought the answer. "
    f"{_BEGIN_AGAIN}",
    Cause.TOO_OLD: f"The person took longer than 15 minutes to answer. {_BEGIN_AGAIN}",
    Cause.ANSWERED: "The answer was handed in before: back and forward, or a page that was sent twice. Whoever is "
    "signed in just goes on.",
    Cause.OTHER_CONNECTION: "The answer went to the ACS url of another connection than the one that asked. "
    "{place}: set {acs} to the ACS url of the connection that asks.",
    Cause.TOO_LARGE: "The message is larger than 1 MB, mostly because of the groups in it. {place}: {fewer_groups}.",
    Cause.TRANSIENT: "A transient NameID is another one at each sign-in. {place}: {email_name_id}" + _OR_A_CLAIM,
    Cause.NO_ADDRESS: "What names the person is no e-mail address. {place}: {email_name_id}" + _OR_A_CLAIM,
    Cause.BEGUN_HERE: "Nothing has to be changed. {place}: {begin_here}, and it begins here at once.",
}


def advice_about(check: str, cause: str, product: Product, claims: Iterable[str] = ()) -> str:
    """What to change about a failed check; "" for one that only attackers and broken software fail.

    ``claims``: the names of those that this very message carries and that look like an e-mail address.
    """
    sentence = BY_CAUSE[Cause(cause)] if cause in BY_CAUSE else ADVICE.get(check, "")
    named = " or ".join(claims)
    return sentence.format(carried=f"; this message carries {named}" if named else "", **_product_terms(product))


def usable_claims(statement: Mapping[str, Any]) -> list[str]:
    """The claims of a message's outline, masked or not, of which one could say who is signing in."""
    stated: Mapping[str, str] = statement.get("attributes", {})
    return [name for name, value in stated.items() if value.count("@") == 1 and ", " not in value][:3]


def _product_terms(product: Product) -> dict[str, str]:
    """The product's fields; where it has none for an address, the generic description of that setting."""
    return {field.name: getattr(product, field.name) or getattr(UNKNOWN, field.name) for field in fields(Product)}
