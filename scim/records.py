"""Between the SCIM profile (a JSON object of everything a client may set) and the directory's records. Pure."""

from collections.abc import Mapping
from typing import Any

from gatekeeper.directory.changes import GroupRecord, UserRecord
from gatekeeper.directory.folding import fold
from scim.errors import InvalidValue

Profile = dict[str, Any]

_USER_COLUMNS = frozenset({"userName", "active", "externalId", "displayName"})
_GROUP_COLUMNS = frozenset({"displayName", "externalId"})


def user_profile(record: UserRecord) -> Profile:
    """What the client stated about a person, as one SCIM object without the server's own attributes."""
    named = {
        "userName": record.user_name,
        "externalId": record.external_id,
        "active": record.active,
        "displayName": record.display_name,
    }
    return {**{name: value for name, value in named.items() if value is not None}, **record.attributes}


def user_record(profile: Mapping[str, Any], *, active_if_unstated: bool) -> UserRecord:
    """The record of a profile. Raises: InvalidValue when there is no userName."""
    user_name = profile.get("userName")
    if not user_name or not user_name.strip():
        raise InvalidValue("userName is required and can't be empty.")
    return UserRecord(
        user_name=user_name,
        active=profile.get("active", active_if_unstated),
        external_id=profile.get("externalId"),
        display_name=profile.get("displayName"),
        work_email=work_email(profile),
        attributes={name: value for name, value in profile.items() if name not in _USER_COLUMNS},
    )


def work_email(profile: Mapping[str, Any]) -> str | None:
    """The address that sign-in compares: of type work; else the primary one; else the first; else an address-like name.

    A company that maps no e-mail still has userNames that are addresses, as Entra's are.
    """
    emails = [each for each in profile.get("emails") or () if each.get("value")]
    for rule in (_is_work, _is_primary, bool):
        chosen = next((each for each in emails if rule(each)), None)
        if chosen is not None:
            return str(chosen["value"])
    user_name = profile.get("userName", "")
    return user_name if "@" in user_name else None


def _is_work(email: Mapping[str, Any]) -> bool:
    return fold(str(email.get("type", ""))) == "work"


def _is_primary(email: Mapping[str, Any]) -> bool:
    return email.get("primary") is True


def group_profile(record: GroupRecord) -> Profile:
    """What the client stated about a group, without its members."""
    named = {"displayName": record.display_name, "externalId": record.external_id}
    return {**{name: value for name, value in named.items() if value is not None}, **record.attributes}


def group_record(profile: Mapping[str, Any]) -> GroupRecord:
    """The record of a profile. Raises: InvalidValue when there is no displayName."""
    display_name = profile.get("displayName")
    if not display_name or not display_name.strip():
        raise InvalidValue("displayName is required and can't be empty.")
    return GroupRecord(
        display_name=display_name,
        external_id=profile.get("externalId"),
        attributes={name: value for name, value in profile.items() if name not in _GROUP_COLUMNS},
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What an edit changed, in sentences that an administrator reads in the log."""
    old, new = _flat(before), _flat(after)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [_sentence(name, old.get(name), new.get(name)) for name in names]


def _flat(profile: Mapping[str, Any]) -> Profile:
    """The attributes of extensions and of single objects beside the others: "department", "name.familyName"."""
    flat: Profile = {}
    for name, value in profile.items():
        if isinstance(value, dict):
            head = "" if name.startswith("urn:") else f"{name}."
            flat |= {f"{head}{inner}": each for inner, each in value.items()}
        else:
            flat[name] = value
    return flat


def _sentence(name: str, before: Any, after: Any) -> str:
    if isinstance(before or after, dict | list):
        return f"{name} changed" if before and after else f"{name} {'removed' if before else 'set'}"
    if before is None:
        return f"{name} set to {_shown(after)}"
    return f"{name} removed" if after is None else f"{name} changed from {_shown(before)} to {_shown(after)}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"“{str(value)[:100]}”"
