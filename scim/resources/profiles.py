"""Conversion between a SCIM profile (an object of all that a client may set) and a directory record. Pure."""

from collections.abc import Mapping
from typing import Any

from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.changes import GroupRecord, UserRecord

Profile = dict[str, Any]

_USER_COLUMNS = frozenset({"userName", "active", "externalId", "displayName"})
_GROUP_COLUMNS = frozenset({"displayName", "externalId"})


def user_profile(record: UserRecord) -> Profile:
    """The profile of a user: one SCIM object without the attributes that only the server sets."""
    named = {
        "userName": record.user_name,
        "externalId": record.external_id,
        "active": record.active,
        "displayName": record.display_name,
    }
    return {**{name: value for name, value in named.items() if value is not None}, **record.attributes}


def user_record(profile: Mapping[str, Any], *, active_if_unstated: bool) -> UserRecord:
    """The record of a profile. Whether its texts can be stored is asked by the service that stores them."""
    return UserRecord(
        user_name=profile.get("userName") or "",
        active=profile.get("active", active_if_unstated),
        external_id=profile.get("externalId"),
        display_name=profile.get("displayName"),
        work_email=work_email(profile),
        attributes={name: value for name, value in profile.items() if name not in _USER_COLUMNS},
    )


def work_email(profile: Mapping[str, Any]) -> str | None:
    """The address that sign-in compares: the primary one of type work; else of type work; else the primary; else any.

    The first of several. A company that maps no e-mail still has userNames that are addresses, as Entra's are.
    """
    emails = [each for each in profile.get("emails") or () if each.get("value")]
    if not emails:
        user_name = profile.get("userName", "")
        return user_name if "@" in user_name else None
    return str(min(emails, key=lambda email: (not _is_work(email), email.get("primary") is not True))["value"])


def _is_work(email: Mapping[str, Any]) -> bool:
    return fold(str(email.get("type", ""))) == "work"


def group_profile(record: GroupRecord) -> Profile:
    """The profile of a group, without its members."""
    named = {"displayName": record.display_name, "externalId": record.external_id}
    return {**{name: value for name, value in named.items() if value is not None}, **record.attributes}


def group_record(profile: Mapping[str, Any]) -> GroupRecord:
    """The record of a profile. Whether its texts can be stored is asked by the service that stores them."""
    return GroupRecord(
        display_name=profile.get("displayName") or "",
        external_id=profile.get("externalId"),
        attributes={name: value for name, value in profile.items() if name not in _GROUP_COLUMNS},
    )
