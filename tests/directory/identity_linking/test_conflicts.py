"""Conflicts of the sync are stored as codes; former runs had sentences, which a migration has coded."""

from importlib import import_module

import pytest

from gatekeeper.directory.identity_linking.conflicts import Conflict, ConflictCode

coded = import_module("saml.migrations.0016_conflict_codes").coded

CONFLICTS = [
    Conflict("ada", ConflictCode.SAME_EMAIL, {"email": "ada@example.com", "count": 2}),
    Conflict("ada", ConflictCode.LAST_CONFIGURATOR, {"email": "ada@example.com"}),
    Conflict("ada", ConflictCode.NO_EMAIL),
    Conflict("ada", ConflictCode.NO_CONNECTION, {"email": "ada@elsewhere.com"}),
    Conflict("ada", ConflictCode.TEXT, {"text": "Something that nobody remembers."}),
]


@pytest.mark.parametrize("conflict", CONFLICTS, ids=lambda conflict: conflict.code.value)
def test_a_conflict_comes_back_as_it_was_stored(conflict: Conflict) -> None:
    assert Conflict.from_document(conflict.as_document()) == conflict


@pytest.mark.parametrize("conflict", CONFLICTS, ids=lambda conflict: conflict.code.value)
def test_the_sentence_of_a_former_run_becomes_its_code(conflict: Conflict) -> None:
    former = {"user_name": conflict.user_name, "reason": conflict.reason}

    assert coded(former) == conflict.as_document()
    assert coded(coded(former)) == conflict.as_document()


def test_a_sentence_that_a_process_of_the_release_before_stores_is_shown_as_it_is() -> None:
    assert Conflict.from_document({"user_name": "ada", "reason": "No."}).reason == "No."
