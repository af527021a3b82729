"""Changes of users over SCIM: from the body to one service function of the directory, with search index and log.

Each function reads and checks the request, and returns the function that is to run in a transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gatekeeper.audit.provisioning_codes import ChangeCode
from gatekeeper.directory.changes import UserRecord
from gatekeeper.directory.models import User
from gatekeeper.directory.people.users import create_users, delete_user, edit_user, provision_user
from scim.http.request_context import ScimRequestContext
from scim.patch.parser import Patch, read_patch, read_resource
from scim.query.search_index import clear_index, entries, insert, write_index
from scim.request_log.changes import lists_changed, name_change, user_changes, warnings_of
from scim.resources.profiles import user_profile, user_record

Expectation = Callable[[int], bool] | None
Write = Callable[[], User]

FEW_OPERATIONS = 20  # applying these takes less time than reading the record once more


def create(context: ScimRequestContext, body: Mapping[str, Any]) -> Write:
    """RFC 7644 §3.3. An inactive user of that name is revived with the same id: Okta assigns people again by POST.

    A user who is stated to be another person is deleted, and a new user takes the name.
    Raises: what reading the body raises; UserNameTaken (409); InvalidValue without a userName.
    """
    parsed = read_resource(context.schemas.user, body, is_strict=context.is_strict)
    profile = parsed.edited({})
    context.user_label = str(profile.get("userName", ""))
    record, rows = user_record(profile, active_if_unstated=True), list(entries(profile, context.schemas.user))

    def write() -> User:
        context.ignored += parsed.ignored
        made = provision_user(record, actor=context.actor)
        if made.former or made.replaced:
            clear_index([made.replaced.id if made.replaced else made.user.id])
        insert({made.user.id: rows})
        _note_user(context, made.user)
        if made.replaced:
            former = made.replaced
            context.changed.append(name_change(ChangeCode.USER_REPLACED, former.user_name, id=str(former.id)))
        code = ChangeCode.USER_REVIVED if made.former else ChangeCode.USER_CREATED
        context.changed.append(name_change(code, made.user.user_name))
        if made.former:
            context.changed += user_changes(made.former, record)
        return made.user

    return write


def create_many(
    contexts: Sequence[ScimRequestContext], bodies: Sequence[Mapping[str, Any]]
) -> Callable[[], list[User]]:
    """Several new users at once, with a fixed number of statements; all or nothing, and nobody is revived.

    Raises: what ``create`` raises for any of them, and UserNameTaken when a name is in use.
    """
    known, is_strict = contexts[0].schemas.user, contexts[0].is_strict
    patches = [read_resource(known, body, is_strict=is_strict) for body in bodies]
    profiles = [parsed.edited({}) for parsed in patches]
    records = [user_record(profile, active_if_unstated=True) for profile in profiles]
    rows = [list(entries(profile, known)) for profile in profiles]

    def write() -> list[User]:
        created = create_users(records, actor=contexts[0].actor)
        insert({user.id: found for user, found in zip(created, rows, strict=True)})
        for context, parsed, user in zip(contexts, patches, created, strict=True):
            context.ignored += parsed.ignored
            context.changed.append(name_change(ChangeCode.USER_CREATED, user.user_name))
            _note_user(context, user)
        return created

    return write


def replace(context: ScimRequestContext, user_id: UUID, body: Mapping[str, Any], expect: Expectation) -> Write:
    """RFC 7644 §3.5.1: what is not stated is cleared, except ``active``, which nobody loses or gets by omission."""
    parsed = read_resource(context.schemas.user, body, replaces=True, is_strict=context.is_strict)
    return _edit(context, user_id, parsed, expect, replaces=True)


def patch(context: ScimRequestContext, user_id: UUID, body: Mapping[str, Any], expect: Expectation) -> Write:
    """RFC 7644 §3.5.2: all operations or none."""
    parsed = read_patch(context.schemas.user, body, is_strict=context.is_strict)
    return _edit(context, user_id, parsed, expect, replaces=False)


def remove(context: ScimRequestContext, user_id: UUID, expect: Expectation) -> Callable[[], None]:
    """RFC 7644 §3.6. SCIM does not find the user any more; the record stays for the audit trail."""
    context.user_id = user_id

    def write() -> None:
        user = delete_user(user_id, actor=context.actor, expect=expect)
        clear_index([user_id])
        _note_user(context, user)
        context.changed.append(name_change(ChangeCode.USER_DELETED, user.user_name))

    return write


def _edit(context: ScimRequestContext, user_id: UUID, parsed: Patch, expect: Expectation, *, replaces: bool) -> Write:
    context.user_id = user_id
    edit = _Edit(parsed, stated=parsed.edited({}) if replaces else None)
    if not replaces and len(parsed.operations) > FEW_OPERATIONS:
        edit.prepare(User.objects.provisioned().filter(pk=user_id).first())

    def write() -> User:
        context.ignored += parsed.ignored
        user, changed = edit_user(user_id, edit, actor=context.actor, expect=expect)
        _note_user(context, user)
        if changed and edit.known is not None:
            before, after = map(user_profile, edit.known)
            write_index(user_id, before, after, context.schemas.user)
            context.changed += user_changes(*edit.known)
            context.warnings += warnings_of(parsed.emptied, lists_changed(before, after))
        return user

    return write


@dataclass
class _Edit:
    """The pure function from the present record to the wanted one. ``known``: the last record and its result.

    ``stated``: the whole profile, where the request states it. The result for one record is kept, so that a long PATCH
    is applied before the record is locked, and again only if the record has changed meanwhile.
    """

    parsed: Patch
    stated: Mapping[str, Any] | None
    known: tuple[UserRecord, UserRecord] | None = None

    def __call__(self, record: UserRecord) -> UserRecord:
        if self.known is None or self.known[0] != record:
            before = user_profile(record)
            stated = self.parsed.edited(before) if self.stated is None else self.stated
            wanted = user_record(stated, active_if_unstated=record.active)
            # Where no value changes, nothing derived changes either, such as by which address somebody signs in.
            self.known = record, record if user_profile(wanted) == before else wanted
        return self.known[1]

    def prepare(self, user: User | None) -> None:
        """Apply it to a record before that is locked. A missing user is refused later, by the service function."""
        if user is not None:
            self(user.record())


def _note_user(context: ScimRequestContext, user: User) -> None:
    context.user_id, context.user_label = user.id, user.label
