"""The changes of an edit: each attribute that differs is named, and each value that was removed."""

from gatekeeper.directory.changes import UserRecord
from scim.protocol.schemas import ENTERPRISE_USER
from scim.request_log.changes import attribute_changes, lists_changed, member_changes, user_changes, warnings_of

WORK, HOME = {"type": "work", "value": "w@x", "primary": True}, {"type": "home", "value": "h@x"}


def test_single_values_are_named_with_what_they_were():
    before = {"title": "A", "active": True, "name": {"givenName": "G"}, "nickName": "N"}
    after = {"title": "B", "active": False, "name": {"givenName": "G", "familyName": "F"}, "locale": "en"}

    assert attribute_changes(before, after) == [
        {"code": "attribute_changed", "attribute": "title", "before": "A", "after": "B"},
        {"code": "attribute_changed", "attribute": "active", "before": True, "after": False},
        {"code": "attribute_removed", "attribute": "nickName", "before": "N"},
        {"code": "attribute_set", "attribute": "name.familyName", "after": "F"},
        {"code": "attribute_set", "attribute": "locale", "after": "en"},
    ]


def test_of_a_list_each_removed_added_and_altered_element_is_named():
    before = {"emails": [WORK, HOME, {"value": "o@x"}]}
    after = {"emails": [{**WORK, "primary": False, "display": "W"}, {"value": "n@x"}]}

    assert attribute_changes(before, after) == [
        {"code": "elements_removed", "attribute": "emails", "elements": [HOME, {"value": "o@x"}]},
        {"code": "elements_added", "attribute": "emails", "elements": [{"value": "n@x"}]},
        {
            "code": "elements_altered",
            "attribute": "emails",
            "elements": [
                {
                    "element": {"value": "w@x", "type": "work"},
                    "changes": [
                        {"code": "attribute_changed", "attribute": "primary", "before": True, "after": False},
                        {"code": "attribute_set", "attribute": "display", "after": "W"},
                    ],
                }
            ],
        },
    ]
    assert attribute_changes(before, {}) == [
        {"code": "elements_removed", "attribute": "emails", "elements": [WORK, HOME, {"value": "o@x"}]}
    ]


def test_elements_without_a_value_are_known_by_what_they_state():
    before = {"addresses": [{"type": "work", "locality": "Cardiff"}, {"locality": "Bath"}]}

    removed, altered = attribute_changes(before, {"addresses": [{"type": "work", "locality": "York"}]})

    assert removed == {"code": "elements_removed", "attribute": "addresses", "elements": [{"locality": "Bath"}]}
    assert altered["elements"] == [
        {
            "element": {"type": "work"},
            "changes": [
                {"code": "attribute_changed", "attribute": "locality", "before": "Cardiff", "after": "York"},
            ],
        }
    ]


def test_another_order_and_an_attribute_of_an_extension_are_changes_too():
    manager = {ENTERPRISE_USER: {"manager": {"value": "m"}, "department": "L"}}

    assert attribute_changes({"emails": [WORK, HOME]}, {"emails": [HOME, WORK]}) == [
        {"code": "elements_reordered", "attribute": "emails"}
    ]
    assert attribute_changes(manager, {}) == [
        {"code": "attribute_removed", "attribute": "manager.value", "before": "m"},
        {"code": "attribute_removed", "attribute": "department", "before": "L"},
    ]


def test_secret_values_are_redacted():
    before = {"x509Certificates": [{"value": "TUlJ", "type": "signing"}]}

    assert "TUlJ" not in str(attribute_changes(before, {}))
    assert attribute_changes(before, {})[0]["elements"] == [{"value": "•••", "type": "signing"}]
    assert attribute_changes({"password": "a"}, {"password": "b"}) == [
        {"code": "attribute_changed", "attribute": "password", "before": "•••", "after": "•••"}
    ]


def test_long_values_and_long_lists_are_cut_off_and_counted():
    (long,) = attribute_changes({}, {"title": "x" * 300})
    (many,) = attribute_changes({"emails": [{"value": f"{n}@x"} for n in range(130)]}, {})
    added, removed = member_changes(range(2), range(150))

    assert long["after"] == "x" * 100 + "…"
    assert (len(many["elements"]), many["more"]) == (100, 30)
    assert added == {"code": "members_added", "count": 2, "ids": ["0", "1"]}
    assert (removed["count"], len(removed["ids"]), removed["more"]) == (150, 100, 50)


def test_the_sign_in_email_is_named_since_it_follows_from_the_rest():
    before = UserRecord(user_name="a", work_email="w@x", attributes={"emails": [WORK, HOME]})
    after = UserRecord(user_name="a", work_email="h@x", attributes={"emails": [HOME]})

    assert user_changes(before, after)[-1] == {
        "code": "attribute_changed",
        "attribute": "work_email",
        "before": "w@x",
        "after": "h@x",
    }


def test_a_warning_is_given_for_what_was_emptied_and_had_something():
    gone = lists_changed({"emails": [WORK, HOME], "roles": [{"value": "r"}]}, {"roles": [{"value": "s"}]})

    assert warnings_of({"emails", "photos"}, gone) == [{"code": "removed_all", "attribute": "emails", "count": 2}]
