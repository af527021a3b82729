"""What each event of the audit trail is in the Open Cybersecurity Schema Framework, version 1.8.0. Pure.

Source: https://schema.ocsf.io/1.8.0/. A receiver that reads 1.9 takes these documents too.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from gatekeeper.audit.events import Event

OCSF_VERSION: Final = "1.8.0"


class OcsfClass(IntEnum):
    """``class_uid``."""

    DETECTION_FINDING = 2004
    ACCOUNT_CHANGE = 3001
    AUTHENTICATION = 3002
    ENTITY_MANAGEMENT = 3004
    USER_ACCESS_MANAGEMENT = 3005
    GROUP_MANAGEMENT = 3006


class Severity(IntEnum):
    """``severity_id``."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5


class OcsfEvent(NamedTuple):
    """``activity``: of the class, by its caption; one that the class does not have is activity 99, Other."""

    kind: OcsfClass
    activity: str
    severity: Severity = Severity.INFORMATIONAL
    failed: bool = False


CLASS_NAMES: Final[Mapping[OcsfClass, str]] = {
    OcsfClass.DETECTION_FINDING: "Detection Finding",
    OcsfClass.ACCOUNT_CHANGE: "Account Change",
    OcsfClass.AUTHENTICATION: "Authentication",
    OcsfClass.ENTITY_MANAGEMENT: "Entity Management",
    OcsfClass.USER_ACCESS_MANAGEMENT: "User Access Management",
    OcsfClass.GROUP_MANAGEMENT: "Group Management",
}
CATEGORY_NAMES: Final[Mapping[int, str]] = {2: "Findings", 3: "Identity & Access Management"}
OTHER: Final = 99
ACTIVITIES: Final[Mapping[OcsfClass, Mapping[str, int]]] = {
    OcsfClass.DETECTION_FINDING: {"Create": 1, "Update": 2, "Close": 3},
    OcsfClass.ACCOUNT_CHANGE: {
        "Create": 1,
        "Enable": 2,
        "Password Change": 3,
        "Disable": 5,
        "Delete": 6,
        "MFA Factor Enable": 10,
        "MFA Factor Disable": 11,
    },
    OcsfClass.AUTHENTICATION: {"Logon": 1, "Logoff": 2},
    OcsfClass.ENTITY_MANAGEMENT: {
        "Create": 1,
        "Read": 2,
        "Update": 3,
        "Delete": 4,
        "Enable": 8,
        "Suspend": 12,
        "Resume": 13,
    },
    OcsfClass.USER_ACCESS_MANAGEMENT: {"Assign Privileges": 1, "Revoke Privileges": 2},
    OcsfClass.GROUP_MANAGEMENT: {
        "Assign Privileges": 1,
        "Revoke Privileges": 2,
        "Add User": 3,
        "Remove User": 4,
        "Delete": 5,
        "Create": 6,
    },
}

_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL
_FINDING, _ACCOUNT, _SIGN_IN = OcsfClass.DETECTION_FINDING, OcsfClass.ACCOUNT_CHANGE, OcsfClass.AUTHENTICATION
_ENTITY, _ACCESS, _GROUP = OcsfClass.ENTITY_MANAGEMENT, OcsfClass.USER_ACCESS_MANAGEMENT, OcsfClass.GROUP_MANAGEMENT

UNKNOWN: Final = OcsfEvent(_ENTITY, "Other")  # an event of a later release, while both run
OCSF_EVENTS: Final[Mapping[Event, OcsfEvent]] = {
    Event.USER_CREATED: OcsfEvent(_ACCOUNT, "Create"),
    Event.USER_REVIVED: OcsfEvent(_ACCOUNT, "Enable"),
    Event.USER_CHANGED: OcsfEvent(_ACCOUNT, "Update"),
    Event.USER_DEACTIVATED: OcsfEvent(_ACCOUNT, "Disable"),
    Event.USER_REACTIVATED: OcsfEvent(_ACCOUNT, "Enable"),
    Event.USER_DELETED: OcsfEvent(_ACCOUNT, "Delete"),
    Event.LANGUAGE_CHOSEN: OcsfEvent(_ACCOUNT, "Update"),
    Event.VIEW_SHARED: OcsfEvent(_ENTITY, "Update"),
    Event.VIEW_UNSHARED: OcsfEvent(_ENTITY, "Update"),
    Event.USER_ERASED: OcsfEvent(_ACCOUNT, "Erase"),
    Event.ADMINISTRATOR_CREATED: OcsfEvent(_ACCOUNT, "Create", _HIGH),
    Event.PASSWORD_CHANGED: OcsfEvent(_ACCOUNT, "Password Change", _MEDIUM),
    Event.SECOND_FACTOR_ADDED: OcsfEvent(_ACCOUNT, "MFA Factor Enable"),
    Event.SECOND_FACTOR_REMOVED: OcsfEvent(_ACCOUNT, "MFA Factor Disable", _MEDIUM),
    Event.PASSKEY_ADDED: OcsfEvent(_ACCOUNT, "MFA Factor Enable"),
    Event.PASSKEY_REMOVED: OcsfEvent(_ACCOUNT, "MFA Factor Disable", _MEDIUM),
    Event.LOCAL_ACCOUNT_RULE_SET: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.RECOVERY_CODE_USED: OcsfEvent(_SIGN_IN, "Recovery Code Used", _MEDIUM),
    Event.BREAK_GLASS_USED: OcsfEvent(_SIGN_IN, "Logon", _HIGH),
    Event.GROUP_CREATED: OcsfEvent(_GROUP, "Create"),
    Event.GROUP_CHANGED: OcsfEvent(_GROUP, "Update"),
    Event.GROUP_MEMBERS_CHANGED: OcsfEvent(_GROUP, "Change Members"),
    Event.GROUP_DELETED: OcsfEvent(_GROUP, "Delete"),
    Event.TEAM_CREATED: OcsfEvent(_ENTITY, "Create"),
    Event.TEAM_RENAMED: OcsfEvent(_ENTITY, "Update"),
    Event.TEAM_DELETED: OcsfEvent(_ENTITY, "Delete"),
    Event.TEAM_MERGED: OcsfEvent(_ENTITY, "Delete"),
    Event.MAPPING_SET: OcsfEvent(_GROUP, "Assign Privileges", _MEDIUM),
    Event.MAPPING_RESET: OcsfEvent(_GROUP, "Revoke Privileges", _MEDIUM),
    Event.DEFAULT_MAPPING_SET: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.FALLBACK_TEAM_CHOSEN: OcsfEvent(_ENTITY, "Update"),
    Event.LAST_GROUP_POLICY_SET: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.CHANGE_UNDONE: OcsfEvent(_ENTITY, "Update"),
    Event.RETENTION_SET: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.DEPROVISIONING_LIMITS_SET: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.DEPROVISIONING_ALERTED: OcsfEvent(_FINDING, "Create", _HIGH),
    Event.HELD_CHANGES_APPROVED: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.PRIVILEGE_GAINED: OcsfEvent(_ACCESS, "Assign Privileges", _HIGH),
    Event.PRIVILEGE_HELD: OcsfEvent(_ACCESS, "Hold Privileges", _HIGH),
    Event.API_KEY_GENERATED: OcsfEvent(_ENTITY, "Create", _MEDIUM),
    Event.API_KEY_REVOKED: OcsfEvent(_ENTITY, "Delete", _MEDIUM),
    Event.API_KEY_EXPIRING: OcsfEvent(_ENTITY, "Expire Soon", _LOW),
    Event.OAUTH_CLIENT_CREATED: OcsfEvent(_ENTITY, "Create", _MEDIUM),
    Event.OAUTH_CLIENT_REVOKED: OcsfEvent(_ENTITY, "Delete", _MEDIUM),
    Event.CLIENT_SECRET_ADDED: OcsfEvent(_ENTITY, "Create", _MEDIUM),
    Event.CLIENT_SECRET_REVOKED: OcsfEvent(_ENTITY, "Delete", _MEDIUM),
    Event.CLIENT_SECRET_EXPIRING: OcsfEvent(_ENTITY, "Expire Soon", _LOW),
    Event.CUSTOM_ATTRIBUTE_DECLARED: OcsfEvent(_ENTITY, "Create"),
    Event.CUSTOM_ATTRIBUTE_DESCRIBED: OcsfEvent(_ENTITY, "Update"),
    Event.CUSTOM_ATTRIBUTE_REMOVED: OcsfEvent(_ENTITY, "Delete"),
    Event.SCIM_CREDENTIAL_SET: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.PROVISIONING_SILENT: OcsfEvent(_FINDING, "Create", _MEDIUM),
    Event.PROVISIONING_RESUMED: OcsfEvent(_FINDING, "Close"),
    Event.WEBHOOK_CREATED: OcsfEvent(_ENTITY, "Create"),
    Event.WEBHOOK_DELETED: OcsfEvent(_ENTITY, "Delete"),
    Event.WEBHOOK_PAUSED: OcsfEvent(_ENTITY, "Suspend", _LOW),
    Event.WEBHOOK_RESUMED: OcsfEvent(_ENTITY, "Resume"),
    Event.WEBHOOK_TESTED: OcsfEvent(_ENTITY, "Read"),
    Event.WEBHOOK_REPLAYED: OcsfEvent(_ENTITY, "Read"),
    Event.MAIL_RECIPIENT_ADDED: OcsfEvent(_ENTITY, "Create"),
    Event.MAIL_RECIPIENT_CHANGED: OcsfEvent(_ENTITY, "Update"),
    Event.MAIL_RECIPIENT_REMOVED: OcsfEvent(_ENTITY, "Delete"),
    Event.MAIL_RECIPIENT_PAUSED: OcsfEvent(_ENTITY, "Suspend", _LOW),
    Event.MAIL_RECIPIENT_RESUMED: OcsfEvent(_ENTITY, "Resume"),
    Event.MAIL_TESTED: OcsfEvent(_ENTITY, "Read"),
    Event.STREAM_CREATED: OcsfEvent(_ENTITY, "Create", _MEDIUM),
    Event.STREAM_CHANGED: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.STREAM_DELETED: OcsfEvent(_ENTITY, "Delete", _HIGH),
    Event.STREAM_PAUSED: OcsfEvent(_ENTITY, "Suspend", _HIGH),
    Event.STREAM_RESUMED: OcsfEvent(_ENTITY, "Resume"),
    Event.STREAM_TESTED: OcsfEvent(_ENTITY, "Read"),
    Event.STREAM_REPLAYED: OcsfEvent(_ENTITY, "Read"),
    Event.API_TOKEN_CREATED: OcsfEvent(_ACCOUNT, "Add Credential", _MEDIUM),
    Event.API_TOKEN_REVOKED: OcsfEvent(_ACCOUNT, "Remove Credential"),
    Event.SETUP_LINK_CREATED: OcsfEvent(_ENTITY, "Create", _MEDIUM),
    Event.SETUP_LINK_OPENED: OcsfEvent(_ENTITY, "Read"),
    Event.SETUP_LINK_PRODUCT_CHOSEN: OcsfEvent(_ENTITY, "Update"),
    Event.SETUP_LINK_TEST_BEGUN: OcsfEvent(_ENTITY, "Update"),
    Event.SETUP_LINK_ASKED_FOR: OcsfEvent(_ENTITY, "Update"),
    Event.SETUP_LINK_FINISHED: OcsfEvent(_ENTITY, "Update"),
    Event.SETUP_LINK_REVOKED: OcsfEvent(_ENTITY, "Delete"),
    Event.TRACING_STARTED: OcsfEvent(_ENTITY, "Update", _LOW),
    Event.TRACING_STOPPED: OcsfEvent(_ENTITY, "Update"),
    Event.CONNECTION_CREATED: OcsfEvent(_ENTITY, "Create", _HIGH),
    Event.CONNECTION_CHANGED: OcsfEvent(_ENTITY, "Update", _HIGH),
    Event.CONNECTION_SWITCHED_ON: OcsfEvent(_ENTITY, "Enable", _HIGH),
    Event.CONNECTION_REFRESHED: OcsfEvent(_ENTITY, "Update"),
    Event.CONNECTION_DELETED: OcsfEvent(_ENTITY, "Delete", _HIGH),
    Event.KEY_PAIR_MADE: OcsfEvent(_ENTITY, "Create", _MEDIUM),
    Event.NEXT_KEY_PAIR_PUBLISHED: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.KEY_PAIR_REPLACED: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.CONNECTION_RENAMED: OcsfEvent(_ENTITY, "Update"),
    Event.CONNECTION_DOMAINS_SET: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.CERTIFICATE_EXPIRING: OcsfEvent(_ENTITY, "Expire Soon", _LOW),
    Event.SYNC_FINISHED: OcsfEvent(_ENTITY, "Update"),
    Event.IDENTITY_LINKED: OcsfEvent(_ACCOUNT, "Link Identity"),
    Event.IDENTITY_UNLINKED: OcsfEvent(_ACCOUNT, "Unlink Identity"),
    Event.IDENTITY_CONFIRMED: OcsfEvent(_ACCOUNT, "Confirm Identity", _MEDIUM),
    Event.IDENTITY_STATED: OcsfEvent(_ACCOUNT, "Update"),
    Event.SIGN_IN_ACCEPTED: OcsfEvent(_SIGN_IN, "Logon"),
    Event.SIGN_IN_REFUSED: OcsfEvent(_SIGN_IN, "Logon", _LOW, failed=True),
    Event.SIGN_IN_REFUSALS_COUNTED: OcsfEvent(_SIGN_IN, "Logon", _MEDIUM, failed=True),
    Event.SIGN_IN_VALUES_SHOWN: OcsfEvent(_ENTITY, "Read", _MEDIUM),
    Event.SIGN_IN_RENEWED: OcsfEvent(_SIGN_IN, "Logon"),
    Event.SIGN_INS_ENDED: OcsfEvent(_SIGN_IN, "Logoff"),
    Event.EVENT_SOURCE_SET: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.IDP_EVENT_ACCEPTED: OcsfEvent(_SIGN_IN, "Logoff"),
    Event.AUDIT_CARRIED_OVER: OcsfEvent(_ENTITY, "Update"),
    Event.AUDIT_VERIFIED: OcsfEvent(_ENTITY, "Read"),
    Event.AUDIT_DAMAGE_FOUND: OcsfEvent(_FINDING, "Create", _CRITICAL),
    Event.AUDIT_SEGMENT_SEALED: OcsfEvent(_ENTITY, "Seal", _LOW),
    Event.RETIRED_LIMITS_SET: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.RETIRED_ALERTED: OcsfEvent(_FINDING, "Create", _HIGH),
    Event.RETIRED_APPROVED: OcsfEvent(_ENTITY, "Update", _MEDIUM),
    Event.SECRET_KEY_CHANGED: OcsfEvent(_ENTITY, "Update", _HIGH),
}
