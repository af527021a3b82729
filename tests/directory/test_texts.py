"""Each code of the directory that pages show has a text, which is made in the language of whoever looks."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.utils import translation

from gatekeeper.directory.access.states import State
from gatekeeper.directory.history.cause_texts import CauseCode, cause_text
from gatekeeper.directory.history.effect_texts import Effect, EffectCode
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import LastGroupPolicy
from gatekeeper.directory.permissions import NEED_GLOBAL_ADMINISTRATOR, Permission
from gatekeeper.directory.teams.fallback_texts import FallbackCode, FallbackReason
from gatekeeper.errors import InvalidValue, PrivilegeHeld, TeamNotFound, UnknownLevel

CAUSES = dict.fromkeys(("group", "connection", "name_id", "was", "name", "team"), "x") | {"policy": "revoke"}
EFFECTS = dict.fromkeys(("level", "before", "after"), Level.COLLABORATOR) | {
    "permission": Permission.REPORTS,
    "team": "x",
    "state": State.DELETED,
}


@pytest.mark.parametrize("code", CauseCode)
def test_every_cause_has_a_text(code: CauseCode) -> None:
    assert cause_text(code, CAUSES)


@pytest.mark.parametrize("code", EffectCode)
def test_every_effect_has_a_text(code: EffectCode) -> None:
    assert Effect(code, EFFECTS).text


@pytest.mark.parametrize("code", FallbackCode)
def test_every_reason_to_be_in_the_fallback_team_has_a_text(code: FallbackCode) -> None:
    assert FallbackReason(code, ("A",), ("B",)).text


def test_every_level_and_permission_has_a_label() -> None:
    assert all(level.label and level.meaning for level in Level)
    assert all(permission.label for permission in Permission)
    assert {permission for permission in Permission if permission.note} == NEED_GLOBAL_ADMINISTRATOR


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["A"], "The mapping of A names no team."),
        (["A", "B"], "The mappings of A and B name no team."),
        (["A", "B", "C"], "The mappings of A, B and C name no team."),
        (["A", "B", "C", "D", "E"], "The mappings of A, B and 3 more name no team."),
    ],
)
def test_many_names_are_shortened(names: list[str], text: str) -> None:
    assert FallbackReason(FallbackCode.MAPPINGS_WITHOUT_TEAM, tuple(names)).text == text


@pytest.fixture
def german(settings: Any, tmp_path: Path) -> Iterator[None]:
    catalog = Catalog(locale="de")
    for text, translated in {
        "Collaborator": "Mitarbeiter",
        "Reports": "Berichte",
        "There is no team %(team)s.": "Team %(team)s gibt es nicht.",
        "there is no level %(level)s.": "Stufe %(level)s gibt es nicht.",
        "Joined %(group)s": "Zu %(group)s gekommen",
        "After removal from the last group: %(policy)s": "Nach der letzten Gruppe: %(policy)s",
        "Revoke access": "Entziehen",
        "Level: %(level)s": "Stufe: %(level)s",
    }.items():
        catalog.add(text, translated)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(compiled.getvalue())
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [*settings.LANGUAGES, ("de", "Deutsch")]
    with translation.override("de"):
        yield


@pytest.mark.usefixtures("german")
def test_labels_and_texts_are_in_the_language_of_whoever_looks() -> None:
    assert (Level.COLLABORATOR.label, Permission.REPORTS.label) == ("Mitarbeiter", "Berichte")
    assert (Level.COLLABORATOR.slug, Permission.REPORTS.value) == ("collaborator", "reports")
    assert cause_text(CauseCode.JOINED, {"group": "GK"}) == "Zu GK gekommen"
    policy = {"policy": LastGroupPolicy.REVOKE.value}
    assert cause_text(CauseCode.LAST_GROUP_POLICY_SET, policy) == "Nach der letzten Gruppe: Entziehen"
    assert Effect(EffectCode.LEVEL, {"level": Level.COLLABORATOR}).text == "Stufe: Mitarbeiter"


@pytest.mark.usefixtures("german")
def test_a_refusal_is_put_in_words_when_it_is_shown() -> None:
    refusal, invalid = TeamNotFound("100 %"), UnknownLevel("emperor")

    assert (str(refusal), str(invalid)) == ("Team 100 % gibt es nicht.", "level: Stufe emperor gibt es nicht.")
    with translation.override("en-gb"):
        assert (str(refusal), str(invalid)) == ("There is no team 100 %.", "level: there is no level emperor.")
        assert invalid.reason == "there is no level emperor."


def test_the_people_of_a_held_gain_are_named_up_to_three() -> None:
    people = {uuid4(): name for name in ("Ada", "Bo", "Eve", "Kim", "Lee")}
    end = "An administrator has to let it through in Settings > Configuration; it can then be repeated."

    named = f"Held for approval: Global Administrator for Ada, Bo, Eve and 2 more. {end}"
    assert str(PrivilegeHeld(people)) == named
    assert str(PrivilegeHeld(dict([*people.items()][:2]))) == (
        f"Held for approval: Global Administrator for Ada, Bo. {end}"
    )


def test_a_text_that_is_given_is_not_formatted() -> None:
    assert str(InvalidValue("name", "100 %(x)s")) == "name: 100 %(x)s"
