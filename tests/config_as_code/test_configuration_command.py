"""``configuration export``, ``apply`` and ``diff``: documents in, documents out, one line when refused."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import MappingVersion, Team
from gatekeeper.directory.teams.teams import delete_team
from tests.builders import ADMIN, link, make_group, make_provider, make_team, make_user, make_users, map_group

pytestmark = pytest.mark.django_db

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "configuration.schema.json").read_text())
WHOLE = {
    "fallback_team": "General",
    "last_group_policy": "revoke",
    "teams": ["General", "Finance"],
    "default_mapping": {"level": "collaborator", "permissions": [], "teams": []},
    "group_mappings": {
        "GK Finance": {"level": "global_collaborator", "permissions": ["reports"], "teams": ["Finance"]}
    },
}


def run(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("configuration", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def apply(tmp_path: Path) -> Any:
    def applied(document: Any, *flags: str) -> Any:
        text = document if isinstance(document, str) else json.dumps(document)
        (tmp_path / "wanted.json").write_text(text)
        return run("apply", str(tmp_path / "wanted.json"), *flags)

    return applied


def refused(apply: Any, document: Any, *flags: str) -> str:
    """The line of a refusal, after which everything is as it was."""
    before, entries = run("export"), AuditEntry.objects.count()
    with pytest.raises(CommandError) as refusal:
        apply(document, *flags)
    assert run("export") == before
    assert AuditEntry.objects.count() == entries
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_a_whole_document_becomes_the_sites_configuration(apply: Any) -> None:
    make_group("GK Finance", [make_user()])

    assert apply(WHOLE)["dry_run"] is False

    assert run("export") == {**WHOLE, "teams": ["Finance", "General"]}


def test_applying_what_was_exported_changes_nothing(apply: Any) -> None:
    make_group("GK Finance", [make_user()])
    apply(WHOLE)
    entries = AuditEntry.objects.count()

    result = apply(run("export"))

    assert result == {"changed": [], "access_changed": 0, "dry_run": False}
    assert AuditEntry.objects.count() == entries


def test_export_and_apply_change_nothing_after_a_mapped_team_was_deleted(apply: Any) -> None:
    team = make_team("Gone")
    map_group(make_group("GK Finance"), teams=[team])
    map_group(None, teams=[team])
    delete_team(team.id, actor=ADMIN)

    assert apply(run("export"))["changed"] == []


def test_what_is_applied_counts_the_people_whose_access_differs(apply: Any) -> None:
    make_group("GK Finance", [make_user(), make_user()])
    make_user()

    assert apply(WHOLE)["access_changed"] == 3
    change = {"group_mappings": {**WHOLE["group_mappings"], "GK Finance": {"level": "administrator"}}}  # type: ignore[dict-item]
    assert apply(change)["access_changed"] == 2


def test_a_dry_run_says_the_same_and_changes_nothing(apply: Any) -> None:
    make_group("GK Finance", [make_user()])
    before, entries = run("export"), AuditEntry.objects.count()

    tried = apply(WHOLE, "--dry-run")

    assert (run("export"), AuditEntry.objects.count()) == (before, entries)
    assert tried["dry_run"] is True
    assert tried["access_changed"] == 1
    real = apply(WHOLE)
    assert real.keys() == tried.keys() == {"changed", "access_changed", "dry_run"}
    assert (real["changed"], real["access_changed"]) == (tried["changed"], tried["access_changed"])


def test_a_dry_run_tells_the_preview_of_the_page_as_text(tmp_path: Path, capsys: Any) -> None:
    make_group("GK Finance", [make_user("ada@example.com")])
    (tmp_path / "wanted.json").write_text(
        json.dumps({"group_mappings": {"GK Finance": {"level": "global_administrator", "permissions": ["reports"]}}})
    )

    call_command("configuration", "apply", str(tmp_path / "wanted.json"), "--dry-run")

    assert capsys.readouterr().out.splitlines() == [
        "GK Finance grants Global Administrator, Reports (was the Default Mapping).",
        "The access of 1 person would change.",
        "  levels Employee Portal: 0 gain it, 1 lose it",
        "  levels Global Administrator: 1 gain it, 0 lose it",
        "  permissions Reports: 1 gain it, 0 lose it",
        "  Warning: 1 person becomes Global Administrator.",
        "  ada@example.com: employee_portal → global_administrator, + reports",
        "Nothing was changed: this was a dry run.",
    ]


def test_a_dry_run_gives_the_preview_of_the_page_as_json_when_asked(apply: Any) -> None:
    make_group("GK Finance", [make_user("ada@example.com")])

    tried = apply(WHOLE, "--dry-run", "--preview")

    assert tried.keys() == {"changed", "access_changed", "dry_run", "preview"}
    assert tried["preview"]["people"] == tried["access_changed"]
    assert tried["preview"]["teams"] == [{"name": "Finance", "gained": 1, "lost": 0}]
    assert tried["preview"]["first_people"] == [
        {
            "user_name": "ada@example.com",
            "before": {"level": "employee_portal", "permissions": [], "teams": []},
            "after": {"level": "global_collaborator", "permissions": ["reports"], "teams": ["Finance"]},
        }
    ]


def test_keys_that_a_document_leaves_out_stay_untouched(apply: Any) -> None:
    make_group("GK Finance")
    apply(WHOLE)

    apply({"last_group_policy": "fallback"})

    assert run("export") == {**WHOLE, "teams": ["Finance", "General"], "last_group_policy": "fallback"}


def test_a_group_that_is_not_listed_uses_the_default_mapping_again(apply: Any) -> None:
    ada = make_user()
    make_group("GK Finance", [ada])
    apply(WHOLE)

    assert apply({"group_mappings": {}})["changed"] == ["GK Finance uses the Default Mapping again."]

    assert access_of(ada).level is Level.COLLABORATOR


def test_teams_that_are_not_listed_are_deleted_and_others_keep_their_id(apply: Any) -> None:
    kept, gone = make_team("Finance"), make_team("Old")

    apply({"teams": ["finance"]})

    assert list(Team.objects.live().values_list("id", "name")) == [(kept.id, "finance")]
    assert Team.objects.get(pk=gone.id).deleted_at is not None


def test_groups_are_named_in_any_case(apply: Any) -> None:
    group = make_group("GK Finance")

    apply({"group_mappings": {"gk FINANCE": {"level": "administrator"}}})

    assert MappingVersion.objects.live().get(group=group).level == Level.ADMINISTRATOR


def test_the_fallback_team_can_be_replaced_and_deleted_by_one_document(apply: Any) -> None:
    apply(WHOLE | {"group_mappings": {}})

    apply({"teams": ["New"], "fallback_team": "New"})

    assert run("export")["teams"] == ["New"]


def test_a_fallback_team_that_is_not_listed_is_not_deleted(apply: Any) -> None:
    apply({"teams": ["General"], "fallback_team": "General"})

    assert "General is the fallback team" in refused(apply, {"teams": ["Other"]})


def test_an_administrator_default_needs_the_flag(apply: Any) -> None:
    document = {"default_mapping": {"level": "administrator"}}

    assert "--confirm-administrator-default" in refused(apply, document)

    assert apply(document, "--confirm-administrator-default")["changed"]


def test_configuring_can_move_from_one_group_to_another_within_one_document(apply: Any) -> None:
    make_provider()
    ada, leader = make_user(), {"level": "global_administrator", "permissions": ["configuration"]}
    make_group("GK Old", [ada])
    make_group("GK New", [ada])
    apply({"group_mappings": {"GK Old": leader}})
    link()

    apply({"group_mappings": {"GK Old": {"level": "collaborator"}, "GK New": leader}})

    assert access_of(ada).can_configure


def test_a_document_that_locks_everybody_out_is_refused_in_a_dry_run_too(apply: Any) -> None:
    make_provider()
    make_group("GK Leaders", [make_user()])
    apply({"group_mappings": {"GK Leaders": {"level": "global_administrator", "permissions": ["configuration"]}}})
    link()

    assert "no active person who may configure" in refused(apply, {"group_mappings": {}})
    assert "no active person who may configure" in refused(apply, {"group_mappings": {}}, "--dry-run")


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"default_mapping": {"level": "king"}}, "king"),
        ({"default_mapping": {"level": ["administrator"]}}, "administrator"),
        ({"default_mapping": {"level": "collaborator", "permissions": ["fly"]}}, "fly"),
        ({"default_mapping": {"level": "collaborator", "teams": ["Nowhere"]}}, "Nowhere"),
        ({"default_mapping": {"level": "collaborator", "rank": 1}}, "rank"),
        ({"default_mapping": {"permissions": []}}, "level"),
        ({"default_mapping": None}, "default_mapping"),
        ({"default_mapping": {"level": "collaborator", "permissions": "reports"}}, "permissions"),
        ({"group_mappings": {"GK Nobody": {"level": "collaborator"}}}, "GK Nobody"),
        ({"group_mappings": [1]}, "group_mappings"),
        ({"group_mappings": {"GK A": {"level": "none"}, "gk a": {"level": "none"}}}, "gk a"),
        ({"fallback_team": "Nowhere"}, "Nowhere"),
        ({"fallback_team": 7}, "fallback_team"),
        ({"fallback_team": "Other", "teams": ["General"]}, "Other"),
        ({"teams": ["A", "a"]}, "a is there twice"),
        ({"teams": "A"}, "teams"),
        ({"teams": ["x" * 121]}, "120"),
        ({"teams": [""]}, "teams"),
        ({"last_group_policy": "perhaps"}, "perhaps"),
        ({"last_group_policy": None}, "last_group_policy"),
        ([], "object"),
        ('{"teams": [], "teams": []}', "teams is there twice"),
        ('{"teams": NaN}', "NaN"),
        ('{"teams": ["\\ud800"]}', "cannot be stored"),
        ("[" * 100_000, "nested"),
        ("{", "not JSON"),
        ("", "not JSON"),
    ],
)
def test_what_cannot_be_understood_is_named_in_one_line(apply: Any, document: Any, named: str) -> None:
    assert named in refused(apply, document)


def test_a_mistake_at_the_end_undoes_the_beginning(apply: Any) -> None:
    make_group("GK Finance")
    mappings = {**WHOLE["group_mappings"], "GK Nobody": {"level": "collaborator"}}  # type: ignore[dict-item]

    refused(apply, {**WHOLE, "group_mappings": mappings})

    assert not Team.objects.exists()


@pytest.mark.parametrize("name", ["no/such/file.json", "."])
def test_a_file_that_cannot_be_read_is_one_line(name: str) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("apply", name)


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="UTF-8"):
        run("apply", str(tmp_path / "x"))


def test_a_difference_ends_with_status_one_and_none_with_zero(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "kept.json").write_text(json.dumps(run("export")))
    assert run("diff", str(tmp_path / "kept.json")) == {"differs": False, "differences": []}
    make_team("General")

    with pytest.raises(SystemExit) as ended:
        run("diff", str(tmp_path / "kept.json"))

    assert ended.value.code == 1
    assert Team.objects.live().count() == 1


def test_the_export_and_the_example_keep_to_the_schema_that_is_shipped(apply: Any) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    make_group("GK Finance")
    validator.validate(run("export"))
    apply(WHOLE)
    validator.validate(run("export"))
    validator.validate(WHOLE)


def test_the_schema_names_every_level_and_permission_and_refuses_other_keys() -> None:
    mapping = SCHEMA["$defs"]["mapping"]["properties"]
    assert mapping["level"]["enum"] == [level.slug for level in Level]
    validator = Draft202012Validator(SCHEMA)
    assert not validator.is_valid({"colour": "red"})
    assert not validator.is_valid({"default_mapping": {"level": "collaborator", "permissions": ["fly"]}})


TAKING = {"default_mapping": {"level": "none"}}


@pytest.fixture
def three_people() -> None:
    map_group(None, "collaborator")
    make_group("GK", make_users(3))


def output_of(path: Path, *flags: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("configuration", "apply", str(path), *flags, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def taking(tmp_path: Path, three_people: None) -> Path:
    path = tmp_path / "taking.json"
    path.write_text(json.dumps(TAKING))
    return path


def test_how_many_can_no_longer_sign_in_is_printed_beside_the_document(taking: Path) -> None:
    tried, warned = output_of(taking, "--dry-run", "--json")
    done, stderr = output_of(taking, "--json")

    assert warned.strip() == "3 people could no longer sign in."
    assert stderr.strip() == "3 people can no longer sign in."
    assert json.loads(tried).keys() == json.loads(done).keys() == {"changed", "access_changed", "dry_run"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "is_done"), [("yes\n", True), ("no\n", False), ("\n", False), ("", False)])
def test_somebody_at_a_terminal_is_asked(
    taking: Path, answer: str, is_done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    before = run("export")

    if is_done:
        assert "3 people could no longer sign in. Do you mean it?" in output_of(taking)[1]
        assert run("export")["default_mapping"]["level"] == "none"
    else:
        with pytest.raises(CommandError, match="Nothing was changed"):
            output_of(taking)
        assert run("export") == before
