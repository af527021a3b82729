"""The migration that puts codes into provisioning entries from before there were any."""

from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.audit.provisioning_texts import change_texts, reason_text
from gatekeeper.directory.deprovisioning_limits.limits import held_entries
from gatekeeper.errors import HeldForApproval, PrivilegeHeld

migration = import_module("gatekeeper.audit.migrations.0009_code_former_entries")
ADA, BO = "0b7f3c52-8f5b-4a25-9a3e-6e1f4f1f0a01", "0b7f3c52-8f5b-4a25-9a3e-6e1f4f1f0a02"
SENTENCES = {
    "Created user ada@x.com": {"code": "user_created", "name": "ada@x.com"},
    "Revived user ada@x.com": {"code": "user_revived", "name": "ada@x.com"},
    "Deleted user ada@x.com": {"code": "user_deleted", "name": "ada@x.com"},
    f"Deleted user a (b) ({ADA}): another person has the name": {"code": "user_replaced", "name": "a (b)", "id": ADA},
    "Created group GK Finance": {"code": "group_created", "name": "GK Finance"},
    "Deleted group GK Finance": {"code": "group_deleted", "name": "GK Finance"},
    f"Added 1 member: {ADA}": {"code": "members_added", "count": 1, "ids": [ADA]},
    f"Removed 3 members: {ADA}, {BO} and 1 more": {
        "code": "members_removed",
        "count": 3,
        "ids": [ADA, BO],
        "more": 1,
    },
    "name.familyName set to “F”": {"code": "attribute_set", "attribute": "name.familyName", "after": "F"},
    "active changed from true to false": {
        "code": "attribute_changed",
        "attribute": "active",
        "before": True,
        "after": False,
    },
    "title removed, which was “T”": {"code": "attribute_removed", "attribute": "title", "before": "T"},
    "sign-in e-mail changed from “a” to “b”": {
        "code": "attribute_changed",
        "attribute": "work_email",
        "before": "a",
        "after": "b",
    },
    "emails put into another order": {"code": "elements_reordered", "attribute": "emails"},
}
UNCLEAR = (
    "title set to “a” to “b”",
    "title changed from “a” to “b” to “c”",
    "emails removed: “h@x” (home), “o@x”",
    "emails altered: “w@x” (work) primary changed from true to false",
    f"Added 2 members: {ADA}, somebody",
    "of a version that nobody remembers",
)


def entry(**fields: Any) -> ProvisioningEntry:
    stated = {"request_id": str(uuid4()), "method": "PATCH", "path": "/x", "status": 200, "outcome": "changed"}
    return ProvisioningEntry.objects.create(**{**stated, **fields})


def code_entries() -> None:
    """Run the migration with the models of its time."""
    state = MigrationLoader(connection).project_state([("audit", "0009_code_former_entries")])
    migration.code_entries(state.apps, None)


def migrated(row: ProvisioningEntry) -> ProvisioningEntry:
    code_entries()
    row.refresh_from_db()
    return row


@pytest.mark.django_db
def test_sentences_become_codes_that_read_the_same() -> None:
    row = migrated(entry(changed=[*SENTENCES, *UNCLEAR]))

    assert row.changed == [*SENTENCES.values(), *({"code": "text", "text": text} for text in UNCLEAR)]
    assert change_texts(row.changed) == [*SENTENCES, *UNCLEAR]


@pytest.mark.django_db
def test_held_requests_are_found_by_their_code() -> None:
    held = entry(status=429, outcome="refused", detail=str(HeldForApproval(4, 10, 60)))
    gain = entry(status=429, outcome="refused", detail=str(PrivilegeHeld({uuid4(): "Ada"})))

    assert migrated(held).parameters == {"lost": 4, "active": 10, "minutes": 60}
    assert migrated(gain).reason == "privilege_held"
    assert set(held_entries(held.at)) == {held, gain}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "scim_type", "reason"),
    [
        (400, "invalidFilter", "invalidFilter"),
        (409, "uniqueness", "uniqueness"),
        (401, None, "unauthorized"),
        (503, None, "database_busy"),
        (500, None, "internal_error"),
        (429, None, "text"),
    ],
)
def test_other_reasons_follow_from_the_response_and_its_detail_stays(
    status: int, scim_type: str | None, reason: str
) -> None:
    row = migrated(entry(status=status, outcome="refused", detail="Because.", former_answer={"scimType": scim_type}))

    assert (row.reason, row.parameters, row.detail) == (reason, None, "Because.")
    assert "Because." in reason_text(row)


@pytest.mark.django_db
def test_a_run_that_was_stopped_goes_on_and_leaves_codes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "BATCH", 2)
    coded = entry(changed=[{"code": "user_created", "name": "a"}])
    erased = entry(changed=None, former_request=None)
    rows = [entry(changed=[f"Created user u{number}"]) for number in range(5)]

    for _ in range(2):
        code_entries()

    for row in (coded, erased, *rows):
        row.refresh_from_db()
    assert coded.changed == [{"code": "user_created", "name": "a"}]
    assert erased.changed is None
    assert [row.changed[0]["name"] for row in rows] == [f"u{number}" for number in range(5)]
