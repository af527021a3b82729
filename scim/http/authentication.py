"""Authentication of a SCIM request by its bearer key (RFC 6750 §2.1, RFC 7644 §2)."""

from django.http import HttpRequest

from gatekeeper.secrets.bearer_keys import bearer_credentials
from scim.credentials.api_keys import KEYS
from scim.http.errors import Unauthorized
from scim.models import ApiKey
from scim.statements.find_key import find_active

_EXPECTED = 'The header "Authorization: Bearer API_KEY" is expected.'


def authenticate(request: HttpRequest) -> ApiKey:
    """The active key that the request carries.

    ``Bearer KEY`` is accepted with the scheme in any case, and the key alone, which Okta's header mode may send.
    Raises: Unauthorized (401 with WWW-Authenticate). Cost: one query, and one write a minute.
    """
    header = request.headers.get("Authorization", "").strip()
    if not header:
        raise Unauthorized(f"No API key was sent. {_EXPECTED}")
    credentials = bearer_credentials(header)
    text = header if credentials is None else credentials
    if not text.startswith(KEYS.prefix):
        raise Unauthorized(f"That is no API key of this site; its keys begin with {KEYS.prefix}. {_EXPECTED}")
    key = find_active(text)
    if key is None:
        raise Unauthorized(f"The API key is unknown, incomplete, expired or revoked. {_EXPECTED}")
    ApiKey.objects.record_use(key)
    return key
