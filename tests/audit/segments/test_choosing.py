"""The audit trail is kept for ever until an administrator chooses otherwise; then a daily run seals what is older."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.erasure import erase_from_logs
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, AuditSegment, FormerKey, SegmentErasure
from gatekeeper.audit.segments.checking import in_folder
from gatekeeper.celery import app
from gatekeeper.config_as_code.apply import apply_document
from gatekeeper.config_as_code.document import export_document, read_document
from gatekeeper.directory.models import User
from gatekeeper.errors import InvalidValue
from gatekeeper.maintenance.kept_logs import LOGS
from gatekeeper.maintenance.log_retention import keep_logs_for, prune_logs
from gatekeeper.maintenance.resealing import AUDIT, dependents, reseal
from gatekeeper.maintenance.tasks import erase, seal_audit_trail
from tests.audit.segments.conftest import ADA, NOW, OLD
from tests.builders import ADMIN, PASSWORD, administrators_browser

pytestmark = pytest.mark.django_db
ADDRESS = "/settings/configuration/retention/"


def run(*arguments: str) -> Any:
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_nothing_is_ever_deleted_by_default(trail: None, time_machine: Any) -> None:
    time_machine.move_to(NOW + timedelta(days=10_000))
    entries = AuditEntry.objects.count()

    seal_audit_trail()
    prune_logs(NOW + timedelta(days=10_000))

    assert AuditEntry.objects.count() == entries
    assert not AuditSegment.objects.exists()
    with pytest.raises(CommandError, match="for ever"):
        run("audit", "seal")


def by_command(days: int | None) -> None:
    call_command("retention", "--log", f"audit_trail={days or 'forever'}", stdout=StringIO())


def by_document(days: int | None) -> None:
    apply_document(read_document(json.dumps({"retention": {"audit_trail": days}})), actor=ADMIN)


def by_the_page(days: int | None) -> None:
    chosen = {"audit_trail": str(days or ""), **({} if days else {"audit_trail_for_ever": "on"}), "logs": ""}
    others = {each.code: str(each.days) for each in LOGS if each.days}
    browser = administrators_browser() if not User.objects.exists() else Client()
    browser.post("/sign-in/", {"email": "root@example.com", "password": PASSWORD})
    answer = browser.post(ADDRESS, {**chosen, **others})
    assert answer.status_code in (302, 422)


@pytest.mark.parametrize("choose", [by_command, by_document, by_the_page], ids=lambda each: each.__name__)
def test_each_way_of_choosing_is_audited_and_takes_no_less_than_a_year(
    choose: Callable[[int | None], None], time_machine: Any
) -> None:
    with nullcontext() if choose is by_the_page else pytest.raises((CommandError, InvalidValue), match="365"):
        choose(364)
    assert not AuditEntry.objects.filter(event=Event.RETENTION_SET).exists()

    choose(365)

    (entry,) = AuditEntry.objects.filter(event=Event.RETENTION_SET)
    assert (entry.object_label, entry.before, entry.after) == ("audit_trail: 365 days", {"days": None}, {"days": 365})
    assert export_document()["retention"] == {"audit_trail": 365}
    choose(None)
    assert "retention" not in export_document()


def test_the_daily_run_seals_what_is_older_than_was_chosen(trail: None, folder: Path, time_machine: Any) -> None:
    keep_logs_for({"audit_trail": 365}, actor=ADMIN)
    scheduled = {each["task"]: each["schedule"] for each in app.conf.beat_schedule.values()}
    assert (scheduled["configuration.seal_audit_trail"].hour, scheduled["configuration.seal_audit_trail"].minute) == (
        {2},
        {40},
    )

    seal_audit_trail()

    assert AuditSegment.objects.latest("number").last == OLD
    erase_from_logs(ADA, actor=ADMIN)
    erase()
    assert not SegmentErasure.objects.exists()
    assert verify(files=in_folder(folder)).intact


def test_the_commands_seal_list_verify_and_show(trail: None, folder: Path, tmp_path: Path) -> None:
    keep_logs_for({"audit_trail": 400}, actor=ADMIN)

    assert run("audit", "seal") == {"segments": 3, "entries": OLD, "failure": None}

    listed = run("audit", "segments")
    assert listed["folder"] == str(folder)
    assert [(each["file"], each["first"], each["last"], each["state"]) for each in listed["segments"]] == [
        ("audit-000001.jsonl.gz", 1, 5, "sealed"),
        ("audit-000002.jsonl.gz", 6, 10, "sealed"),
        ("audit-000003.jsonl.gz", 11, 12, "sealed"),
    ]
    assert run("audit", "verify")["intact"] is True
    whole = run("audit", "verify", "--segments")
    assert (whole["intact"], whole["checked"]) == (True, AuditEntry.objects.count() + OLD)
    shown = run("audit", "show-segment", "audit-000001.jsonl.gz")
    assert (shown["number"], [each["link"] for each in shown["entries"]]) == (1, [1, 2, 3, 4, 5])
    found = run("audit", "show-segment", str(folder / "audit-000002.jsonl.gz"), "--search", "ada lovelace")
    assert [each["event"] for each in found["entries"]] == ["user.changed", "team.renamed"]

    away = tmp_path / "away"
    folder.rename(away)
    assert run("audit", "verify", "--segments", str(away))["intact"] is True
    with pytest.raises(SystemExit):
        call_command("audit", "verify", "--segments", stdout=StringIO())
    assert {each["state"] for each in run("audit", "segments")["segments"]} == {"missing"}
    for wrong in (("verify", "--segments", "/none"), ("show-segment", "audit-000001.jsonl.gz")):
        with pytest.raises(CommandError):
            run("audit", *wrong)
    for each in (("segments",), ("show-segment", str(away / "audit-000001.jsonl.gz"))):
        out = StringIO()
        call_command("audit", *each, stdout=out)
        assert len(out.getvalue().strip().splitlines()) == (3 if each == ("segments",) else 5)


def test_seal_ends_with_status_1_and_words_when_it_failed(trail: None, folder: Path, capsys: Any) -> None:
    keep_logs_for({"audit_trail": 400}, actor=ADMIN)
    folder.write_text("")

    with pytest.raises(SystemExit):
        call_command("audit", "seal")

    assert "cannot be written to" in capsys.readouterr().out


def test_a_former_key_is_kept_for_what_is_in_files_only(trail: None, folder: Path, settings: Any) -> None:
    keep_logs_for({"audit_trail": 400}, actor=ADMIN)
    seal_audit_trail()
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key that is long enough to be one", [former]

    assert verify(files=in_folder(folder)).intact
    assert dependents()[AUDIT] >= 3
    reseal(lambda *_: None)
    assert FormerKey.objects.count() == 1
    settings.SECRET_KEY_FALLBACKS = []
    link_new_entries()

    assert verify(files=in_folder(folder)).intact
    assert verify().intact
