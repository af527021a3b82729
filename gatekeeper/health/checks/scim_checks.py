"""Has the identity provider a credential, and does what it provisions fit?"""

from datetime import timedelta

from django.utils import timezone

from gatekeeper.health.checks.result import Check, ok, warning
from gatekeeper.secrets.expiry_steps import WARN_AT
from gatekeeper.setup_steps import MAP_THE_WORK_EMAIL, NO_KEY, work_emails
from scim.models import ApiKey

WARN_BEFORE = timedelta(days=max(WARN_AT))  # before a key expires; as for certificates


def check_scim_key() -> Check:
    """Whether the directory has a key, and for how long."""
    key = ApiKey.objects.active().order_by("-created_at").first()
    if key is None:
        fix = "Generate a key on the SCIM page and paste it into the identity provider as Secret Token."
        return warning("scim_key", str(NO_KEY), fix)
    if key.expires_at is None:
        return ok("scim_key", f"{key.name} is active and does not expire.")
    left = key.expires_at - timezone.now()
    if left < WARN_BEFORE:
        fix = "Generate a new key with manage.py scim_key generate --rotate and paste it into the identity provider."
        return warning("scim_key", f"{key.name} expires in {left.days} days.", fix)
    return ok("scim_key", f"{key.name} is active for {left.days} more days.")


def check_work_email() -> Check:
    """Whether the work e-mail is what people sign in under, as far as what was provisioned shows it."""
    emails = work_emails()
    if emails.differing:
        return warning("work_email", emails.detail, str(MAP_THE_WORK_EMAIL))
    return ok("work_email", emails.detail)
