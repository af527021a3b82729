"""Access tokens of the token endpoint (RFC 6749 §5.1): opaque, stored only as a digest, of one hour."""

from datetime import timedelta

from django.utils import timezone

from gatekeeper.secrets.bearer_keys import KeyKind, digest
from scim.models import AccessToken, ClientSecret, OAuthClient

ACCESS_TOKENS = KeyKind("gka_")
LIFETIME = timedelta(hours=1)


def issue_token(client: OAuthClient, secret: ClientSecret | None) -> str:
    """A new token's text; ``secret``: the one that it ends with when that is revoked."""
    text = ACCESS_TOKENS.new()
    now = timezone.now()
    AccessToken.objects.create(
        digest=digest(text), client=client, secret=secret, created_at=now, expires_at=now + LIFETIME
    )
    return text
