"""Has the identity provider a credential, and does what it provisions fit?"""

from datetime import timedelta

from django.utils import timezone

from gatekeeper.health.checks.result import Check, ok, warning
from gatekeeper.secrets.expiry_steps import WARN_AT
from gatekeeper.setup_steps import MAP_THE_WORK_EMAIL, NO_KEY, work_emails
from scim.models import ApiKey, ClientSecret, OAuthClient

WARN_BEFORE = timedelta(days=max(WARN_AT))  # before a key expires; as for certificates


def check_scim_key() -> Check:
    """Whether the directory has a credential, and for how long; a key that never ends is named."""
    keys = list(ApiKey.objects.active().order_by("-created_at"))
    if not keys:
        return _clients_alone()
    key, endless = keys[0], next((each for each in keys if each.expires_at is None), None)
    if key.expires_at is not None and (left := key.expires_at - timezone.now()) < WARN_BEFORE:
        fix = "Generate a new key with manage.py scim_key generate --rotate and paste it into the identity provider."
        return warning("scim_key", f"{key.name} expires in {left.days} days.", fix)
    if endless is not None:
        fix = (
            "Rotate it with an end (manage.py scim_key generate --rotate --expires ISO), or move to an OAuth client "
            "(manage.py scim_client create)."
        )
        return warning("scim_key", f"{endless.name} ({endless.hint}…) is active and has no end.", fix)
    return ok("scim_key", f"{key.name} is active for {left.days} more days.")


def _clients_alone() -> Check:
    """Without an API key: an OAuth client that can get a token, and until when."""
    clients = OAuthClient.objects.filter(revoked_at=None)
    if clients.exclude(issuer="").exists():
        return ok("scim_key", "There is no API key; an OAuth client with a federation takes its place.")
    secrets = ClientSecret.objects.filter(client__in=clients, revoked_at=None, expires_at__gt=timezone.now())
    last = secrets.select_related("client").order_by("-expires_at").first()
    if last is None:
        fix = "Generate a key on the SCIM page and paste it into the identity provider as Secret Token."
        return warning("scim_key", str(NO_KEY), fix)
    left = last.expires_at - timezone.now()
    if left < WARN_BEFORE:
        fix = "Make another secret with manage.py scim_client rotate and paste it into the identity provider."
        return warning("scim_key", f"The last secret of {last.client.name} ends in {left.days} days.", fix)
    return ok("scim_key", f"There is no API key; {last.client.name} has a secret for {left.days} more days.")


def check_work_email() -> Check:
    """Whether the work e-mail is what people sign in under, as far as what was provisioned shows it."""
    emails = work_emails()
    if emails.differing:
        return warning("work_email", emails.detail, str(MAP_THE_WORK_EMAIL))
    return ok("work_email", emails.detail)
