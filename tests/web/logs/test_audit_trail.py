"""The audit trail: its list and the page of an entry."""

from typing import Any

import pytest
from django.test import Client

from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.models import AuditEntry
from gatekeeper.web.logs.audit_trail import differences
from tests.builders import make_group, make_team, map_group
from tests.web.pages import text_of

LOG = "/provisioning-log/"


def test_the_audit_trail_shows_who_changed_what_before_and_after(admin_client: Client, administrator: Any) -> None:
    admin_client.post("/settings/configuration/scim/last-group-policy/", {"policy": "fallback"})
    entry = AuditEntry.objects.filter(event="last_group_policy.set").latest("id")

    listed = text_of(admin_client.get("/audit-trail/", {"event": "last_group_policy.set"}))
    detail = text_of(admin_client.get(f"/audit-trail/{entry.pk}/"))

    assert "Last group policy set" in listed
    assert "root@example.com" in listed
    assert "revoke" in detail
    assert "fallback" in detail


def test_the_audit_trail_shows_the_newest_link_and_each_entry_its_own(admin_client):
    make_team("Finance")
    link_new_entries()
    entry = AuditEntry.objects.get(event="team.created")

    assert head().digest[:12] in admin_client.get("/audit-trail/").content.decode()
    assert entry.digest in admin_client.get(f"/audit-trail/{entry.pk}/").content.decode()


def entry_of(before: object, after: object) -> AuditEntry:
    return AuditEntry(event="mapping.set", before=before, after=after)


def test_what_changed_comes_first_and_lists_are_compared_item_by_item() -> None:
    entry = entry_of(
        {"level": "none", "permissions": ["reports", "users"], "name": "GK Sales"},
        {"level": "none", "permissions": ["users", "history"], "name": "GK Sales 2", "teams": ["Sales"]},
    )

    found = {each.name: each for each in differences(entry)}

    assert list(found) == ["permissions", "name", "teams", "level"]
    permissions = found["permissions"]
    assert (permissions.removed, permissions.kept, permissions.added) == (["reports"], ["users"], ["history"])
    assert (found["teams"].removed, found["teams"].added) == ([], ["Sales"])
    assert not found["name"].is_of_lists
    assert not found["level"].differs


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, {"members": [{"value": 1}]}),
        ({"x": [1]}, {"x": "1"}),
        ({"x": None}, {"x": 1}),
        (None, None),
        ({"x": {}}, None),
    ],
)
def test_values_that_are_no_lists_of_texts_stand_as_they_are(before: object, after: object) -> None:
    assert not any(each.is_of_lists for each in differences(entry_of(before, after)))


def test_a_difference_is_in_words_too_not_in_colour_alone(admin_client: Client) -> None:
    group = make_group("GK Sales")
    map_group(group, "collaborator", ["reports"])
    map_group(group, "collaborator", ["history"])
    entry = AuditEntry.objects.filter(event="mapping.set").latest("id")

    text = text_of(admin_client.get(f"/audit-trail/{entry.pk}/"))

    assert "<del>reports</del>" in text
    assert "<ins>history</ins>" in text
    assert "unchanged" in text
