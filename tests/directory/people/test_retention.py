"""Whoever was deleted is forgotten after a time: every name and address, everywhere; the trail stays whole."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management import call_command

from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.log import ProvisioningRecord, record_provisioning
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.celery import app
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.access.past import remember_name
from gatekeeper.directory.models import SignInIdentity, User
from gatekeeper.directory.people.retention import erase_due, retention_days, set_retention
from gatekeeper.directory.people.users import delete_user
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from gatekeeper.errors import InvalidValue, PrivilegeHeld
from gatekeeper.maintenance.tasks import erase
from saml.models import SyncRun
from saml.sync.run import forget_old_conflicts
from tests.audit.chain.attacker import without_triggers
from tests.builders import ADMIN, ENTRA, add_members, link, make_group, make_provider, make_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 26, tzinfo=UTC)
LATER = timedelta(days=1096)


@pytest.fixture
def gone(time_machine):
    """Ada was provisioned, signed in, was renamed, and was deleted more than three years ago; all of it is linked."""
    time_machine.move_to(NOW - LATER)
    make_provider()
    ada = make_user("ada.lovelace@example.com", display_name="Ada Lovelace", attributes={"title": "Countess"})
    add_members(make_group("GK Analysts"), ada)
    link()
    SignInIdentity.objects.update(persistent_id="lovelace-1815", stated={"department": "Analytical Lovelace Engines"})
    open_sign_in(ada, actor=ENTRA.person(ada), name_id="ada.lovelace@example.com", address="192.0.2.7")
    remember_name(ada.id, "ada.byron@example.com", datetime.now(UTC))
    delete_user(ada.id, actor=ENTRA)
    link_new_entries()
    time_machine.move_to(NOW)
    return ada


def everything_stored() -> str:
    """Every row of every table, as text; what is packed as it reads."""
    rows = "\n".join(
        str(list(model.objects.values())) for model in apps.get_models() if model._meta.app_label != "sessions"
    )
    return rows + str([(entry.request, entry.answer) for entry in ProvisioningEntry.objects.all()])


def test_after_three_years_nothing_personal_is_left_anywhere(gone):
    assert "Lovelace" in everything_stored()

    assert erase_due(actor=ADMIN) == 1

    stored = everything_stored().casefold()
    for trace in ("lovelace", "byron", "countess", "192.0.2.7"):
        assert trace not in stored


def test_what_requests_changed_and_why_they_were_held_goes_too(gone):
    """Codes of the provisioning log stay; their parameters go, also of a group's request that would name the person."""
    known = ProvisioningRecord(
        request_id="r", method="PATCH", path="/x", status=200, outcome="changed", user_id=gone.id
    )
    changed = [{"code": "attribute_changed", "attribute": "title", "before": "Lovelace", "after": "x"}]
    record_provisioning(replace(known, user_label="Lovelace", changed=changed))
    held = PrivilegeHeld({gone.id: "Lovelace", uuid4(): "Somebody"})
    stated = {"reason": held.code, "parameters": held.parameters, "detail": str(held)}
    stated |= {"request": {"Operations": []}, "answer": {"detail": str(held)}}
    record_provisioning(replace(known, user_id=None, group_id=uuid4(), status=429, outcome="refused", **stated))
    other = PrivilegeHeld({uuid4(): "Somebody"})
    stated = {"reason": other.code, "parameters": other.parameters, "detail": str(other)}
    record_provisioning(replace(known, user_id=None, status=429, outcome="refused", **stated))

    erase_due(actor=ADMIN)

    assert "Lovelace" not in everything_stored()
    kept = ProvisioningEntry.objects.order_by("id")
    assert kept[1].request == {"Operations": []}
    assert [entry.reason for entry in kept] == ["", "privilege_held", "privilege_held"]
    assert kept[2].parameters == other.parameters


def test_that_there_was_somebody_and_what_they_could_do_stays(gone):
    erase_due(actor=ADMIN)

    erased = User.objects.get(pk=gone.pk)
    assert erased.label == "Erased user"
    assert access_of(erased, erased.deleted_at - timedelta(microseconds=1)).sources[0].name == "GK Analysts"


def test_the_trail_stays_whole_and_tells_of_the_erasure(gone):
    erase_due(actor=ADMIN)
    link_new_entries()

    assert verify().intact
    assert AuditEntry.objects.get(event="user.erased").object_id == str(gone.pk)


def test_an_alteration_does_not_pass_as_an_erasure(gone):
    other = make_user("bo@example.com")
    link_new_entries()
    erase_due(actor=ADMIN)
    link_new_entries()
    erasure = AuditEntry.objects.get(event="user.erased")

    with without_triggers():
        AuditEntry.objects.filter(object_id=str(other.pk)).update(
            object_label="Erased user", before=None, after=None, object_salt="", erased_by=erasure.pk
        )

    assert not verify().intact


def test_whoever_was_deleted_later_or_lives_is_kept(gone):
    lives, deleted = make_user("bo@example.com"), make_user("cy@example.com")
    delete_user(deleted.id, actor=ENTRA)

    erase_due(actor=ADMIN)

    assert list(User.objects.filter(pk__in=[lives.pk, deleted.pk], erased_at=None).order_by("user_name")) == [
        lives,
        deleted,
    ]


def test_erasing_again_changes_nothing(gone):
    erase_due(actor=ADMIN)

    assert erase_due(actor=ADMIN) == 0


def test_the_time_can_be_chosen_and_the_choice_is_in_the_trail(gone):
    set_retention(2000, actor=ADMIN)

    assert erase_due(actor=ADMIN) == 0
    entry = AuditEntry.objects.get(event="retention.set")
    assert (entry.before, entry.after) == ({"days": 1095}, {"days": 2000})


@pytest.mark.parametrize("days", [0, -1, 36_501])
def test_a_time_that_makes_no_sense_is_refused(days):
    with pytest.raises(InvalidValue, match="choose a number from 1 to 36500"):
        set_retention(days, actor=ADMIN)
    assert retention_days() == 1095


def test_beat_does_it_once_a_day(gone):
    scheduled = next(each for each in app.conf.beat_schedule.values() if each["task"] == erase.name)

    assert (scheduled["schedule"].hour, scheduled["schedule"].minute) == ({3}, {20})
    erase()
    assert User.objects.get(pk=gone.pk).erased_at is not None


def test_names_in_conflicts_of_old_sync_runs_go_too(time_machine):
    time_machine.move_to(NOW)
    for age in (1094, 1096):
        conflicts = [{"user_name": "ada@example.com", "reason": "…"}]
        SyncRun.objects.create(started_at=NOW - timedelta(days=age), conflicts=conflicts)

    assert forget_old_conflicts() == 1
    assert SyncRun.objects.exclude(conflicts=[]).get().started_at == NOW - timedelta(days=1094)


def test_the_command_shows_sets_and_erases(gone, capsys):
    def run(*arguments: str) -> dict:
        out = StringIO()
        call_command("retention", *arguments, "--json", stdout=out)
        document = json.loads(out.getvalue())
        return {name: document[name] for name in ("days", "due", "erased")}

    assert run() == {"days": 1095, "due": 1, "erased": 0}
    assert run("--days", "3000") == {"days": 3000, "due": 0, "erased": 0}
    assert run("--days", "30", "--erase-due") == {"days": 30, "due": 0, "erased": 1}
