"""What may be done to a person."""

from dataclasses import replace

import pytest

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.changes import UserRecord
from gatekeeper.directory.local_accounts.accounts import create_local_administrator
from gatekeeper.directory.models import ActivePeriod, SignIn, User
from gatekeeper.directory.people.users import create_user, create_users, delete_user, edit_user
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from gatekeeper.errors import (
    AdministratorExists,
    InvalidValue,
    NobodyCouldConfigure,
    UserNameTaken,
    UserNotFound,
    VersionMismatch,
)
from tests.builders import (
    ADMIN,
    ENTRA,
    add_members,
    link,
    make_administrator,
    make_group,
    make_provider,
    make_user,
    map_group,
)

pytestmark = pytest.mark.django_db


def set_active(user: User, active: bool) -> None:
    edit_user(user.id, lambda current: replace(current, active=active), actor=ENTRA)


def test_a_user_name_is_unique_in_any_case() -> None:
    make_user("Ada@example.com")

    with pytest.raises(UserNameTaken):
        make_user("aDA@EXAMPLE.com")


def test_both_spellings_of_an_accented_name_are_one_name() -> None:
    make_user("zo\u00eb@example.com")

    with pytest.raises(UserNameTaken):
        make_user("zoe\u0308@example.com")


def test_names_are_kept_as_sent() -> None:
    assert make_user("Ada@Example.com").user_name == "Ada@Example.com"


def test_a_local_administrator_and_a_provisioned_user_may_share_a_name() -> None:
    make_administrator("ada@example.com")

    assert make_user("ada@example.com").origin == "scim"


def test_creating_an_inactive_users_name_again_revives_them_with_their_groups() -> None:
    ada = make_user("ada@example.com")
    group = make_group(members=[ada])
    set_active(ada, False)

    revived = make_user("ADA@example.com", display_name="Ada Obi")

    assert revived.id == ada.id
    assert revived.user_name == "ADA@example.com"
    assert [source.name for source in access_of(revived).sources if source.kind == "group"] == [group.display_name]


def test_a_deleted_users_name_is_free_and_gives_a_new_person() -> None:
    ada = make_user("ada@example.com")
    delete_user(ada.id, actor=ENTRA)

    assert make_user("ada@example.com").id != ada.id


def test_deactivation_ends_sessions_at_once_and_keeps_the_memberships() -> None:
    ada = make_user()
    group = make_group(members=[ada])
    open_sign_in(ada, actor=ADMIN)

    set_active(ada, False)

    assert not SignIn.objects.live().exists()
    assert group.memberships.live().count() == 1


def test_reactivation_of_a_linked_user_restores_sign_in_at_once() -> None:
    make_provider()
    map_group(None, "collaborator")
    ada = make_user()
    link()
    set_active(ada, False)

    set_active(ada, True)

    assert access_of(User.objects.get(pk=ada.id)).can_sign_in


def test_a_changed_work_email_stops_the_old_name_at_once_and_changing_it_back_heals() -> None:
    make_provider()
    map_group(None, "collaborator")
    ada = make_user("ada@example.com")
    link()

    edit_user(ada.id, lambda current: replace(current, work_email="ada.lee@example.com"), actor=ENTRA)
    assert access_of(User.objects.get(pk=ada.id)).blocked_because == "awaiting_saml_sync"

    edit_user(ada.id, lambda current: replace(current, work_email="Ada@example.com"), actor=ENTRA)
    assert access_of(User.objects.get(pk=ada.id)).can_sign_in


def test_an_edit_that_changes_nothing_writes_nothing() -> None:
    ada = make_user()
    entries = AuditEntry.objects.count()

    user, changed = edit_user(ada.id, lambda current: current, actor=ENTRA)

    assert not changed
    assert user.version == ada.version
    assert AuditEntry.objects.count() == entries


def test_an_edit_tells_the_audit_trail_what_differed_and_who_did_it() -> None:
    ada = make_user(attributes={"title": "Clerk", "locale": "en"})

    edit_user(ada.id, lambda current: replace(current, attributes={"title": "Lead", "locale": "en"}), actor=ENTRA)

    entry = AuditEntry.objects.latest("id")
    assert (entry.event, entry.actor_name) == ("user.changed", "Entra")
    assert (entry.before, entry.after) == ({"title": "Clerk"}, {"title": "Lead"})


def test_a_version_that_is_not_the_expected_one_is_refused() -> None:
    ada = make_user()

    with pytest.raises(VersionMismatch):
        edit_user(ada.id, lambda current: current, actor=ENTRA, expect=lambda version: version == 7)


def test_renaming_to_a_taken_name_changes_nothing() -> None:
    make_user("bo@example.com")
    ada = make_user("ada@example.com")

    with pytest.raises(UserNameTaken):
        edit_user(ada.id, lambda current: replace(current, user_name="BO@example.com"), actor=ENTRA)

    assert User.objects.get(pk=ada.id).user_name == "ada@example.com"


def test_a_deleted_user_is_gone_for_every_verb() -> None:
    ada = make_user()
    delete_user(ada.id, actor=ENTRA)

    with pytest.raises(UserNotFound):
        delete_user(ada.id, actor=ENTRA)
    assert access_of(User.objects.get(pk=ada.id)).blocked_because == "deleted"


def test_scim_verbs_never_reach_a_local_administrator() -> None:
    root = make_administrator()

    with pytest.raises(UserNotFound):
        delete_user(root.id, actor=ENTRA)


def test_many_people_are_added_at_once_with_an_entry_each(django_assert_max_num_queries: object) -> None:
    wanted = [UserRecord(user_name=f"u{number}@example.com", active=number % 2 == 0) for number in range(100)]

    with django_assert_max_num_queries(13):  # type: ignore[operator]
        users = create_users(wanted, actor=ENTRA)

    assert [user.user_name for user in users] == [each.user_name for each in wanted]
    assert ActivePeriod.objects.live().count() == 50
    assert AuditEntry.objects.filter(event="user.created").count() == 100


@pytest.mark.parametrize("names", [["ada@example.com", "ADA@example.com"], ["new@example.com", "Taken@example.com"]])
def test_of_many_people_none_is_added_when_one_name_is_taken(names: list[str]) -> None:
    make_user("taken@example.com", active=False)

    with pytest.raises(UserNameTaken):
        create_users([UserRecord(user_name=name) for name in names], actor=ENTRA)

    assert User.objects.count() == 1


@pytest.mark.parametrize("user_name", ["", "   ", "a" * 600, "a\x00b"])
def test_a_user_name_that_cannot_be_stored_is_refused(user_name: str) -> None:
    with pytest.raises(InvalidValue):
        create_user(UserRecord(user_name=user_name), actor=ENTRA)


def test_activity_periods_tell_the_same_as_the_column() -> None:
    ada = make_user()
    set_active(ada, False)
    set_active(ada, True)
    set_active(ada, False)

    assert ActivePeriod.objects.filter(user=ada).count() == 2
    assert not ActivePeriod.objects.live().filter(user=ada).exists()


def test_the_last_person_who_can_configure_cannot_be_taken_away() -> None:
    make_provider()
    ada = make_user()
    group = make_group(members=[ada])
    map_group(group, "global_administrator", ["configuration"])
    link()

    with pytest.raises(NobodyCouldConfigure):
        set_active(ada, False)

    assert User.objects.get(pk=ada.id).active


def test_with_a_local_administrator_anybody_else_may_go() -> None:
    make_administrator()
    make_provider()
    ada = make_user()
    group = make_group()
    add_members(group, ada)
    map_group(group, "global_administrator", ["configuration"])
    link()

    delete_user(ada.id, actor=ENTRA)

    assert not User.objects.provisioned().exists()


def test_one_local_administrator_per_address() -> None:
    make_administrator("root@example.com")

    with pytest.raises(AdministratorExists):
        make_administrator("ROOT@example.com")


@pytest.mark.parametrize(("email", "password"), [("nobody", "long enough password"), ("a@example.com", "short")])
def test_a_local_administrator_needs_an_address_and_a_long_password(email: str, password: str) -> None:
    with pytest.raises(InvalidValue):
        create_local_administrator(email, password, actor=ADMIN)
