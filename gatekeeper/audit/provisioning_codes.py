"""Codes that the provisioning log stores, with their parameters; ``provisioning_texts.py`` makes text of them."""

from enum import StrEnum
from typing import Any

Change = dict[str, Any]

NAMED = 100  # elements of one attribute, ids of members; the rest is counted as ``more``
TEXT_LENGTH = 100  # characters of a value


class ChangeCode(StrEnum):
    """What a request changed: the ``code`` of each object in ``ProvisioningEntry.changed``."""

    USER_CREATED = "user_created"  # name
    USER_REVIVED = "user_revived"  # name
    USER_DELETED = "user_deleted"  # name
    USER_REPLACED = "user_replaced"  # name and id of the user who was deleted, since another person has the name
    GROUP_CREATED = "group_created"  # name
    GROUP_DELETED = "group_deleted"  # name
    MEMBERS_ADDED = "members_added"  # count, ids
    MEMBERS_REMOVED = "members_removed"  # count, ids
    ATTRIBUTE_SET = "attribute_set"  # attribute, after
    ATTRIBUTE_CHANGED = "attribute_changed"  # attribute, before, after
    ATTRIBUTE_REMOVED = "attribute_removed"  # attribute, before
    ELEMENTS_ADDED = "elements_added"  # attribute, elements, more
    ELEMENTS_REMOVED = "elements_removed"  # attribute, elements, more
    ELEMENTS_ALTERED = "elements_altered"  # attribute, elements (each with its changes), more
    ELEMENTS_REORDERED = "elements_reordered"  # attribute
    TEXT = "text"  # text: a sentence from before there were codes


class WarningCode(StrEnum):
    """What an administrator should look at: the ``code`` of each object in ``ProvisioningEntry.warnings``."""

    REMOVED_ALL = "removed_all"  # attribute, count: it was read as "remove all"


WORK_EMAIL = "work_email"  # an attribute of the directory: the address that sign-in compares, which follows from others


class FailureReason(StrEnum):
    """``ProvisioningEntry.reason`` of a failure, or of a refusal before anything was done. Other refusals have a
    scimType, a domain error's code or a status's name.
    """

    INTERNAL_ERROR = "internal_error"
    DATABASE_BUSY = "database_busy"
    TOO_MANY_REQUESTS = "too_many_requests"  # rate
    ADDRESS_NOT_ALLOWED = "address_not_allowed"  # address
