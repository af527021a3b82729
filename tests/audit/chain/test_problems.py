"""What a verification finds is stored as codes, and is a sentence in the language of whoever reads it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import translation

from gatekeeper.audit.chain.problems import FAULTS, TEXTS, Code, Fault, Problem, problem_text
from gatekeeper.audit.models import AuditEntry

ENTRY = AuditEntry(id=5, at=datetime(2026, 11, 29, 9, 5, 7, tzinfo=UTC), event="team.created")
NAME = "Entry 5 of 2026-11-29 09:05:07 UTC (team.created)"
SENTENCES = {
    Problem.with_entry(Code.FAULT, ENTRY, fault=Fault.ALTERED): f"{NAME} is not what was written.",
    Problem.with_entry(Code.FAULT, ENTRY, fault=Fault.NOT_LINKED_SO, position=7): (
        f"{NAME} was not linked as number 7 by this site, or the link before it was altered."
    ),
    Problem.with_entry(Code.UNLINKED, ENTRY, fault=Fault.NO_MAC): (
        f"{NAME} is not linked: it has no MAC: this site did not write it."
    ),
    Problem.with_entry(
        Code.DAMAGE, ENTRY, damage="The trail went back."
    ): f"{NAME} records damage: The trail went back.",
    Problem.of(Code.CARRIED_OVER, text="Before the upgrade: gone."): "Before the upgrade: gone.",
    Problem.of(Code.LINK_MISSING, first=3): "Link 3 is missing: an entry was deleted.",
    Problem.with_entry(Code.LINKS_TAKEN, ENTRY, first=3, last=3): (
        f"Link 3 is missing before {NAME}: somebody took them out of the chain."
    ),
    Problem.with_entry(Code.LINKS_TAKEN, ENTRY, first=3, last=4): (
        f"Links 3 to 4 are missing before {NAME}: somebody took them out of the chain."
    ),
    Problem.with_entry(Code.WRITER_ORDER, ENTRY): f"{NAME} stands behind one that its writer wrote later.",
    Problem.with_entry(Code.WRITER_GAP, ENTRY, count=2): (
        f"2 of the same writer are missing before {NAME}: they were deleted."
    ),
    Problem.with_entry(Code.OUTSIDE, ENTRY, position=-1): f"{NAME} stands at -1, where no link is.",
    Problem.of(Code.RECORD_ALTERED): "The record of the newest link was altered.",
    Problem.of(Code.RECORD_OTHER_KEY): "The record of the newest link was written under another SECRET_KEY.",
    Problem.of(Code.RECORD_REMOVED): "The record of the newest link was removed.",
    Problem.of(
        Code.RECORD_WENT_BACK, first=9, last=2
    ): "The record of the newest link went back from link 9 to link 2.",
    Problem.of(Code.OTHER_DIGEST, first=3): "Link 3 has another digest than the one that was written down.",
    Problem.with_entry(Code.CUT_OFF, ENTRY, first=9): (
        f"Link 9 existed and is missing: the trail was cut off after {NAME}."
    ),
    Problem.of(
        Code.ALL_CUT_OFF, first=9
    ): "Link 9 existed and is missing: the trail was cut off from the beginning on.",
    Problem.of(Code.OTHER_DIGEST, first=3).kept_by("audit-head"): (
        "Link 3 has another digest than the one that was written down. (audit-head keeps it.)"
    ),
    Problem.with_entry(Code.BEFORE_THE_SEAL, ENTRY, position=4): (
        f"{NAME} stands at 4, which is in a sealed segment: it was put back."
    ),
    Problem.of(Code.SEAL_ALTERED, number=2): "The seal of segment 2 was altered, or this site did not make it.",
    Problem.of(Code.SEAL_OTHER_KEY, number=2): "The seal of segment 2 was made under another SECRET_KEY.",
    Problem.of(Code.SEAL_ELSEWHERE, number=2): "Segment 2 does not go on where the one before it ends.",
    Problem.of(Code.SEAL_NOT_IN_TRAIL, number=2): "The trail has no entry of the seal of segment 2.",
    Problem.of(Code.SEAL_WENT_BACK, number=2): "The seal of segment 2 is an earlier one; it was put back.",
    Problem.of(Code.SEGMENT_REMOVED, number=2): "The seal of segment 2 was removed.",
    Problem.of(Code.HEAD_IN_A_FILE, first=3): (
        "Link 3 is in a sealed segment; give --segments to compare it with the file."
    ),
    Problem.of(Code.FILE_MISSING, file="a.gz", machine="gk1"): "The file a.gz is missing; it was written on gk1.",
    Problem.of(Code.FILE_UNREADABLE, file="a.gz", reason="cut"): "The file a.gz cannot be read: cut",
    Problem.of(Code.FILE_CHANGED, file="a.gz"): "The file a.gz is not what was sealed.",
    Problem.of(Code.FILE_CUT, file="a.gz", count=3, entries=5): (
        "The file a.gz has 3 entries, and 5 were sealed: it was cut."
    ),
    Problem.of(Code.FILE_REPLACED, file="a.gz", number=1): "The file a.gz holds segment 1: it was replaced.",
    Problem.of(Code.FILE_ORDER, file="a.gz", position=7): (
        "In the file a.gz link 7 does not stand where it was sealed."
    ),
}


@pytest.mark.parametrize(("problem", "sentence"), SENTENCES.items(), ids=[str(each.code) for each in SENTENCES])
def test_each_problem_is_a_sentence_in_the_language_of_its_reader(problem: Problem, sentence: str) -> None:
    stored: dict[str, Any] = problem.document

    assert str(problem) == problem_text(stored) == sentence
    with translation.override("de"):
        german = problem_text(stored)
    assert german != sentence or problem.code == Code.CARRIED_OVER, "what the trail itself holds is quoted"
    assert "%(" not in german


def test_every_code_has_a_text() -> None:
    assert {problem.code for problem in SENTENCES} == set(Code)
    assert set(FAULTS) == set(Fault)
    assert set(TEXTS) == set(Code) - {Code.CARRIED_OVER, Code.LINKS_TAKEN}


def test_what_an_earlier_release_stored_stays_as_it_is() -> None:
    assert problem_text("Link 3 is missing.") == "Link 3 is missing."
    assert problem_text({"code": "of_a_later_release", "x": 1}) == "of_a_later_release"
