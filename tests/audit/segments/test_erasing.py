"""A person who is erased is erased in sealed files, too: the chain is untouched, and the trail says so."""

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.erasure import erase_from_logs
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, AuditSegment, SegmentErasure
from gatekeeper.audit.segments import erasing, sealing
from gatekeeper.audit.segments.checking import in_folder
from gatekeeper.audit.segments.erasing import erase_from_segments
from gatekeeper.audit.segments.sealing import seal_until
from tests.audit.segments.conftest import ADA, CUTOFF, NOW, OLD
from tests.audit.segments.test_sealing import Stopped, lines_of, stop_before_deleting
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db


def texts(folder: Path) -> str:
    return "".join(gzip.decompress(path.read_bytes()).decode() for path in folder.iterdir())


def problems(folder: Path) -> list[str]:
    link_new_entries()
    return list(map(str, verify(files=in_folder(folder)).problems))


@pytest.fixture
def sealed(trail: None, folder: Path) -> Path:
    seal_until(CUTOFF, actor=ADMIN)
    assert "Ada Lovelace" in texts(folder)
    return folder


def test_names_and_values_are_gone_from_the_files_and_the_chain_verifies(sealed: Path) -> None:
    digests = [line["digest"] for path in sorted(sealed.iterdir()) for line in lines_of(path)[1:]]

    erase_from_logs(ADA, actor=ADMIN)
    assert erase_from_segments(actor=ADMIN) == 2

    assert "Ada" not in texts(sealed)
    assert "A. L." not in texts(sealed)
    assert problems(sealed) == []
    assert verify().intact
    assert sorted(path.name for path in sealed.iterdir()) == [
        "audit-000001.r1.jsonl.gz",
        "audit-000002.r1.jsonl.gz",
        "audit-000003.jsonl.gz",
    ]
    assert [line["digest"] for path in sorted(sealed.iterdir()) for line in lines_of(path)[1:]] == digests
    assert not SegmentErasure.objects.exists()


def test_the_trail_says_what_was_blanked_and_what_was_sealed_anew(sealed: Path) -> None:
    ids = {line["id"] for path in sealed.iterdir() for line in lines_of(path)[1:] if line["object_id"] == str(ADA)}
    erase_from_logs(ADA, actor=ADMIN)
    erase_from_segments(actor=ADMIN)

    listed = [entry.after or {} for entry in AuditEntry.objects.filter(event=Event.USER_ERASED)]
    assert {each for after in listed for each in after["entries"]} == ids
    assert len([each for after in listed for each in after["entries_as_actor"]]) == 1
    anew = AuditEntry.objects.filter(event=Event.AUDIT_SEGMENT_SEALED).order_by("-id")[:2]
    assert {(entry.after or {})["file"] for entry in anew} == {
        "audit-000001.r1.jsonl.gz",
        "audit-000002.r1.jsonl.gz",
    }
    assert erase_from_segments(actor=ADMIN) == 0


def test_somebody_else_stays(sealed: Path) -> None:
    erase_from_logs(UUID(int=2), actor=ADMIN)

    assert erase_from_segments(actor=ADMIN) == 0

    assert "Ada Lovelace" in texts(sealed)
    assert not SegmentErasure.objects.exists()


def stop(*_: object, **__: object) -> Any:
    raise Stopped


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (erasing, "_list_in_trail"),
        (erasing, "_write_anew"),
        (erasing, "read_back"),
        (erasing, "seal"),
        (erasing, "link_new_entries"),
    ],
)
def test_a_run_that_was_stopped_is_gone_on_with(
    sealed: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    erase_from_logs(ADA, actor=ADMIN)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, stop)
        with pytest.raises(Stopped):
            erase_from_segments(actor=ADMIN)
    assert problems(sealed) == []
    assert SegmentErasure.objects.exists()

    erase_from_segments(actor=ADMIN)

    assert "Ada" not in texts(sealed)
    assert problems(sealed) == []
    assert not SegmentErasure.objects.exists()


def test_a_former_file_that_a_stopped_run_has_left_is_deleted(sealed: Path) -> None:
    former = (sealed / "audit-000001.jsonl.gz").read_bytes()
    erase_from_logs(ADA, actor=ADMIN)
    erase_from_segments(actor=ADMIN)
    (sealed / "audit-000001.jsonl.gz").write_bytes(former)

    erase_from_logs(ADA, actor=ADMIN)
    erase_from_segments(actor=ADMIN)

    assert "Ada" not in texts(sealed)


@pytest.mark.parametrize("damage", ["missing", "altered"])
def test_a_file_that_is_not_here_or_altered_keeps_its_people_waiting_and_no_others(sealed: Path, damage: str) -> None:
    path = sealed / "audit-000001.jsonl.gz"
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:100])
    erase_from_logs(ADA, actor=ADMIN)

    assert erase_from_segments(actor=ADMIN) == 1
    assert SegmentErasure.objects.count() == 1
    assert "Ada" not in "".join(map(str, lines_of(sealed / "audit-000002.r1.jsonl.gz")))

    path.write_bytes(content)
    assert erase_from_segments(actor=ADMIN) == 1
    assert "Ada" not in texts(sealed)
    assert problems(sealed) == []


def test_who_is_erased_between_the_seal_and_the_deletion_is_in_no_file(
    trail: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stop_before_deleting(patch)
        with pytest.raises(Stopped):
            seal_until(CUTOFF, actor=ADMIN)
    erase_from_logs(ADA, actor=ADMIN)

    assert seal_until(CUTOFF, actor=ADMIN).failure is None

    assert "Ada" not in texts(folder)
    assert problems(folder) == []


def test_who_is_erased_while_a_segment_is_sealed_keeps_it_from_being_deleted(
    trail: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sealing, "seal", _and_erase(sealing.seal))
        done = seal_until(CUTOFF, actor=ADMIN)

    assert done.failure == {"code": "erased_meanwhile"}
    assert seal_until(CUTOFF, actor=ADMIN).failure is None
    assert "Ada" not in texts(folder)
    assert problems(folder) == []
    assert AuditSegment.objects.exclude(deleted_at=None).latest("number").last == OLD


def _and_erase(real: Any) -> Any:
    def seal(*arguments: Any, **named: Any) -> None:
        real(*arguments, **named)
        erase_from_logs(ADA, actor=ADMIN)

    return seal


def test_an_erasure_that_is_sealed_itself_still_explains_what_it_blanked(sealed: Path, time_machine: Any) -> None:
    erase_from_logs(ADA, actor=ADMIN)
    erase_from_segments(actor=ADMIN)
    time_machine.shift(86400 * 400)

    seal_until(NOW + timedelta(days=1), actor=ADMIN)

    assert AuditEntry.objects.filter(event=Event.USER_ERASED).count() == 0
    assert problems(sealed) == []
