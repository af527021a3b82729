"""The checks of a request for a token as sentences, and what an administrator changes when one of them fails."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.signed_tokens.verification import CHECKS
from scim.oauth.reasons import Reason
from scim.oauth.token_requests import ASSERTION

CHECK_TEXTS: Final[Mapping[str, Promise]] = {
    "is_a_token_request": _("It is a form with each parameter once"),
    "authenticates_in_one_way": _("The client shows who it is, in one way"),
    "asks_for_client_credentials": _("The grant type is client_credentials"),
    "client_is_known": _("The client is known"),
    "client_is_active": _("The client was not revoked"),
    "secret_is_known": _("The secret is one of the client's"),
    "secret_is_active": _("The secret is neither revoked nor expired"),
    "is_a_token": _("The assertion is a signed token in compact form"),
    "has_an_allowed_algorithm": _("Its algorithm (alg) is one that is accepted"),
    "brings_no_key": _("Its header brings no key of its own"),
    "names_its_key": _("Its header names a key (kid)"),
    "has_the_expected_type": _("Its type (typ) is that of a client assertion"),
    "comes_from_the_issuer": _("Its issuer (iss) is the one that is set here"),
    "is_meant_for_us": _("Its audience (aud) is the one that is set here"),
    "is_about_the_subject": _("Its subject (sub) is the one that is set here"),
    "is_of_the_tenant": _("Its tenant (tid) is that of the issuer"),
    "states_times": _("Its times are numbers of seconds"),
    "was_issued_lately": _("It was issued (iat) within the last day"),
    "has_begun": _("It is valid already (nbf)"),
    "has_not_expired": _("It has not expired (exp)"),
    "has_an_id": _("Its id (jti) is one, if it has any"),
    "has_a_known_key": _("The key that it names is at the JWKS URL"),
    "is_signed_by_the_key": _("It is signed with that key"),
    "is_used_once": _("An assertion with an id (jti) was not used before"),
    "comes_from_an_allowed_network": _("The client may ask from this address"),
    "asks_for_a_scope_of_ours": _("The scope is one of this site"),
}

# The fact that made each check fail.
FACTS: Final[Mapping[str, Promise]] = {
    "is_a_token_request": _("The request is no form with each parameter once"),
    "authenticates_in_one_way": _("The client does not show who it is in one way"),
    "asks_for_client_credentials": _("The grant type is not client_credentials"),
    "client_is_known": _("The client is not known"),
    "client_is_active": _("The client was revoked"),
    "secret_is_known": _("The secret is none of the client's"),
    "secret_is_active": _("The secret was revoked or has expired"),
    "is_a_token": _("The assertion is no signed token"),
    "has_an_allowed_algorithm": _("The assertion's algorithm is not accepted"),
    "brings_no_key": _("The assertion brings a key of its own"),
    "names_its_key": _("The assertion does not name its key"),
    "has_the_expected_type": _("The token is of another type"),
    "comes_from_the_issuer": _("The assertion's issuer is another one"),
    "is_meant_for_us": _("The assertion's audience is another one"),
    "is_about_the_subject": _("The assertion's subject is another one"),
    "is_of_the_tenant": _("The assertion's tenant is another one"),
    "states_times": _("The assertion's times are no numbers"),
    "was_issued_lately": _("The assertion was issued long ago, or in the future"),
    "has_begun": _("The assertion is not valid yet"),
    "has_not_expired": _("The assertion has expired"),
    "has_an_id": _("The assertion's id is none"),
    "has_a_known_key": _("The assertion's key is not at the JWKS URL"),
    "is_signed_by_the_key": _("The assertion is not signed with the key that it names"),
    "is_used_once": _("The assertion was used before"),
    "comes_from_an_allowed_network": _("The client may not ask from this address"),
    "asks_for_a_scope_of_ours": _("The scope is none of this site"),
}

# What to do, by check; or by reason, where a check has several.
ADVICE: Final[Mapping[str, Promise]] = {
    Reason.NOT_A_FORM: _("Something else than Entra asked, or a proxy changed the request."),
    Reason.OTHER_GRANT_TYPE: _("In Entra choose OAuth2 client credentials grant, or Workload Identity Federation."),
    Reason.NO_AUTHENTICATION: _("Enter the client's secret in Entra, or choose Workload Identity Federation there."),
    Reason.NO_SECRET: _("Enter the client secret in Entra; it is shown once, when it is made here."),
    Reason.NO_CLIENT_ID: _("Copy the Client ID from here into Entra."),
    Reason.TWO_WAYS: _("Let the client send its secret in the header or in the form, not in both."),
    Reason.OTHER_SCHEME: _("A SCIM key or access token was sent to the Token URL; it belongs to the SCIM URL."),
    Reason.CLIENT_UNKNOWN: _("Copy the Client ID from here into Entra again, all of it."),
    Reason.CLIENT_REVOKED: _("Add a client here, and copy its Client ID into Entra."),
    Reason.CLIENT_HAS_NO_FEDERATION: _(
        "In Entra choose OAuth2 client credentials grant and enter the secret; or add a client here with workload "
        "identity federation, and copy its Client ID."
    ),
    Reason.CLIENT_IS_FEDERATED: _(
        "In Entra choose Workload Identity Federation; or add a client here with a secret, and copy its Client ID."
    ),
    Reason.NO_CLIENT_FOR_ASSERTION: _(
        "Add a client here with the issuer, JWKS URL, subject and audience that Entra shows, and copy its Client ID."
    ),
    Reason.SEVERAL_CLIENTS: _("Copy the Client ID into Entra, or revoke the clients that nobody uses."),
    Reason.SECRET_INCOMPLETE: _("Enter the client secret in Entra again, all of it; it begins with gks_."),
    Reason.SECRET_UNKNOWN: _("Make another secret for the client here, and enter it in Entra."),
    Reason.SECRET_OF_ANOTHER_CLIENT: _("The Client ID and the secret in Entra belong to two clients; enter one pair."),
    Reason.SECRET_REVOKED: _("Make another secret for the client here, and enter it in Entra."),
    Reason.SECRET_EXPIRED: _("Make another secret for the client here, enter it in Entra, and revoke the old one."),
    "has_an_allowed_algorithm": _("Entra signs with RS256. An assertion like this one is not Entra's."),
    "brings_no_key": _("Entra sends nothing like it. Somebody may be trying to bring a key of their own."),
    "has_the_expected_type": _("This is another kind of token than the one for client authentication."),
    "comes_from_the_issuer": _(
        "The token's issuer is %(stated)s; here stands %(expected)s. Compare Issuer on Entra's Connectivity page with "
        "the one here: version and tenant have to be the same. A wrong one here is put right with a new client."
    ),
    "is_meant_for_us": _(
        "The token's audience is %(stated)s; here stands %(expected)s. In Entra select the workload identity whose "
        "Audience was copied here, or add a client here with the one that Entra shows."
    ),
    "is_about_the_subject": _(
        "The token's subject is %(stated)s; here stands %(expected)s. Copy the Subject from Entra's Connectivity page: "
        "it is an object id, not the application's id. A wrong one here is put right with a new client."
    ),
    "is_of_the_tenant": _("The token's tenant is %(stated)s, and its issuer is another one's. It is not Entra's."),
    "was_issued_lately": _("Compare this server's clock with the right time, and set it by NTP."),
    "has_begun": _("Compare this server's clock with the right time, and set it by NTP."),
    "has_not_expired": _("Compare this server's clock with the right time, and set it by NTP."),
    "has_a_known_key": _(
        "Compare JWKS URL on Entra's Connectivity page with the one here, and look whether this server may reach it. "
        "After a change of keys the address is asked again within a minute."
    ),
    "is_signed_by_the_key": _("Compare JWKS URL on Entra's Connectivity page with the one here. It may be forged."),
    "is_used_once": _("The same assertion came twice: somebody repeats one, or a proxy sends requests again."),
    "comes_from_an_allowed_network": _("Add the address to the networks from which this client may come, if it is."),
    "asks_for_a_scope_of_ours": _("In Entra leave the scope empty, or set it to scim."),
}

_REQUEST = ("is_a_token_request", "authenticates_in_one_way", "asks_for_client_credentials")
_CLIENT = ("client_is_known", "client_is_active")
_SECRET = ("secret_is_known", "secret_is_active")
_AFTER = ("comes_from_an_allowed_network", "asks_for_a_scope_of_ours")


def check_names(method: str) -> list[str]:
    """The checks of a request in their order, by how its client shows who it is."""
    return [*_REQUEST, *_CLIENT, *(_of_assertions() if method == ASSERTION else _SECRET), *_AFTER]


def _of_assertions() -> list[str]:
    names = [check.__name__ for check in CHECKS]
    names.insert(names.index("was_issued_lately"), "states_times")
    return ["is_a_token", *names, "has_a_known_key", "is_signed_by_the_key", "is_used_once"]
