"""The directory's record of a SCIM profile, and the address that sign-in compares."""

import pytest

from gatekeeper.directory.field_values import require_valid_group, require_valid_user
from gatekeeper.errors import InvalidValue
from scim.protocol.schemas import ENTERPRISE_USER
from scim.resources.profiles import group_record, user_profile, user_record, work_email

WORK, HOME = {"type": "work", "value": "w@x"}, {"type": "home", "value": "h@x"}


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({"emails": [HOME, WORK]}, "w@x"),
        ({"emails": [HOME, {**WORK, "type": "Work"}]}, "w@x"),
        ({"emails": [HOME, {"value": "p@x", "primary": True}]}, "p@x"),
        ({"emails": [WORK, {"type": "work", "value": "p@x", "primary": True}]}, "p@x"),
        ({"emails": [{"type": "home", "value": "p@x", "primary": True}, HOME, WORK]}, "w@x"),
        ({"emails": [{"type": "work", "primary": True}, HOME, WORK]}, "w@x"),
        ({"emails": [{**WORK, "primary": False}, {"type": "work", "value": "second@x"}]}, "w@x"),
        ({"emails": [HOME, {"value": "o@x"}]}, "h@x"),
        ({"emails": [{"type": "work"}, HOME]}, "h@x"),
        ({"userName": "ada@x"}, "ada@x"),
        ({"userName": "ada"}, None),
        ({"userName": "ada@x", "emails": [HOME]}, "h@x"),
    ],
)
def test_the_work_email_is_the_primary_of_type_work_then_work_then_primary_then_first_then_the_name(profile, expected):
    assert work_email(profile) == expected


def test_a_profile_and_its_record_are_the_same_thing():
    """RFC 7643 §4.1, §4.2."""
    profile = {"userName": "ada", "externalId": "1", "active": False, "displayName": "A", "title": "T",
               ENTERPRISE_USER: {"department": "L"}}  # fmt: skip
    record = user_record(profile, active_if_unstated=True)

    assert user_profile(record) == profile
    assert dict(record.attributes) == {"title": "T", ENTERPRISE_USER: {"department": "L"}}


@pytest.mark.parametrize("unstated", [True, False])
def test_active_is_taken_over_when_it_is_not_stated(unstated):
    assert user_record({"userName": "a"}, active_if_unstated=unstated).active is unstated


@pytest.mark.parametrize("profile", [{}, {"userName": ""}, {"userName": "  "}])
def test_a_profile_without_a_name_makes_a_record_that_the_directory_refuses(profile):
    """RFC 7643 §4.1.1 and §4.2: userName and displayName are required."""
    with pytest.raises(InvalidValue, match="userName"):
        require_valid_user(user_record(profile, active_if_unstated=True))
    with pytest.raises(InvalidValue, match="displayName"):
        require_valid_group(group_record(profile))
