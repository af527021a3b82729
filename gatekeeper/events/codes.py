"""The closed list of events that others can subscribe to; docs/events.md says when each happens and what it holds."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class EventCode(StrEnum):
    """``subject.what_happened``, as it stands in webhook deliveries and in the log."""

    USER_PROVISIONED = "user.provisioned"
    USER_LINKED = "user.linked"
    USER_DEACTIVATED = "user.deactivated"
    USER_DELETED = "user.deleted"
    ACCESS_CHANGED = "access.changed"
    SYNC_FAILED = "sync.failed"
    PROVISIONING_SILENT = "provisioning.silent"
    PROVISIONING_RESUMED = "provisioning.resumed"
    KEY_EXPIRING = "key.expiring"
    CERTIFICATE_EXPIRING = "certificate.expiring"
    DEPROVISIONING_ALERT = "deprovisioning.alert"
    PRIVILEGE_GAINED = "privilege.gained"
    BREAK_GLASS_USED = "break_glass.used"
    WEBHOOK_PAUSED = "webhook.paused"
    WEBHOOK_RESUMED = "webhook.resumed"
    AUDIT_TRAIL_DAMAGED = "audit_trail.damaged"


# What a webhook can be sent is a closed list; what came later is for e-mail.
FOR_MAIL_ONLY: Final = frozenset(
    {EventCode.WEBHOOK_PAUSED, EventCode.WEBHOOK_RESUMED, EventCode.AUDIT_TRAIL_DAMAGED},
)
WEBHOOK_EVENTS: Final = tuple(code for code in EventCode if code not in FOR_MAIL_ONLY)

EVENT_LABELS: Final[Mapping[EventCode, Promise]] = {
    EventCode.USER_PROVISIONED: _("A person was provisioned"),
    EventCode.USER_LINKED: _("A person can sign in through a connection now"),
    EventCode.USER_DEACTIVATED: _("A person was deactivated"),
    EventCode.USER_DELETED: _("A person was deleted"),
    EventCode.ACCESS_CHANGED: _("What people may do has changed"),
    EventCode.SYNC_FAILED: _("The SAML user sync has failed"),
    EventCode.PROVISIONING_SILENT: _("The identity provider has fallen silent"),
    EventCode.PROVISIONING_RESUMED: _("The identity provider asks again"),
    EventCode.KEY_EXPIRING: _("An API key or client secret expires"),
    EventCode.CERTIFICATE_EXPIRING: _("A signing certificate expires"),
    EventCode.DEPROVISIONING_ALERT: _("Unusually many people lose access"),
    EventCode.PRIVILEGE_GAINED: _("Somebody becomes Global Administrator"),
    EventCode.BREAK_GLASS_USED: _("A local administrator signed in"),
    EventCode.WEBHOOK_PAUSED: _("A webhook was paused, since it accepts nothing"),
    EventCode.WEBHOOK_RESUMED: _("A webhook that was paused so is sent events again"),
    EventCode.AUDIT_TRAIL_DAMAGED: _("The audit trail is damaged"),
}
