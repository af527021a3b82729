"""Which texts can be stored is asked once, whichever endpoint they came through."""

import pytest

from gatekeeper.directory.changes import GroupRecord, UserRecord
from gatekeeper.directory.field_values import NAME_LIMIT, require_valid_group, require_valid_user
from gatekeeper.errors import InvalidValue

TOO_LONG, WITH_NUL = "a" * (NAME_LIMIT + 1), "a\x00b"


@pytest.mark.parametrize(
    ("record", "attribute"),
    [
        (UserRecord(user_name=""), "userName"),
        (UserRecord(user_name=" "), "userName"),
        (UserRecord(user_name=TOO_LONG), "userName"),
        (UserRecord(user_name=WITH_NUL), "userName"),
        (UserRecord(user_name="a", external_id=TOO_LONG), "externalId"),
        (UserRecord(user_name="a", display_name=WITH_NUL), "displayName"),
        (UserRecord(user_name="a", work_email=TOO_LONG), "emails"),
    ],
)
def test_a_user_that_cannot_be_stored_is_refused_by_the_attribute(record: UserRecord, attribute: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        require_valid_user(record)
    assert refused.value.attribute == attribute


@pytest.mark.parametrize(
    ("record", "attribute"),
    [
        (GroupRecord(display_name=""), "displayName"),
        (GroupRecord(display_name=TOO_LONG), "displayName"),
        (GroupRecord(display_name="a", external_id=WITH_NUL), "externalId"),
    ],
)
def test_a_group_that_cannot_be_stored_is_refused_by_the_attribute(record: GroupRecord, attribute: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        require_valid_group(record)
    assert refused.value.attribute == attribute


def test_the_longest_names_are_stored() -> None:
    require_valid_user(UserRecord(user_name="a" * NAME_LIMIT, display_name="a" * NAME_LIMIT))
    require_valid_group(GroupRecord(display_name="a" * NAME_LIMIT))
