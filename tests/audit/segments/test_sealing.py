"""Old entries go to files that are sealed, the chain still verifies, and a run that was stopped loses nothing."""

import gzip
import json
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from gatekeeper.audit.chain.boundary import boundary
from gatekeeper.audit.chain.keys import all_keys
from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, AuditSegment, SealingRun
from gatekeeper.audit.segments import files, sealing, seals
from gatekeeper.audit.segments.checking import in_folder
from gatekeeper.audit.segments.refusals import CannotSeal, Reason, failure_text
from gatekeeper.audit.segments.sealing import Sealed, seal_until
from tests.audit.chain.attacker import sql, without_triggers
from tests.audit.segments.conftest import CUTOFF, NOW, OLD, YOUNG, write
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db


class Stopped(Exception):
    """The process ends here."""


def run() -> Sealed:
    return seal_until(CUTOFF, actor=ADMIN)


def problems(folder: Path | None = None) -> list[str]:
    return list(map(str, verify(files=in_folder(folder) if folder else None).problems))


def rows() -> list[dict[str, Any]]:
    return list(AuditEntry.objects.order_by("position").values())


def lines_of(path: Path) -> list[Any]:
    return list(map(json.loads, gzip.decompress(path.read_bytes()).splitlines()))


def test_what_is_old_is_in_files_only_and_the_rest_stays(trail: None, folder: Path) -> None:
    before = rows()

    assert run() == Sealed(3, OLD, None)

    assert [(each.first, each.last, each.entries) for each in AuditSegment.objects.all()] == [
        (1, 5, 5),
        (6, 10, 5),
        (11, 12, 2),
    ]
    young = [row for row in rows() if row["event"] != Event.AUDIT_SEGMENT_SEALED]
    assert young == before[OLD:]
    assert sorted(path.name for path in folder.iterdir()) == [f"audit-00000{n}.jsonl.gz" for n in (1, 2, 3)]
    lines = lines_of(folder / "audit-000002.jsonl.gz")
    assert lines[0] == {
        "format": "gatekeeper-audit-segment",
        "version": 1,
        "number": 2,
        "first": 6,
        "before": before[4]["digest"],
    }
    assert [line["mac"] for line in lines[1:]] == [row["mac"] for row in before[5:10]]
    assert oct((folder / "audit-000001.jsonl.gz").stat().st_mode)[-3:] == "600"


def test_the_chain_verifies_from_the_boundary_and_with_the_files_from_the_first_entry_on(
    trail: None, folder: Path
) -> None:
    kept = head()
    run()

    verdict = verify()
    assert (verdict.problems, verdict.checked) == ((), YOUNG + 3)
    assert boundary(all_keys()).position == OLD
    whole = verify(files=in_folder(folder), expected_head=kept)
    assert (whole.problems, whole.checked) == ((), OLD + YOUNG + 3)
    write(77)
    link_new_entries()
    assert problems(folder) == []
    assert verify(last=3).checked == 3


def test_again_seals_nothing_and_later_what_has_become_old(trail: None, folder: Path, time_machine: Any) -> None:
    run()
    assert run() == Sealed(0, 0, None)

    time_machine.move_to(NOW + timedelta(days=366), tick=False)
    write(78)
    link_new_entries()
    later = seal_until(NOW + timedelta(days=1), actor=ADMIN)

    assert later == Sealed(2, YOUNG + 3, None)
    assert problems() == problems(folder) == []
    assert [each.number for each in AuditSegment.objects.all()] == [1, 2, 3, 4, 5]


def test_nothing_happens_to_a_trail_that_is_young(trail: None, folder: Path) -> None:
    assert seal_until(CUTOFF - timedelta(days=3650), actor=ADMIN) == Sealed(0, 0, None)
    assert AuditEntry.objects.count() == OLD + YOUNG
    assert SealingRun.objects.count() == 1


def stop_after_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "read_back", _stop)


def stop_within_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.os, "fsync", _stop)


def stop_before_the_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "seal", _stop)


def stop_within_the_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "segment_mac", _stop)


def stop_before_linking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_finish", _stop)


def stop_before_deleting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_delete", _stop)


def stop_within_deleting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_is_as_sealed", _stop)


def stop_after_deleting(monkeypatch: pytest.MonkeyPatch) -> None:
    done = sealing._facts
    calls: list[int] = []

    def facts(segment: AuditSegment) -> Any:
        calls.append(1)
        return done(segment) if len(calls) < 2 else _stop()

    monkeypatch.setattr(sealing, "_facts", facts)


def _stop(*_: object, **__: object) -> Any:
    raise Stopped


STOPS = (
    stop_within_the_file,
    stop_after_the_file,
    stop_before_the_seal,
    stop_within_the_seal,
    stop_before_linking,
    stop_before_deleting,
    stop_within_deleting,
    stop_after_deleting,
)


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.__name__)
def test_a_run_that_was_stopped_loses_nothing_and_is_gone_on_with(
    trail: None, folder: Path, monkeypatch: pytest.MonkeyPatch, stop: Any
) -> None:
    macs = {row["mac"] for row in rows()}
    with monkeypatch.context() as patch:
        stop(patch)
        with pytest.raises(Stopped):
            run()
    assert problems() == []

    assert run().failure is None

    assert problems() == problems(folder) == []
    assert boundary(all_keys()).position == OLD
    in_files = {line["mac"] for path in folder.iterdir() for line in lines_of(path)[1:]}
    assert macs <= in_files | {row["mac"] for row in rows()}
    assert not [path.name for path in folder.iterdir() if path.name.endswith(".part")]


def test_a_file_that_was_lost_before_its_entries_were_deleted_is_written_again(
    trail: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stop_before_deleting(patch)
        with pytest.raises(Stopped):
            run()
    (folder / "audit-000001.jsonl.gz").write_bytes(b"")

    assert run() == Sealed(3, OLD, None)

    assert (folder / "audit-000001.r1.jsonl.gz").exists()
    assert problems() == problems(folder) == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE audit_auditentry SET object_label = 'x' WHERE position = 7", Reason.TRAIL_DAMAGED),
        ("DELETE FROM audit_auditentry WHERE position = 7", Reason.TRAIL_DAMAGED),
        ("UPDATE audit_auditentry SET mac_key = '00000000' WHERE position = 7", Reason.KEY_MISSING),
    ],
)
def test_what_is_not_as_it_was_written_is_not_sealed(trail: None, folder: Path, statement: str, code: str) -> None:
    with without_triggers():
        sql(statement)
    before = problems()

    done = run()

    assert (done.segments, done.failure and done.failure["code"]) == (1, code)
    assert boundary(all_keys()).position == 5
    assert problems() == before
    assert failure_text(done.failure or {})


def test_a_folder_that_cannot_be_written_to_keeps_everything_where_it_is(trail: None, folder: Path) -> None:
    folder.write_text("a file in its place")

    done = run()

    assert done.failure
    assert done.failure["code"] == Reason.FOLDER_UNWRITABLE
    assert AuditEntry.objects.count() == OLD + YOUNG
    last = SealingRun.objects.first()
    assert last
    assert last.failure == done.failure
    folder.unlink()
    assert run() == Sealed(3, OLD, None)


def test_a_full_disk_keeps_everything_where_it_is(trail: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        done = run()

    assert done.failure
    assert done.failure["code"] == Reason.DISK_FULL
    assert AuditEntry.objects.count() == OLD + YOUNG
    assert list(folder.iterdir()) == []


def test_one_process_at_a_time(trail: None) -> None:
    with files.alone():
        done = run()

    assert done.failure == {"code": Reason.BUSY}


def test_the_database_lets_only_sealed_entries_go(trail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        stop_before_deleting(patch)
        with pytest.raises(Stopped):
            run()

    for position, goes in ((5, True), (6, False)):
        entries = AuditEntry.objects.filter(position=position)
        with nullcontext() if goes else pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            entries.delete()
        assert entries.exists() is not goes


def test_each_reason_has_a_text() -> None:
    values = {"folder": "/x", "reason": "y", "problem": "z", "file": "f"}
    for reason in Reason:
        assert failure_text({"code": reason, **values}) != reason
    assert str(CannotSeal(Reason.BUSY)) == failure_text({"code": "busy"})
