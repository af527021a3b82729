"""Text of the provisioning log is made of its codes, and of all of them."""

from typing import Any

import pytest

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.audit.provisioning_codes import ChangeCode
from gatekeeper.audit.provisioning_texts import (
    change_text,
    change_texts,
    held_text,
    reason_text,
    summary_text,
    warning_text,
)

WORK = {"value": "w@x", "type": "work", "primary": True}
CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"code": "user_created", "name": "a"}, "Created user a"),
    ({"code": "user_revived", "name": "a"}, "Revived user a"),
    ({"code": "user_deleted", "name": "a"}, "Deleted user a"),
    ({"code": "user_replaced", "name": "a", "id": "7"}, "Deleted user a (7): another person has the name"),
    ({"code": "group_created", "name": "G"}, "Created group G"),
    ({"code": "group_deleted", "name": "G"}, "Deleted group G"),
    ({"code": "members_added", "count": 1, "ids": ["7"]}, "Added 1 member: 7"),
    ({"code": "members_removed", "count": 4, "ids": ["7", "8"], "more": 2}, "Removed 4 members: 7, 8 and 2 more"),
    ({"code": "attribute_set", "attribute": "title", "after": "T"}, "title set to “T”"),
    (
        {"code": "attribute_changed", "attribute": "active", "before": True, "after": False},
        "active changed from true to false",
    ),
    ({"code": "attribute_removed", "attribute": "title", "before": "T"}, "title removed, which was “T”"),
    (
        {"code": "attribute_changed", "attribute": "work_email", "before": "a", "after": "b"},
        "sign-in e-mail changed from “a” to “b”",
    ),
    ({"code": "elements_added", "attribute": "emails", "elements": [WORK]}, "emails added: “w@x” (work, primary)"),
    (
        {"code": "elements_removed", "attribute": "addresses", "elements": [{"locality": "Bath"}], "more": 3},
        "addresses removed: (locality “Bath”) and 3 more",
    ),
    (
        {
            "code": "elements_altered",
            "attribute": "emails",
            "elements": [
                {
                    "element": {"value": "w@x", "type": "work"},
                    "changes": [{"code": "attribute_set", "attribute": "display", "after": "W"}],
                }
            ],
        },
        "emails altered: “w@x” (work) display set to “W”",
    ),
    ({"code": "elements_reordered", "attribute": "emails"}, "emails put into another order"),
    ({"code": "text", "text": "As it was"}, "As it was"),
]


@pytest.mark.parametrize(("change", "text"), CHANGES)
def test_each_change_has_a_text(change: dict[str, Any], text: str) -> None:
    assert change_text(change) == text


def test_every_code_of_a_change_has_a_text() -> None:
    assert {change["code"] for change, _ in CHANGES} == set(ChangeCode)


def test_what_this_version_does_not_know_is_shown_as_it_is() -> None:
    """A process of the version before writes sentences while the new one starts."""
    assert change_texts(["Created user a", {"code": "of_the_future"}]) == ["Created user a", "of_the_future"]
    assert change_texts(None) == []


def test_a_redacted_value_is_not_quoted() -> None:
    change = {"code": "elements_removed", "attribute": "x509Certificates", "elements": [{"value": "•••"}]}

    assert change_text(change) == "x509Certificates removed: •••"


@pytest.mark.parametrize(
    ("reason", "parameters", "detail", "text"),
    [
        ("", None, "", ""),
        ("", None, "Stored before there were reasons.", "Stored before there were reasons."),
        ("user_name_taken", {"user_name": "a"}, "…", "Another user already has the userName a."),
        ("user_name_taken", None, "The detail.", "The detail."),
        ("invalidValue", None, "active: 1 is neither.", "Invalid value: active: 1 is neither."),
        ("internal_error", None, "", "Failed"),
        ("of_the_future", None, "The detail.", "The detail."),
        (
            "held_for_approval",
            {"lost": 4, "active": 10, "minutes": 60},
            "…",
            "Held for approval: 4 of 10 active users would lose access within 60 minutes.",
        ),
        (
            "privilege_held",
            {"count": 5, "people": [{"id": str(n), "name": f"P{n}"} for n in range(5)]},
            "…",
            "Held for approval: Global Administrator for P0, P1, P2 and 2 more.",
        ),
        ("privilege_held", None, "The detail.", "The detail."),
    ],
)
def test_a_reason_is_made_of_its_parameters_or_is_the_detail_of_the_response(
    reason: str, parameters: Any, detail: str, text: str
) -> None:
    assert reason_text(ProvisioningEntry(reason=reason, parameters=parameters, detail=detail)) == text


def test_an_entry_in_one_line_is_why_not_or_what_changed() -> None:
    changed = [{"code": "user_created", "name": "a"}, {"code": "attribute_set", "attribute": "title", "after": "T"}]

    assert summary_text(ProvisioningEntry(changed=changed)) == "Created user a; title set to “T”"
    assert summary_text(ProvisioningEntry(reason="too_large", detail="Too large.", changed=changed)) == "Too large."
    assert summary_text(ProvisioningEntry()) == "Nothing"


def test_a_held_request_is_described_by_what_it_would_do() -> None:
    user_id = "00000000-0000-0000-0000-000000000007"
    gain = ProvisioningEntry(reason="privilege_held", parameters={"people": [{"id": "7", "name": "Ada"}]})

    assert held_text(gain, []) == "Make Ada Global Administrator"
    assert held_text(ProvisioningEntry(reason="privilege_held"), []) == "Make somebody Global Administrator"
    assert held_text(ProvisioningEntry(user_id=user_id, method="DELETE"), []) == "Delete the person"
    assert held_text(ProvisioningEntry(user_id=user_id, method="PATCH"), []) == "Deactivate the person"
    assert held_text(ProvisioningEntry(), []) == "Remove members from the group"
    assert held_text(ProvisioningEntry(), ["A", "B", "C", "D"]) == "Remove from the group: A, B, C and 1 more"


def test_a_warning_counts_what_was_removed() -> None:
    removed = {"code": "removed_all", "attribute": "emails", "count": 2}

    assert "took away all 2 emails without" in warning_text(removed)
    assert "took away the only value of emails without" in warning_text({**removed, "count": 1})
