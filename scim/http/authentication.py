"""Authentication of a SCIM request by its bearer credential (RFC 6750 §2.1, RFC 7644 §2)."""

from gatekeeper.audit.request_counts import Counted, count
from gatekeeper.secrets.bearer_keys import bearer_credentials, record_use
from scim.attributes.registry import registry
from scim.credentials.access_tokens import ACCESS_TOKENS
from scim.credentials.api_keys import KEYS
from scim.credentials.networks import allows
from scim.credentials.settings import rate_of
from scim.http.errors import AddressNotAllowed, TooManyRequests, Unauthorized
from scim.http.request_context import ScimRequestContext
from scim.models import Credential
from scim.rate_limits.limiter import limiter
from scim.statements.find_credential import find_active

_EXPECTED = 'The header "Authorization: Bearer API_KEY" is expected, or an access token in its place.'


def authenticate(context: ScimRequestContext) -> None:
    """Find the active credential that the request carries, and accept it.

    ``Bearer KEY`` is accepted with the scheme in any case, and the key alone, which Okta's header mode may send.
    Raises: Unauthorized (401 with WWW-Authenticate). Cost: one query, and one write a minute.
    """
    header = context.request.headers.get("Authorization", "").strip()
    if not header:
        raise Unauthorized(f"No API key was sent. {_EXPECTED}")
    credentials = bearer_credentials(header)
    text = header if credentials is None else credentials
    if not text.startswith((KEYS.prefix, ACCESS_TOKENS.prefix)):
        raise Unauthorized(
            f"That is no credential of this site; its API keys begin with {KEYS.prefix}, and the access tokens of "
            f"/oauth2/token with {ACCESS_TOKENS.prefix}. {_EXPECTED}"
        )
    credential = find_active(text)
    if credential is None:
        raise Unauthorized(f"{_kind(text)} is unknown, incomplete, expired or revoked. {_EXPECTED}")
    accept(context, credential)


def accept(context: ScimRequestContext, credential: Credential) -> None:
    """Every request of an active credential comes through here, whichever statement found it.

    One that a simple read could not serve comes again, and is still one request. A Bulk request is one, too: what it
    may hold has a limit of its own (RFC 7644 §3.7.4), and it costs less than its operations sent one by one.
    Raises: AddressNotAllowed (403); TooManyRequests (429).
    """
    is_accepted = context.credential is not None
    context.credential = credential
    context.request.credential_id = credential.id  # type: ignore[attr-defined]  # for the request's line in the log
    context.schemas = registry.at(credential.attributes_version)
    if is_accepted:
        return
    address = context.request.META.get("REMOTE_ADDR", "")
    if not allows(credential, address):
        count(Counted.REFUSED_ADDRESS, credential.id)
        raise AddressNotAllowed(address)
    rate = rate_of(credential)
    seconds = limiter.seconds_to_wait(str(credential.id), rate)
    if seconds:
        count(Counted.THROTTLED, credential.id)
        raise TooManyRequests(rate, seconds)
    count(Counted.REQUEST, credential.id)
    record_use(credential)


def _kind(text: str) -> str:
    return "The access token" if text.startswith(ACCESS_TOKENS.prefix) else "The API key"
