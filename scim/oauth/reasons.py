"""Why a request for an access token was refused: stored codes, and the texts made of them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from gatekeeper.signed_tokens.reasons import TOKEN_TEXTS
from gatekeeper.stored_texts import text_of_code


class Reason(StrEnum):
    """The values are stored, beside those of ``TokenReason``."""

    # the request (RFC 6749 §3.2, §5.2)
    BODY_TOO_LONG = "body_too_long"
    NOT_A_FORM = "not_a_form"
    BODY_UNREADABLE = "body_unreadable"
    PARAMETERS_IN_ADDRESS = "parameters_in_address"
    PARAMETER_REPEATED = "parameter_repeated"
    NO_GRANT_TYPE = "no_grant_type"
    OTHER_GRANT_TYPE = "other_grant_type"
    SCOPE = "scope"
    # how the client shows who it is (RFC 6749 §2.3)
    NO_AUTHENTICATION = "no_authentication"
    TWO_WAYS = "two_ways"
    OTHER_SCHEME = "other_scheme"
    BASIC_UNREADABLE = "basic_unreadable"
    NO_SECRET = "no_secret"  # noqa: S105 - a code
    NO_CLIENT_ID = "no_client_id"
    NO_ASSERTION = "no_assertion"
    OTHER_ASSERTION_TYPE = "other_assertion_type"
    # the client
    CLIENT_UNKNOWN = "client_unknown"
    CLIENT_REVOKED = "client_revoked"
    CLIENT_HAS_NO_FEDERATION = "client_has_no_federation"
    CLIENT_IS_FEDERATED = "client_is_federated"
    NO_CLIENT_FOR_ASSERTION = "no_client_for_assertion"
    SEVERAL_CLIENTS = "several_clients"
    NETWORK = "network"
    # the secret
    SECRET_INCOMPLETE = "secret_incomplete"  # noqa: S105 - a code
    SECRET_UNKNOWN = "secret_unknown"  # noqa: S105 - a code
    SECRET_OF_ANOTHER_CLIENT = "secret_of_another_client"  # noqa: S105 - a code
    SECRET_REVOKED = "secret_revoked"  # noqa: S105 - a code
    SECRET_EXPIRED = "secret_expired"  # noqa: S105 - a code


REASON_TEXTS: Final[Mapping[Reason, Promise]] = {
    Reason.BODY_TOO_LONG: _("The request is longer than %(limit)s bytes."),
    Reason.NOT_A_FORM: _("The Content-Type is not application/x-www-form-urlencoded."),
    Reason.BODY_UNREADABLE: _("The form cannot be read."),
    Reason.PARAMETERS_IN_ADDRESS: _("Parameters stand in the address; they belong into the form."),
    Reason.PARAMETER_REPEATED: _("The parameter %(name)s is there twice."),
    Reason.NO_GRANT_TYPE: _("There is no grant_type."),
    Reason.OTHER_GRANT_TYPE: _("The grant_type is not client_credentials."),
    Reason.SCOPE: _("The scope is not one of this site: scim."),
    Reason.NO_AUTHENTICATION: _("The client sent neither a secret nor an assertion."),
    Reason.TWO_WAYS: _("The client authenticates in two ways at once."),
    Reason.OTHER_SCHEME: _("The Authorization header is not of the scheme Basic."),
    Reason.BASIC_UNREADABLE: _("The Basic Authorization header cannot be read."),
    Reason.NO_SECRET: _("There is a client_id without a client_secret."),
    Reason.NO_CLIENT_ID: _("There is a client_secret without a client_id."),
    Reason.NO_ASSERTION: _("Of client_assertion and client_assertion_type one is missing."),
    Reason.OTHER_ASSERTION_TYPE: _("The client_assertion_type is not that of a JWT."),
    Reason.CLIENT_UNKNOWN: _("There is no client with that client_id."),
    Reason.CLIENT_REVOKED: _("The client was revoked."),
    Reason.CLIENT_HAS_NO_FEDERATION: _("The client has a secret, and sent an assertion."),
    Reason.CLIENT_IS_FEDERATED: _("The client uses workload identity federation, and sent a secret."),
    Reason.NO_CLIENT_FOR_ASSERTION: _("No client has the issuer of this assertion."),
    Reason.SEVERAL_CLIENTS: _("Several clients fit this assertion, and it came without a client_id."),
    Reason.NETWORK: _("The client may not ask from this address; its networks are set on the SCIM page."),
    Reason.SECRET_INCOMPLETE: _("The client secret is incomplete, or is none of this site."),
    Reason.SECRET_UNKNOWN: _("There is no such client secret."),
    Reason.SECRET_OF_ANOTHER_CLIENT: _("The client secret is that of another client."),
    Reason.SECRET_REVOKED: _("The client secret was revoked."),
    Reason.SECRET_EXPIRED: _("The client secret has expired."),
}
_OF_ASSERTIONS: Final[Mapping[str, Promise]] = {reason.value: text for reason, text in TOKEN_TEXTS.items()}
_OF_REQUESTS: Final[Mapping[str, Promise]] = {reason.value: text for reason, text in REASON_TEXTS.items()}


def reason_text(reason: str, parameters: Mapping[str, Any] | None) -> str:
    """The sentence about a refusal in the language of the page; a code that this version does not know stays one."""
    if reason in _OF_ASSERTIONS:
        said = text_of_code(_OF_ASSERTIONS, reason, parameters)
        return str(_("The assertion is not believed: %(reason)s")) % {"reason": said}
    return text_of_code(_OF_REQUESTS, reason, parameters) if reason else ""


def answer_text(reason: str, parameters: Mapping[str, Any] | None) -> str:
    """The same in an answer to a machine: English, in the characters that RFC 6749 §5.2 allows."""
    with override(None):
        text = reason_text(reason, parameters)
    return "".join(each if " " <= each <= "~" and each not in '"\\' else "'" for each in text)
