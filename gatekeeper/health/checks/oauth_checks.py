"""Do OAuth clients get their access tokens, and for how long?"""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from gatekeeper.health.checks.result import Check, ok, warning
from gatekeeper.health.checks.scim_checks import WARN_BEFORE
from scim.models import ClientSecret, OAuthClient, TokenRequest
from scim.oauth.presentation import advice_about, token_request_reason


def check_oauth_clients() -> list[Check]:
    """Whether each OAuth client has a secret that goes on, and gets its access tokens."""
    clients = OAuthClient.objects.filter(revoked_at=None).order_by("created_at")
    found = [check for client in clients for check in (*_secret_ends(client), *_gets_no_token(client))]
    return found or [ok("oauth_clients", f"{len(clients)} active." if clients else "There are none.")]


def _secret_ends(client: OAuthClient) -> Iterator[Check]:
    if client.is_federated:
        return
    fix = f"Run manage.py scim_client rotate {client.id} and enter the new secret at the identity provider."
    secrets = ClientSecret.objects.filter(client=client, revoked_at=None)
    last = secrets.order_by("-expires_at").values_list("expires_at", flat=True).first()
    now = timezone.now()
    if last is None or last <= now:
        yield warning("oauth_clients", f"{client.name} has no active secret.", fix)
    elif last - now < WARN_BEFORE:
        yield warning("oauth_clients", f"The secret of {client.name} expires in {(last - now).days} days.", fix)


def _gets_no_token(client: OAuthClient) -> Iterator[Check]:
    """The last request of the day was refused, so provisioning stops within the hour."""
    since = timezone.now() - timedelta(days=1)
    last = TokenRequest.objects.filter(client=client, at__gt=since).order_by("-pk").first()
    if last is not None and not last.accepted:
        reason = token_request_reason(last)
        fix = advice_about(last) or "Look it up in the token log."
        yield warning("oauth_clients", f"{client.name} was refused an access token: {reason}", fix)
