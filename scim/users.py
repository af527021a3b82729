"""What a request does to a user: from the body to one verb of the directory, with the search index and the log."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from gatekeeper.directory.changes import UserRecord
from gatekeeper.directory.models import User
from gatekeeper.directory.users import create_user, create_users, delete_user, edit_user
from scim.differences import lists_changed, user_differences, warnings_of
from scim.exchange import Exchange
from scim.index import clear_index, entries, insert, replace_index, write_index
from scim.patch import Patch, read_patch, read_resource
from scim.records import user_profile, user_record
from scim.schemas import USER

Expectation = Callable[[int], bool] | None


def create(exchange: Exchange, body: Mapping[str, Any]) -> User:
    """RFC 7644 §3.3. An inactive user of that name is revived with the same id: Okta assigns people again by POST.

    Raises: what the dialect refuses; UserNameTaken (409); InvalidValue without a userName.
    """
    patch = read_resource(USER, body)
    exchange.ignored += patch.ignored
    profile = patch.edited({})
    exchange.user_label = str(profile.get("userName", ""))
    user = create_user(user_record(profile, active_if_unstated=True), actor=exchange.actor)
    is_new = user.version == 1
    replace_index(user.id, profile, is_new=is_new)
    _name(exchange, user)
    exchange.changed.append(f"{'Created' if is_new else 'Revived'} user {user.user_name}")
    return user


def create_many(exchanges: Sequence[Exchange], bodies: Sequence[Mapping[str, Any]]) -> list[User]:
    """Several new users at once, with a fixed number of statements; all or nothing, and nobody is revived.

    Raises: what ``create`` raises for any of them, and UserNameTaken when a name is in use.
    """
    patches = [read_resource(USER, body) for body in bodies]
    profiles = [asked.edited({}) for asked in patches]
    records = [user_record(profile, active_if_unstated=True) for profile in profiles]
    created = create_users(records, actor=exchanges[0].actor)
    insert({user.id: list(entries(profile)) for user, profile in zip(created, profiles, strict=True)})
    for exchange, asked, user in zip(exchanges, patches, created, strict=True):
        exchange.ignored += asked.ignored
        exchange.changed.append(f"Created user {user.user_name}")
        _name(exchange, user)
    return created


def replace(exchange: Exchange, user_id: UUID, body: Mapping[str, Any], expect: Expectation) -> User:
    """RFC 7644 §3.5.1: what is not stated is cleared, except ``active``, which nobody loses or gets by omission."""
    return _edit(exchange, user_id, read_resource(USER, body, replaces=True), expect, replaces=True)


def patch(exchange: Exchange, user_id: UUID, body: Mapping[str, Any], expect: Expectation) -> User:
    """RFC 7644 §3.5.2: all operations or none."""
    return _edit(exchange, user_id, read_patch(USER, body), expect, replaces=False)


def remove(exchange: Exchange, user_id: UUID, expect: Expectation) -> None:
    """RFC 7644 §3.6. SCIM and its search forget the user; the record stays for the auditor."""
    exchange.user_id = user_id
    user = delete_user(user_id, actor=exchange.actor, expect=expect)
    clear_index([user_id])
    _name(exchange, user)
    exchange.changed.append(f"Deleted user {user.user_name}")


def _edit(exchange: Exchange, user_id: UUID, asked: Patch, expect: Expectation, *, replaces: bool) -> User:
    exchange.user_id = user_id
    exchange.ignored += asked.ignored
    records: list[UserRecord] = []

    def edit(record: UserRecord) -> UserRecord:
        before = user_profile(record)
        wanted = user_record(asked.edited({} if replaces else before), active_if_unstated=record.active)
        records[:] = (record, wanted)
        # A request that changes no value changes nothing derived either, such as by which address somebody signs in.
        return record if user_profile(wanted) == before else wanted

    user, changed = edit_user(user_id, edit, actor=exchange.actor, expect=expect)
    _name(exchange, user)
    if changed:
        before, after = map(user_profile, records)
        write_index(user_id, before, after)
        exchange.changed += user_differences(*records)
        exchange.warnings += warnings_of(asked.emptied, lists_changed(before, after))
    return user


def _name(exchange: Exchange, user: User) -> None:
    exchange.user_id, exchange.user_label = user.id, user.label
