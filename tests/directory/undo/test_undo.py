"""Undo puts back what a decision replaced, or says in one line why it can't."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.config_as_code.apply import apply_document
from gatekeeper.config_as_code.document import read_document
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.groups.idp_groups import delete_group
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import (
    choose_fallback_team,
    reset_mapping,
    set_last_group_policy,
    set_mapping,
)
from gatekeeper.directory.models import IdpGroup, Team
from gatekeeper.directory.teams.teams import create_team, delete_team, merge_teams, rename_team
from gatekeeper.directory.undo.decisions import CannotUndo, Decision, decision_of, decision_of_request
from gatekeeper.directory.undo.reversal import REVERSIBLE
from gatekeeper.directory.undo.services import undo
from tests.builders import ADMIN, ENTRA, make_group, make_team, make_users, map_group

pytestmark = pytest.mark.django_db


def somebody() -> Actor:
    """An administrator who makes one request."""
    return Actor("person", "Eva", "7", "pages", str(uuid4()))


@pytest.fixture
def site() -> dict[str, Any]:
    """Two teams of which one is the fallback, a group with a mapping, and one without."""
    general, finance = make_team("General"), make_team("Finance")
    choose_fallback_team(general.id, actor=ADMIN)
    mapped, unmapped = make_group("GK Mapped", make_users(2)), make_group("GK Unmapped", make_users(1))
    map_group(mapped, "administrator", ["reports"], [finance])
    return {"general": general, "finance": finance, "mapped": mapped, "unmapped": unmapped}


def decided(change: Callable[[Actor], object]) -> Decision:
    """What a request left that made this change."""
    actor = somebody()
    change(actor)
    entry = decision_of_request(actor.request_id)
    assert entry is not None
    decision = decision_of(entry)
    assert decision is not None
    return decision


def by_name(facts: SiteFacts) -> dict[str, Any]:
    """The facts with teams by name: a team that comes back is another row under its name."""
    groups = dict(IdpGroup.objects.values_list("id", "display_name"))

    def named(mapping: Any) -> tuple[Any, ...]:
        return mapping.level, mapping.permissions, {facts.teams[team] for team in mapping.team_ids & facts.teams.keys()}

    return {
        "default": named(facts.default_mapping),
        "mappings": {groups[group]: named(mapping) for group, mapping in facts.mappings.items()},
        "teams": sorted(facts.teams.values()),
        "fallback": facts.teams.get(facts.fallback_team_id) if facts.fallback_team_id else None,
        "policy": facts.last_group_policy,
    }


def mapping_of(group: IdpGroup | None, level: str) -> Callable[[Actor], object]:
    present = site_facts().default_mapping
    return lambda actor: set_mapping(
        group and group.id, replace(present, level=Level.from_slug(level)), actor=actor, confirmed=True
    )


def document(**keys: Any) -> Callable[[Actor], object]:
    return lambda actor: apply_document(read_document(json.dumps(keys)), actor=actor, confirmed=True)


CHANGES: dict[str, Callable[[dict[str, Any]], Callable[[Actor], object]]] = {
    "a mapping": lambda site: mapping_of(site["mapped"], "none"),
    "the first mapping of a group": lambda site: mapping_of(site["unmapped"], "none"),
    "the first Default Mapping": lambda _: mapping_of(None, "collaborator"),
    "a reset": lambda site: lambda actor: reset_mapping(site["mapped"].id, actor=actor),
    "another fallback team": lambda site: lambda actor: choose_fallback_team(site["finance"].id, actor=actor),
    "no fallback team": lambda _: lambda actor: choose_fallback_team(None, actor=actor),
    "the policy": lambda _: lambda actor: set_last_group_policy("fallback", actor=actor),
    "a new team": lambda _: lambda actor: create_team("Legal", actor=actor),
    "another name": lambda site: lambda actor: rename_team(site["finance"].id, "Money", actor=actor),
    "the end of a team": lambda site: lambda actor: delete_team(site["finance"].id, actor=actor),
    "a merger": lambda site: lambda actor: merge_teams(site["finance"].id, site["general"].id, actor=actor),
    "a merger of the fallback team": lambda site: (
        lambda actor: merge_teams(site["general"].id, site["finance"].id, actor=actor)
    ),
    "a document": lambda _: document(
        teams=["General", "Legal"],
        fallback_team="Legal",
        last_group_policy="fallback",
        default_mapping={"level": "none"},
        group_mappings={"GK Unmapped": {"level": "collaborator", "teams": ["Legal"]}},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_undone_and_the_undo_again(site: dict[str, Any], name: str) -> None:
    before = by_name(site_facts())
    decision = decided(CHANGES[name](site))
    after = by_name(site_facts())
    assert after != before

    undone = decided(lambda actor: undo(decision, actor=actor))
    assert by_name(site_facts()) == before

    undo(undone, actor=somebody())
    assert by_name(site_facts()) == after


def test_every_event_that_can_be_undone_is_tried_here(site: dict[str, Any]) -> None:
    for change in CHANGES.values():
        decision = decided(change(site))
        undo(decision, actor=somebody())
        site.update(finance=Team.objects.live().get(name="Finance"), general=Team.objects.live().get(name="General"))
    left = set(AuditEntry.objects.filter(actor_name="Eva").values_list("event", flat=True))
    assert left >= {event.value for event in REVERSIBLE}


def test_it_leaves_an_entry_of_its_own_that_names_the_one_undone(site: dict[str, Any]) -> None:
    decision = decided(mapping_of(site["mapped"], "none"))

    undo(decision, actor=somebody())

    entry = AuditEntry.objects.get(event=Event.CHANGE_UNDONE)
    assert (entry.actor_name, entry.object_id, entry.object_label) == ("Eva", str(site["mapped"].id), "GK Mapped")
    assert entry.after == {"event": "mapping.set", "entry": decision.first.pk, "changes": 1}
    assert verify().intact


def test_the_past_does_not_learn_of_a_team_that_came_back(site: dict[str, Any]) -> None:
    decision = decided(lambda actor: delete_team(site["finance"].id, actor=actor))
    between = Team.objects.get(pk=site["finance"].id).deleted_at

    undo(decision, actor=somebody())

    assert "Finance" not in site_facts(between).teams.values()
    assert "Finance" in site_facts().teams.values()


def test_a_mapping_that_named_no_deleted_team_is_left_alone(site: dict[str, Any]) -> None:
    decision = decided(lambda actor: delete_team(site["finance"].id, actor=actor))
    map_group(site["unmapped"], "collaborator", [], [site["general"]])

    undo(decision, actor=somebody())

    assert site_facts().mappings[site["unmapped"].id].team_ids == {site["general"].id}


Meanwhile = tuple[str, Callable[[dict[str, Any]], object], str]
MEANWHILE: list[Meanwhile] = [
    ("a mapping", lambda site: map_group(site["mapped"], "collaborator"), "The mapping of GK Mapped was changed again"),
    ("a mapping", lambda site: reset_mapping(site["mapped"].id, actor=ADMIN), "The mapping of GK Mapped was changed"),
    ("a mapping", lambda site: delete_group(site["mapped"].id, actor=ENTRA), "The group GK Mapped was deleted since"),
    ("a mapping", lambda site: delete_team(site["finance"].id, actor=ADMIN), "The team Finance, which would come back"),
    ("a reset", lambda site: map_group(site["mapped"]), "The mapping of GK Mapped was changed again"),
    (
        "the first Default Mapping",
        lambda _: map_group(None, "none"),
        "The mapping of Default Mapping was changed again",
    ),
    ("no fallback team", lambda site: choose_fallback_team(site["finance"].id, actor=ADMIN), "The fallback team was"),
    ("the policy", lambda _: set_last_group_policy("revoke", actor=ADMIN), "The last group policy was chosen again"),
    (
        "a new team",
        lambda site: map_group(site["unmapped"], teams=[Team.objects.get(name="Legal")]),
        "The team Legal is in use by now: delete it on its page.",
    ),
    (
        "a new team",
        lambda _: rename_team(Team.objects.get(name="Legal").id, "Law", actor=ADMIN),
        "The team Legal was renamed or deleted since",
    ),
    (
        "another name",
        lambda site: rename_team(site["finance"].id, "Cash", actor=ADMIN),
        "The team Money was renamed or",
    ),
    ("another name", lambda _: make_team("FINANCE"), "Another team is called Finance by now: rename that one first."),
    ("the end of a team", lambda _: make_team("finance"), "Another team is called"),
]


@pytest.mark.parametrize(("change", "meanwhile", "said"), MEANWHILE)
def test_what_changed_since_is_named_and_nothing_is_undone(
    site: dict[str, Any], change: str, meanwhile: Callable[[dict[str, Any]], object], said: str
) -> None:
    decision = decided(CHANGES[change](site))
    meanwhile(site)
    before = site_facts()

    with pytest.raises(CannotUndo, match=said):
        undo(decision, actor=somebody())

    assert site_facts() == before
    assert not AuditEntry.objects.filter(event=Event.CHANGE_UNDONE).exists()


def test_what_was_undone_is_not_undone_twice(site: dict[str, Any]) -> None:
    decision = decided(mapping_of(site["mapped"], "none"))
    undo(decision, actor=somebody())

    with pytest.raises(CannotUndo, match="changed again since"):
        undo(decision, actor=somebody())


def test_a_choice_recorded_by_an_earlier_version_is_set_by_hand(site: dict[str, Any]) -> None:
    decision = decided(lambda actor: choose_fallback_team(None, actor=actor))
    decision.first.before = {"fallback_team": "General"}

    with pytest.raises(CannotUndo, match="set by hand"):
        undo(decision, actor=somebody())


def test_only_the_same_persons_changes_of_one_request_belong_together(site: dict[str, Any]) -> None:
    actor = somebody()
    set_last_group_policy("fallback", actor=actor)
    choose_fallback_team(None, actor=replace(actor, id="8", name="Mallory"))

    decision = decision_of(decision_of_request(actor.request_id) or 0)

    assert decision is not None
    assert [entry.event for entry in decision.entries] == [Event.LAST_GROUP_POLICY_SET]


def test_other_entries_cannot_be_undone(site: dict[str, Any]) -> None:
    entry = AuditEntry.objects.filter(event=Event.GROUP_CREATED).first()
    assert entry is not None
    assert decision_of(entry.pk) is None
    assert decision_of_request("") is None
