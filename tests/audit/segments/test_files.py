"""What is wrong with a file is said by name: missing, changed, cut, replaced, out of order."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gatekeeper.audit.chain.head import Head
from gatekeeper.audit.chain.problems import Code, Problem
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.models import AuditEntry, AuditSegment
from gatekeeper.audit.segments.checking import in_folder
from gatekeeper.audit.segments.sealing import seal_until
from gatekeeper.audit.segments.state import State, files_between, state_of, summary
from tests.audit.segments.conftest import BEGIN, CUTOFF, NOW, OLD, YOUNG
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db
FIRST, SECOND = "audit-000001.jsonl.gz", "audit-000002.jsonl.gz"


@pytest.fixture
def sealed(trail: None, folder: Path) -> Path:
    seal_until(CUTOFF, actor=ADMIN)
    return folder


def found(folder: Path) -> list[Problem]:
    return list(verify(files=in_folder(folder)).problems)


def lines(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def rewrite(path: Path, content: list[bytes]) -> None:
    path.write_bytes(gzip.compress(b"".join(content)))


def remove(folder: Path) -> None:
    (folder / SECOND).unlink()


def cut_lines(folder: Path) -> None:
    rewrite(folder / SECOND, lines(folder / SECOND)[:-2])


def cut_bytes(folder: Path) -> None:
    (folder / SECOND).write_bytes((folder / SECOND).read_bytes()[:-40])


def replace_by_another(folder: Path) -> None:
    (folder / SECOND).write_bytes((folder / FIRST).read_bytes())


def reorder(folder: Path) -> None:
    content = lines(folder / SECOND)
    content[2], content[3] = content[3], content[2]
    rewrite(folder / SECOND, content)


def change_a_label(folder: Path) -> None:
    content = lines(folder / SECOND)
    document = json.loads(content[3])
    document["object_label"] = "forged"
    content[3] = json.dumps(document).encode() + b"\n"
    rewrite(folder / SECOND, content)


def add_a_line(folder: Path) -> None:
    content = lines(folder / SECOND)
    rewrite(folder / SECOND, [*content, content[-1]])


def write_something_else(folder: Path) -> None:
    (folder / SECOND).write_bytes(b"something else")


def write_no_objects(folder: Path) -> None:
    rewrite(folder / SECOND, [lines(folder / SECOND)[0], b"[1, 2]\n", b"{}\n"])


def compress_anew(folder: Path) -> None:
    """The same entries: nothing of them is altered, but the file is not what was sealed."""
    (folder / SECOND).write_bytes(gzip.compress(gzip.decompress((folder / SECOND).read_bytes()), 1))


CASES: dict[Callable[[Path], None], set[str]] = {
    remove: {Code.FILE_MISSING},
    cut_lines: {Code.FILE_CHANGED, Code.FILE_CUT},
    cut_bytes: {Code.FILE_CHANGED, Code.FILE_UNREADABLE, Code.FILE_CUT},
    replace_by_another: {Code.FILE_CHANGED, Code.FILE_REPLACED},
    reorder: {Code.FILE_CHANGED, Code.FILE_ORDER},
    change_a_label: {Code.FILE_CHANGED, Code.FAULT},
    add_a_line: {Code.FILE_CHANGED, Code.FILE_ORDER},
    write_something_else: {Code.FILE_CHANGED, Code.FILE_UNREADABLE},
    write_no_objects: {Code.FILE_CHANGED, Code.FILE_UNREADABLE, Code.FILE_CUT},
    compress_anew: {Code.FILE_CHANGED},
}


@pytest.mark.parametrize("damage", CASES, ids=lambda each: each.__name__)
def test_what_is_wrong_is_named_with_the_file_and_the_rest_is_checked(
    sealed: Path, damage: Callable[[Path], None]
) -> None:
    damage(sealed)

    problems = found(sealed)

    assert {problem.code for problem in problems} <= CASES[damage] | {Code.FILE_CUT}
    assert {problem.code for problem in problems} >= CASES[damage] - {Code.FILE_CUT}
    assert all(SECOND in str(problem) for problem in problems), list(map(str, problems))
    assert verify().intact


def test_each_file_that_is_missing_is_named(sealed: Path) -> None:
    for path in sealed.iterdir():
        path.unlink()

    texts = list(map(str, found(sealed)))

    assert [f"audit-00000{n}.jsonl.gz" in text for n, text in zip((1, 2, 3), texts, strict=True)] == [True] * 3


def test_a_folder_that_was_moved_away_is_verified_where_it_is(sealed: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    sealed.rename(away)

    verdict = verify(files=in_folder(away))

    assert (verdict.problems, verdict.checked) == ((), OLD + YOUNG + 3)
    assert {problem.code for problem in found(sealed)} == {Code.FILE_MISSING}


@pytest.mark.parametrize("position", [1, 4, 5, 7, OLD, OLD + 1])
def test_a_head_that_was_kept_elsewhere_is_compared_with_the_file(trail: None, folder: Path, position: int) -> None:
    digest = AuditEntry.objects.get(position=position).digest
    seal_until(CUTOFF, actor=ADMIN)
    right, wrong = Head(position, digest), Head(position, "0" * 64)

    assert verify(files=in_folder(folder), expected_head=right).intact
    codes = {problem.code for problem in verify(files=in_folder(folder), expected_head=wrong).problems}
    assert codes == {Code.OTHER_DIGEST}
    without = {problem.code for problem in verify(expected_head=right).problems}
    assert without == (set() if position in (5, OLD, OLD + 1) else {Code.HEAD_IN_A_FILE})


def test_the_state_is_known_without_reading_the_files(sealed: Path) -> None:
    first, second, third = AuditSegment.objects.all()
    (sealed / second.file).unlink()
    (sealed / third.file).write_bytes(b"x")

    assert [state_of(each) for each in (first, second, third)] == [State.SEALED, State.MISSING, State.SIZE_DIFFERS]
    assert (summary().segments, summary().entries) == (3, OLD)
    assert files_between(None, BEGIN) == []
    assert files_between(BEGIN, None) == [first.file, second.file, third.file]
    assert files_between(NOW, None) == []
