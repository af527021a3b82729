"""The audit trail: its list and the page of an entry."""

from typing import Any

from django.test import Client

from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.models import AuditEntry
from tests.builders import make_team
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
