"""Linking people to the names under which they sign in."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.identity_linking.conflicts import ConflictCode
from gatekeeper.directory.identity_linking.identity_providers import end_identity_provider
from gatekeeper.directory.identity_linking.sign_in import confirm_recycled_address, person_who_signs_in
from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import MappingVersion, SignInIdentity, User
from gatekeeper.directory.people.users import delete_user, edit_user
from gatekeeper.errors import SignInRefused
from tests.builders import ADMIN, ENTRA, link, make_provider, make_user, map_group

pytestmark = pytest.mark.django_db
HEX = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def everybody_has_access() -> None:
    map_group(None, "collaborator")


def names() -> set[str]:
    return set(SignInIdentity.objects.live().values_list("name_id_folded", flat=True))


def test_the_sync_links_active_people_once() -> None:
    make_provider()
    ada = make_user("Ada@example.com")

    assert (link().linked, link().linked) == (1, 0)
    assert access_of(ada).can_sign_in


def test_nobody_can_sign_in_before_the_sync_and_without_a_connection() -> None:
    ada = make_user()
    assert access_of(ada).blocked_because == "no_saml_connection"

    provider = make_provider()

    assert access_of(ada).blocked_because == "awaiting_saml_sync"
    with pytest.raises(SignInRefused) as refused:
        person_who_signs_in(provider.id, ada.user_name, None)
    assert refused.value.code == "awaiting_saml_sync"


def test_a_changed_work_email_is_rekeyed() -> None:
    provider = make_provider()
    ada = make_user("ada@example.com")
    link()
    edit_user(ada.id, lambda current: replace(current, work_email="ada.lee@example.com"), actor=ENTRA)

    report = link()

    assert (report.linked, report.unlinked) == (1, 1)
    assert names() == {"ada.lee@example.com"}
    assert person_who_signs_in(provider.id, "ADA.LEE@example.com", None).id == ada.id


def test_two_users_with_one_work_email_are_both_named_and_neither_is_linked() -> None:
    make_provider()
    first = make_user("ada@example.com")
    link()
    second = make_user("ada2@example.com", work_email="ADA@example.com")

    report = link()

    assert {conflict.user_name for conflict in report.conflicts} == {"ada@example.com", "ada2@example.com"}
    assert names() == set()
    assert access_of(first).blocked_because == access_of(second).blocked_because == "identity_conflict"


def test_a_conflict_heals_when_one_of_them_is_deactivated() -> None:
    make_provider()
    first = make_user("ada@example.com")
    second = make_user("ada2@example.com", work_email="ada@example.com")
    link()
    edit_user(second.id, lambda current: replace(current, active=False), actor=ENTRA)

    link()

    assert access_of(first).can_sign_in


def test_somebody_without_a_work_email_is_a_conflict_with_a_way_out() -> None:
    make_provider()
    make_user("ada", work_email=None)

    [conflict] = link().conflicts

    assert conflict.code is ConflictCode.NO_EMAIL
    assert "userPrincipalName" in conflict.reason


def test_a_deleted_user_is_unlinked_at_once() -> None:
    make_provider()
    ada = make_user()
    link()

    delete_user(ada.id, actor=ENTRA)

    assert names() == set()


def test_a_tombstone_leaves_the_identity_alone_so_that_restoring_heals_it() -> None:
    make_provider()
    ada = make_user("ada@example.com")
    link()

    def bury(current: object) -> object:
        return replace(current, user_name=f"{HEX}ada@example.com", work_email=f"{HEX}ada@example.com", active=False)  # type: ignore[type-var]

    def restore(current: object) -> object:
        return replace(current, user_name="ada@example.com", work_email="ada@example.com", active=True)  # type: ignore[type-var]

    edit_user(ada.id, bury, actor=ENTRA)  # type: ignore[arg-type]
    link()
    edit_user(ada.id, restore, actor=ENTRA)  # type: ignore[arg-type]

    assert access_of(User.objects.get(pk=ada.id)).can_sign_in


def test_an_address_handed_on_while_its_old_holder_is_inactive_links_the_new_holder() -> None:
    provider = make_provider()
    old = make_user("old@example.com", work_email="office@example.com")
    link()
    edit_user(old.id, lambda current: replace(current, active=False), actor=ENTRA)
    new = make_user("new@example.com", work_email="office@example.com")

    link()

    assert person_who_signs_in(provider.id, "office@example.com", None).id == new.id


def test_a_removed_connection_ends_its_links() -> None:
    provider = make_provider()
    ada = make_user()
    link()

    end_identity_provider(provider.id, actor=ADMIN)

    assert access_of(ada).blocked_because == "no_saml_connection"


def test_a_recycled_address_with_another_object_id_is_refused() -> None:
    provider = make_provider()
    make_user("ada@example.com")
    link()
    person_who_signs_in(provider.id, "ada@example.com", "object-1")

    with pytest.raises(SignInRefused) as refused:
        person_who_signs_in(provider.id, "ada@example.com", "object-2")

    assert refused.value.code == "other_person"


def test_an_administrator_can_confirm_the_new_holder_of_a_recycled_address() -> None:
    provider = make_provider()
    ada = make_user("ada@example.com")
    link()
    person_who_signs_in(provider.id, "ada@example.com", "object-1")

    confirm_recycled_address(ada.id, actor=ADMIN)

    assert person_who_signs_in(provider.id, "ada@example.com", "object-2") == ada
    with pytest.raises(SignInRefused):
        person_who_signs_in(provider.id, "ada@example.com", "object-1")


def test_an_unknown_person_is_refused() -> None:
    provider = make_provider()

    with pytest.raises(SignInRefused) as refused:
        person_who_signs_in(provider.id, "nobody@example.com", None)

    assert refused.value.code == "unknown_person"


def test_the_next_sync_is_at_minute_45() -> None:
    assert next_sync(datetime(2026, 1, 1, 9, 44, 59, tzinfo=UTC)) == datetime(2026, 1, 1, 9, 45, tzinfo=UTC)
    assert next_sync(datetime(2026, 1, 1, 23, 45, tzinfo=UTC)) == datetime(2026, 1, 2, 0, 45, tzinfo=UTC)


def test_linking_many_people_takes_queries_by_the_batch(django_assert_max_num_queries: object) -> None:
    make_provider()
    User.objects.bulk_create(
        User(
            user_name=f"u{number}@example.com",
            user_name_folded=f"u{number}@example.com",
            work_email=f"u{number}@example.com",
            work_email_folded=f"u{number}@example.com",
        )
        for number in range(400)
    )

    with django_assert_max_num_queries(30):  # type: ignore[operator]
        assert link().linked == 400


def test_before_anybody_decides_the_default_mapping_lets_people_into_the_portal_only(db: None) -> None:
    MappingVersion.objects.all().delete()

    assert access_of(make_user()).level is Level.EMPLOYEE_PORTAL
