"""The sentences about a change: whatever differs is named, and each value that was taken away."""

from gatekeeper.directory.changes import UserRecord
from scim.protocol.schemas import ENTERPRISE_USER
from scim.request_log.differences import differences, lists_changed, user_differences, warnings_of

WORK, HOME = {"type": "work", "value": "w@x", "primary": True}, {"type": "home", "value": "h@x"}


def test_single_values_are_told_with_what_they_were():
    before = {"title": "A", "active": True, "name": {"givenName": "G"}, "nickName": "N"}
    after = {"title": "B", "active": False, "name": {"givenName": "G", "familyName": "F"}, "locale": "en"}

    assert differences(before, after) == [
        "title changed from “A” to “B”",
        "active changed from true to false",
        "nickName removed, which was “N”",
        "name.familyName set to “F”",
        "locale set to “en”",
    ]


def test_of_a_list_each_element_that_went_came_or_was_altered_is_named():
    before = {"emails": [WORK, HOME, {"value": "o@x"}]}
    after = {"emails": [{**WORK, "primary": False, "display": "W"}, {"value": "n@x"}]}

    assert differences(before, after) == [
        "emails removed: “h@x” (home), “o@x”",
        "emails added: “n@x”",
        "emails altered: “w@x” (work) primary changed from true to false, display set to “W”",
    ]
    assert differences(before, {}) == ["emails removed: “w@x” (work, primary), “h@x” (home), “o@x”"]


def test_elements_without_a_value_are_told_by_what_they_state():
    before = {"addresses": [{"type": "work", "locality": "Cardiff"}, {"locality": "Bath"}]}

    assert differences(before, {"addresses": [{"type": "work", "locality": "York"}]}) == [
        "addresses removed: (locality “Bath”)",
        "addresses altered: (work) locality changed from “Cardiff” to “York”",
    ]


def test_another_order_and_an_attribute_of_an_extension_are_changes_too():
    manager = {ENTERPRISE_USER: {"manager": {"value": "m"}, "department": "L"}}

    assert differences({"emails": [WORK, HOME]}, {"emails": [HOME, WORK]}) == ["emails put into another order"]
    assert differences(manager, {}) == ["manager.value removed, which was “m”", "department removed, which was “L”"]


def test_what_must_not_be_kept_is_not_told():
    before = {"x509Certificates": [{"value": "TUlJ", "type": "signing"}]}

    assert differences(before, {}) == ["x509Certificates removed: ••• (signing)"]


def test_the_sign_in_email_is_told_since_it_follows_from_the_rest():
    before = UserRecord(user_name="a", work_email="w@x", attributes={"emails": [WORK, HOME]})
    after = UserRecord(user_name="a", work_email="h@x", attributes={"emails": [HOME]})

    assert user_differences(before, after)[-1] == "sign-in e-mail changed from “w@x” to “h@x”"


def test_a_warning_is_given_for_what_was_emptied_and_had_something():
    gone = lists_changed({"emails": [WORK, HOME], "roles": [{"value": "r"}]}, {"roles": [{"value": "s"}]})

    assert warnings_of({"emails", "photos"}, gone) == [{"code": "removed_all", "attribute": "emails", "count": 2}]
