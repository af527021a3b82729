"""What a request does to a user: from the body to one verb of the directory, with the search index and the log.

Each function reads and judges the request, and returns what is left to be done in a transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gatekeeper.directory.changes import UserRecord
from gatekeeper.directory.models import User
from gatekeeper.directory.people.users import create_users, delete_user, edit_user, provision_user
from scim.http.request_context import ScimRequestContext
from scim.patch.parser import Patch, read_patch, read_resource
from scim.protocol.schemas import USER
from scim.query.search_index import clear_index, entries, insert, write_index
from scim.request_log.differences import lists_changed, user_differences, warnings_of
from scim.resources.profiles import user_profile, user_record

Expectation = Callable[[int], bool] | None
Write = Callable[[], User]

FEW_OPERATIONS = 20  # are applied in less time than it takes to read the record once more


def create(context: ScimRequestContext, body: Mapping[str, Any]) -> Write:
    """RFC 7644 §3.3. An inactive user of that name is revived with the same id: Okta assigns people again by POST.

    Who is stated to be another person ends, and a new user takes the name.
    Raises: what the dialect refuses; UserNameTaken (409); InvalidValue without a userName.
    """
    asked = read_resource(USER, body)
    profile = asked.edited({})
    context.user_label = str(profile.get("userName", ""))
    record, rows = user_record(profile, active_if_unstated=True), list(entries(profile))

    def write() -> User:
        context.ignored += asked.ignored
        made = provision_user(record, actor=context.actor)
        if made.former or made.replaced:
            clear_index([made.replaced.id if made.replaced else made.user.id])
        insert({made.user.id: rows})
        _name(context, made.user)
        if made.replaced:
            context.changed.append(
                f"Deleted user {made.replaced.user_name} ({made.replaced.id}): another person has the name"
            )
        context.changed.append(f"{'Revived' if made.former else 'Created'} user {made.user.user_name}")
        if made.former:
            context.changed += user_differences(made.former, record)
        return made.user

    return write


def create_many(
    contexts: Sequence[ScimRequestContext], bodies: Sequence[Mapping[str, Any]]
) -> Callable[[], list[User]]:
    """Several new users at once, with a fixed number of statements; all or nothing, and nobody is revived.

    Raises: what ``create`` raises for any of them, and UserNameTaken when a name is in use.
    """
    patches = [read_resource(USER, body) for body in bodies]
    profiles = [asked.edited({}) for asked in patches]
    records = [user_record(profile, active_if_unstated=True) for profile in profiles]
    rows = [list(entries(profile)) for profile in profiles]

    def write() -> list[User]:
        created = create_users(records, actor=contexts[0].actor)
        insert({user.id: found for user, found in zip(created, rows, strict=True)})
        for context, asked, user in zip(contexts, patches, created, strict=True):
            context.ignored += asked.ignored
            context.changed.append(f"Created user {user.user_name}")
            _name(context, user)
        return created

    return write


def replace(context: ScimRequestContext, user_id: UUID, body: Mapping[str, Any], expect: Expectation) -> Write:
    """RFC 7644 §3.5.1: what is not stated is cleared, except ``active``, which nobody loses or gets by omission."""
    return _edit(context, user_id, read_resource(USER, body, replaces=True), expect, replaces=True)


def patch(context: ScimRequestContext, user_id: UUID, body: Mapping[str, Any], expect: Expectation) -> Write:
    """RFC 7644 §3.5.2: all operations or none."""
    return _edit(context, user_id, read_patch(USER, body), expect, replaces=False)


def remove(context: ScimRequestContext, user_id: UUID, expect: Expectation) -> Callable[[], None]:
    """RFC 7644 §3.6. SCIM and its search forget the user; the record stays for the auditor."""
    context.user_id = user_id

    def write() -> None:
        user = delete_user(user_id, actor=context.actor, expect=expect)
        clear_index([user_id])
        _name(context, user)
        context.changed.append(f"Deleted user {user.user_name}")

    return write


def _edit(context: ScimRequestContext, user_id: UUID, asked: Patch, expect: Expectation, *, replaces: bool) -> Write:
    context.user_id = user_id
    edit = _Edit(asked, stated=asked.edited({}) if replaces else None)
    if not replaces and len(asked.operations) > FEW_OPERATIONS:
        edit.work_out_for(User.objects.provisioned().filter(pk=user_id).first())

    def write() -> User:
        context.ignored += asked.ignored
        user, changed = edit_user(user_id, edit, actor=context.actor, expect=expect)
        _name(context, user)
        if changed and edit.known is not None:
            before, after = map(user_profile, edit.known)
            write_index(user_id, before, after)
            context.changed += user_differences(*edit.known)
            context.warnings += warnings_of(asked.emptied, lists_changed(before, after))
        return user

    return write


@dataclass
class _Edit:
    """The pure function from the present record to the wanted one. ``known``: what it was applied to, and the result.

    ``stated``: the whole profile, where the request states it. What a record becomes is worked out once, so that a long
    PATCH can be worked out before the record is locked, and is worked out again only if it changed meanwhile.
    """

    asked: Patch
    stated: Mapping[str, Any] | None
    known: tuple[UserRecord, UserRecord] | None = None

    def __call__(self, record: UserRecord) -> UserRecord:
        if self.known is None or self.known[0] != record:
            before = user_profile(record)
            stated = self.asked.edited(before) if self.stated is None else self.stated
            wanted = user_record(stated, active_if_unstated=record.active)
            # Where no value changes, nothing derived changes either, such as by which address somebody signs in.
            self.known = record, record if user_profile(wanted) == before else wanted
        return self.known[1]

    def work_out_for(self, user: User | None) -> None:
        """Whom nobody knows is refused later, as everywhere."""
        if user is not None:
            self(user.record())


def _name(context: ScimRequestContext, user: User) -> None:
    context.user_id, context.user_label = user.id, user.label
