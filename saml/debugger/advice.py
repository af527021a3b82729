"""What an administrator changes when a check fails, with the names of settings in their identity provider.

One text for each check, or for each cause where a check has several; its parameters come from the product
(``saml/metadata/products.py``). docs/sign-in-problems.md is made of the same sentences.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from saml.metadata.products import UNKNOWN, Product
from saml.refusals.causes import Cause

# The checks that people really meet; the others fail for attackers, or for software that is broken.
ADVICE: Final[Mapping[str, Promise]] = {
    "arrives": _("No answer of the identity provider arrived. Let the person begin at the sign-in page again."),
    "encoding": _("Something between the identity provider and here changed the message; look for a proxy."),
    "xml": _("Something else than a SAML response was sent, or something on the way changed it; look for a proxy."),
    "is_small": _("%(place)s: %(fewer_groups)s."),
    "says_success": _(
        "Read the identity provider's own code and message in the reason. Most often the person is not assigned to "
        "the application. %(place)s: %(assign)s."
    ),
    "has_signed_assertion": _(
        "%(place)s: %(signed_assertion)s. Where it signs the Response only, that will do once 'Accept a signed "
        "Response around an unsigned assertion' is on in the connection's settings here."
    ),
    "has_strong_algorithms": _("%(place)s: %(sha256)s."),
    "has_plain_encryption": _("%(place)s: %(encryption_algorithm)s."),
    "is_encrypted_for_us": _("%(place)s: %(encryption_certificate)s."),
    "python3_saml": _("Compare the four addresses there with those here, and refresh the metadata."),
    "is_signed_by_the_connection": _(
        "Refresh the metadata here: it lists other keys than the one that signed. %(place)s: %(signing_certificate)s."
    ),
    "has_current_certificate": _(
        "Renew the signing certificate, then refresh the metadata here. %(place)s: %(signing_certificate)s."
    ),
    "comes_from_the_connection": _(
        "The answer came from another identity provider or tenant than this connection's; compare its Issuer."
    ),
    "is_meant_for_us": _("%(place)s: set %(entity_id)s to our Metadata url."),
    "is_sent_to_us": _("%(place)s: set %(acs)s to our ACS url."),
    "is_confirmed_for_us": _("%(place)s: set %(acs)s to our ACS url. If the Recipient is right, compare the clocks."),
    "is_within_its_time": _("Compare this server's clock with the right time, and set it by NTP."),
    "comes_from_the_tenant": _("The person signed in at another tenant; they have to choose their work account."),
    "names_a_person": _("%(place)s: %(email_name_id)s."),
    "has_a_known_name_format": _("%(place)s: %(email_name_id)s."),
    "says_who_signs_in": _(
        "%(place)s: %(claim)s that is named under 'Who is signing in' here, with one value; or choose another one "
        "there, or NameID%(carried)s."
    ),
    "answers_this_browser": _("Let the person begin at the sign-in page again."),
    "is_a_new_authentication": _("The person has to enter their credentials when they are asked to."),
    "is_used_once": _("The same page was sent twice. Let the person begin at the sign-in page again."),
    "unsolicited": _("%(place)s: %(begin_here)s; or accept sign-in that starts there on this connection."),
    "unknown_person": _("Provision the person, and %(provision)s."),
    "awaiting_saml_sync": _("Run the SAML user sync, or wait for minute 45."),
    "deactivated": _("Assign the person to the application again, and wait for provisioning or start it."),
    "no_group_access": _("Put the person into a group that is assigned and pushed, and look what it grants."),
    "identity_conflict": _("Two active people have this work e-mail; change one there. The sync names both."),
    "deleted": _("The person was deleted over SCIM; assign them again if they should come back."),
    "other_connection": _(
        "Add the e-mail domain to this connection here, or let the person use the connection that lists it."
    ),
    "other_person": _(
        "The address was given to somebody else, or the account was made anew. If that is right, confirm the new "
        "holder on the person's page; they can then sign in."
    ),
    "logout": _("%(place)s: compare %(logout)s with our Logout url, and the clocks."),
}

# In place of the sentence above, where it is known why the check failed.
BY_CAUSE: Final[Mapping[Cause, Promise]] = {
    Cause.NEVER_ASKED: _(
        "This site never sent the request that the message names. Whoever sees this often is being tried out, or has "
        "two sites behind one address."
    ),
    Cause.NO_COOKIE: _(
        "The browser kept our cookie back. Let it allow cookies for this site, and let the person begin under the "
        "address that PUBLIC_URL names, not under another name of the same site."
    ),
    Cause.OTHER_BROWSER: _(
        "The sign-in began in another browser or profile than the one that brought the answer. Let the person begin "
        "at the sign-in page again."
    ),
    Cause.TOO_OLD: _(
        "The person took longer than 15 minutes to answer. Let the person begin at the sign-in page again."
    ),
    Cause.ANSWERED: _(
        "The answer was handed in before: back and forward, or a page that was sent twice. Whoever is signed in just "
        "goes on."
    ),
    Cause.OTHER_CONNECTION: _(
        "The answer went to the ACS url of another connection than the one that asked. %(place)s: set %(acs)s to the "
        "ACS url of the connection that asks."
    ),
    Cause.TOO_LARGE: _(
        "The message is larger than 1 MB, mostly because of the groups in it. %(place)s: %(fewer_groups)s."
    ),
    Cause.TRANSIENT: _(
        "A transient NameID is another one at each sign-in. %(place)s: %(email_name_id)s; or choose a claim under "
        "'Who is signing in' on the connection here%(carried)s."
    ),
    Cause.NO_ADDRESS: _(
        "What names the person is no e-mail address. %(place)s: %(email_name_id)s; or choose a claim under 'Who is "
        "signing in' on the connection here%(carried)s."
    ),
    Cause.BEGUN_HERE: _("Nothing has to be changed. %(place)s: %(begin_here)s, and it begins here at once."),
}


def advice_about(check: str, cause: str, product: Product, claims: Iterable[str] = ()) -> str:
    """What to change about a failed check; "" for one that only attackers and broken software fail.

    ``claims``: the names of those that this very message carries and that look like an e-mail address.
    """
    text = BY_CAUSE[Cause(cause)] if cause in BY_CAUSE else ADVICE.get(check)
    if text is None:
        return ""
    return str(text) % {"carried": _carried_text(claims), **_product_terms(product)}


def usable_claims(statement: Mapping[str, Any]) -> list[str]:
    """The claims of a message's outline, masked or not, of which one could say who is signing in."""
    stated: Mapping[str, str] = statement.get("attributes", {})
    return [name for name, value in stated.items() if value.count("@") == 1 and ", " not in value][:3]


def _carried_text(claims: Iterable[str]) -> str:
    named = gettext(" or ").join(claims)
    return gettext("; this message carries %(claims)s") % {"claims": named} if named else ""


def _product_terms(product: Product) -> dict[str, str]:
    """The product's fields; where it has none for an address, the generic description of that setting."""
    return {field.name: getattr(product, field.name) or getattr(UNKNOWN, field.name) for field in fields(Product)}
