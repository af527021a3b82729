"""The closed list of events that others can subscribe to; docs/events.md says when each happens and what it holds."""

from enum import StrEnum


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
