"""Text for administrators, made of the code and parameters of a refused metadata document when it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gatekeeper.language_forms import long_day_and_time
from gatekeeper.outbound.problems import fetch_problem_text
from saml.refusals.metadata_reasons import MetadataReason as Reason
from saml.refusals.texts import reason_text

TEXTS: Final[Mapping[Reason, Promise]] = {
    Reason.INTERNAL_ERROR: _("failed: internal error; the log says what, under %(reference)s."),
    Reason.UNFORESEEN: _("something in it was not foreseen; the log says what, under %(reference)s."),
    # the address, and what came from it
    Reason.NOT_FETCHED: _("%(problem)s"),
    Reason.TOO_LARGE: _("it is larger than 1 MB: something else, or too many identity providers at once."),
    Reason.UPLOAD_TOO_LARGE: _("it is larger than 1 MB."),
    Reason.UPLOAD_INCOMPLETE: _("it did not arrive whole; upload it again."),
    Reason.NOT_UTF16: _("it begins like UTF-16 and is not."),
    Reason.UNREADABLE_XML: _("%(problem)s"),
    # something else in place of metadata
    Reason.EMPTY: _(
        "it is empty, so there is no well-formed XML in it; give the SAML 2.0 metadata of the identity provider (XML)."
    ),
    Reason.ZIP_ARCHIVE: _(
        "it is a ZIP archive: unpack it, and give the SAML 2.0 metadata of the identity provider (XML)."
    ),
    Reason.PDF_DOCUMENT: _("it is a PDF document: give the SAML 2.0 metadata of the identity provider (XML)."),
    Reason.COMPRESSED_FILE: _(
        "it is compressed: unpack it, and give the SAML 2.0 metadata of the identity provider (XML)."
    ),
    Reason.SIGN_IN_PAGE: _(
        "it is a sign-in page (HTML), not metadata (no EntityDescriptor): the address has to answer with the XML "
        "itself, without anybody being signed in."
    ),
    Reason.WEB_PAGE: _(
        "it is a web page (HTML), not metadata (no EntityDescriptor): the address has to answer with the XML itself, "
        "without anybody being signed in."
    ),
    Reason.PEM_OR_DER: _("it is a %(kind)s, not metadata: give the SAML 2.0 metadata of the identity provider (XML)."),
    Reason.AN_ADDRESS: _("it is an address, not a document: enter it as the address of the metadata."),
    Reason.LIKE_JSON: _("it looks like JSON; give the SAML 2.0 metadata of the identity provider (XML)."),
    Reason.JSON: _("it is JSON; give the SAML 2.0 metadata of the identity provider (XML)."),
    Reason.OPENID_DISCOVERY: _(
        "it is an OpenID Connect discovery document (JSON), and this site speaks SAML: give the SAML 2.0 metadata of "
        "the identity provider (XML)."
    ),
    Reason.KEY_SET: _(
        "it is a set of keys for OpenID Connect (JSON Web Key Set), and this site speaks SAML: give the SAML 2.0 "
        "metadata of the identity provider (XML)."
    ),
    Reason.OTHER_NAMESPACE: _(
        "its %(name)s is in the namespace %(namespace)s, not in SAML 2.0's (urn:oasis:names:tc:SAML:2.0:metadata)."
    ),
    Reason.NO_NAMESPACE: _(
        "its %(name)s is in the namespace none, not in SAML 2.0's (urn:oasis:names:tc:SAML:2.0:metadata)."
    ),
    Reason.SAML_MESSAGE: _(
        "it is a SAML message (%(name)s), not metadata (no EntityDescriptor): give the SAML 2.0 metadata of the "
        "identity provider (XML)."
    ),
    Reason.SERVER_ERROR: _("the server answered with an error instead of metadata: %(detail)s"),
    Reason.OTHER_ROOT: _(
        "it is XML with the root %(name)s, not metadata (no EntityDescriptor): give the SAML 2.0 metadata of the "
        "identity provider (XML)."
    ),
    # the entity
    Reason.OTHER_PROTOCOLS: _(
        "it describes an identity provider for other protocols than SAML 2.0 (no IDPSSODescriptor for SAML 2.0): "
        "switch on SAML 2.0 there."
    ),
    Reason.OUR_OWN_METADATA: _(
        "it is this site's own metadata (no IDPSSODescriptor for SAML 2.0): that goes into the identity provider, and "
        "theirs comes here."
    ),
    Reason.SERVICE_PROVIDER: _(
        "it describes a service provider, not an identity provider (no IDPSSODescriptor for SAML 2.0): give the SAML "
        "2.0 metadata of the identity provider (XML)."
    ),
    Reason.WS_FEDERATION_ONLY: _(
        "it describes WS-Federation only (no IDPSSODescriptor for SAML 2.0): give the SAML 2.0 metadata of the "
        "identity provider (XML)."
    ),
    Reason.NO_IDENTITY_PROVIDER: _(
        "it does not describe an identity provider (no IDPSSODescriptor for SAML 2.0): give the SAML 2.0 metadata of "
        "the identity provider (XML)."
    ),
    Reason.EMPTY_AGGREGATE: _("it is an aggregate without any entity."),
    Reason.REPEATED_ENTITY: _("it describes %(entity_id)s more than once."),
    Reason.SEVERAL_ENTITIES: _("it describes %(count)s identity providers: choose one by its entityID (%(listed)s)."),
    Reason.SEVERAL_ENTITIES_AND_MORE: _(
        "it describes %(count)s identity providers: choose one by its entityID (%(listed)s and %(more)s more)."
    ),
    Reason.ENTITY_NOT_THERE: _("it does not describe %(entity_id)s, but %(count)s others (%(listed)s)."),
    Reason.ENTITY_NOT_THERE_AND_MORE: _(
        "it does not describe %(entity_id)s, but %(count)s others (%(listed)s and %(more)s more)."
    ),
    Reason.TWO_ROLES: _("it describes two SAML 2.0 identity providers under one entityID (IDPSSODescriptor)."),
    Reason.NO_ENTITY_ID: _("it has no usable entityID."),
    Reason.ALL_TENANTS: _(
        "this is Entra's document for all tenants (common); copy the App Federation Metadata Url of your application "
        "instead."
    ),
    Reason.ANOTHER_ENTITY: _("it describes %(stated)s, not %(entity_id)s."),
    # the sign-on and the logout address
    Reason.NO_SIGN_ON_ADDRESS: _("it has no sign-on address (SingleSignOnService), so it needs one over https."),
    Reason.UNUSABLE_SIGN_ON_ADDRESS: _("its sign-on address is not an https address that can be used: %(url)s"),
    Reason.NO_SIGN_ON_BINDING: _(
        "it has no https sign-on address with the HTTP-Redirect or HTTP-POST binding, only %(listed)s."
    ),
    Reason.LOGOUT_ADDRESS_LEFT_OUT: _(
        "The logout address was left out, since it is not an https address that can be used: %(url)s"
    ),
    # the signature, and its pin
    Reason.SIGNATURE_CHECK_FAILED: _("its signature does not hold (%(check)s)."),
    Reason.SIGNATURE_UNREADABLE: _("its signature does not hold (%(problem)s)"),
    Reason.NOT_A_PIN: _("the pin is the SHA-256 fingerprint of a certificate: 64 hexadecimal digits."),
    Reason.NOT_SIGNED: _("it is not signed."),
    Reason.NOT_ONE_SIGNATURE: _("it must have one signature, over the whole document."),
    Reason.SIGNER_NOT_STATED: _("its signature does not say with which certificate it was made."),
    Reason.SIGNER_UNUSABLE: _("its signature does not say with which certificate it was made: %(because)s"),
    Reason.NOT_THE_PINNED_SIGNER: _("it is signed with another certificate (%(sha256)s) than the pinned one."),
    Reason.SIGNER_NOT_YET_VALID: _("it is signed with a certificate that is not valid before %(moment)s UTC."),
    # certificates and their keys
    Reason.CERTIFICATE_TOO_LONG: _("it is too long for a certificate."),
    Reason.PEM_INCOMPLETE: _("it begins like PEM and does not end like it."),
    Reason.NO_CERTIFICATE_IN_PEM: _("it holds a %(label)s where a certificate belongs."),
    Reason.NOT_BASE64: _("it is not base64."),
    Reason.NOT_A_CERTIFICATE: _("it cannot be read as a certificate."),
    Reason.UNKNOWN_KEY: _("it has a key of an unknown kind or curve."),
    Reason.RSA_KEY_TOO_SHORT: _("it has an RSA key of only %(bits)s bits; at least %(least)s are needed."),
    Reason.WEAK_CURVE: _("it has an ECDSA key on the curve %(curve)s; P-256 or better is needed."),
    Reason.OTHER_KIND_OF_KEY: _("it has a key that is neither RSA nor ECDSA (%(kind)s)."),
    Reason.NO_SIGNING_CERTIFICATE: _(
        "it has no signing certificate that can be used, so nobody could be signed in with it."
    ),
    Reason.NO_USABLE_CERTIFICATE: _(
        "it has no signing certificate that can be used, so nobody could be signed in with it. %(because)s"
    ),
    Reason.TOO_MANY_CERTIFICATES: _("it has more than %(most)s signing certificates."),
    Reason.OTHER_USE_LEFT_OUT: _("A key was left out: its use is %(use)s, neither signing nor encryption."),
    Reason.KEY_WITHOUT_CERTIFICATE: _("A signing key was left out: it comes without a certificate (X509Certificate)."),
    Reason.ISSUED_ONLY: _("it only issued the certificate %(below)s beside it, which is the one that signs."),
    Reason.CERTIFICATE_LEFT_OUT: _("The certificate %(subject)s (SHA-256 %(sha256)s…) was left out: %(because)s"),
    Reason.UNREAD_CERTIFICATE_LEFT_OUT: _("A certificate was left out: %(because)s"),
    # times
    Reason.VALID_UNTIL_LEFT_OUT: _("Its validUntil was left out, since it is not a time: %(stated)s"),
    Reason.CACHE_DURATION_LEFT_OUT: _("Its cacheDuration was left out, since it is not a duration: %(stated)s"),
    Reason.NO_LONGER_VALID: _(
        "it was valid until %(moment)s UTC only (validUntil); have the identity provider publish it again."
    ),
    Reason.CERTIFICATES_EXPIRED: _("all of its signing certificates have expired."),
    Reason.CERTIFICATES_NOT_YET_VALID: _(
        "none of its signing certificates is valid yet; the first one is from %(moment)s UTC on."
    ),
    # in place of the document in force
    Reason.ENTITY_ID_CHANGED: _(
        "its entityID is another identity provider's; create a new connection if you mean to change over."
    ),
    Reason.SIGN_ON_HOST_CHANGED: _("its sign-on address is on another host; refresh by hand to see it and take it."),
    Reason.IN_FORCE_REFUSED: _("The document in force would be refused today: %(because)s"),
    Reason.SIGNER_UNKNOWN: _("the document would be refused today: %(because)s"),
    Reason.MORE_LEFT_OUT: _("%(count)s more parts were left out."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found wrong with metadata or a part of it. ``parameters`` are JSON; ``str()`` is text to be shown."""

    code: Reason
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As JSON, alone or as ``because`` of another one."""
        return {"code": self.code.value, "parameters": dict(self.parameters)}

    def __str__(self) -> str:
        return text_of(self.code, self.parameters)


def text_of(code: str, parameters: Mapping[str, Any] | None) -> str:
    """The sentence. A code that this version does not know is shown as it is."""
    stated = parameters or {}
    if code == Reason.TEXT:
        return str(stated.get("text", ""))
    if code not in TEXTS:
        return code
    try:
        shown = {name: _shown(name, value) for name, value in stated.items()}
        if "problem" in stated:
            shown["problem"] = _problem_text(code, stated["problem"], stated)
        return str(TEXTS[Reason(code)]) % shown
    except KeyError:  # A parameter is missing: written by another version of this site.
        return code


def stored_text(finding: Mapping[str, Any]) -> str:
    """The sentence of a stored ``Finding``."""
    return text_of(finding["code"], finding.get("parameters"))


def _shown(name: str, value: Any) -> str:
    if name == "moment":
        return long_day_and_time(datetime.fromisoformat(value))
    if name == "because":
        return " ".join(stored_text(each) for each in (value if isinstance(value, list) else [value]))
    if isinstance(value, list):
        return ", ".join(value)
    if name == "subject":
        return value or gettext("no subject")
    return str(value)


def _problem_text(code: str, problem: str, stated: Mapping[str, Any]) -> str:
    if code == Reason.NOT_FETCHED:
        return fetch_problem_text(problem, stated)
    text = reason_text(problem, {name: value for name, value in stated.items() if name != "problem"})
    return text[:1].lower() + text[1:] if code == Reason.UNREADABLE_XML else text
