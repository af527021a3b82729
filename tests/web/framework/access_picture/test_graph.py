"""The picture of access says what the rules say: its nodes and bright paths follow from the sources. No database."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatekeeper.directory.access.resolver import Access, PersonFacts, SiteFacts, effective_access
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models.groups import EndedBecause
from gatekeeper.directory.permissions import Permission
from gatekeeper.web.framework.access_picture.graph import (
    MOST_GROUPS,
    MOST_TEAMS,
    Column,
    Graph,
    WithoutGroups,
    access_graph,
)

GROUPS = [UUID(int=number) for number in range(1, 13)]
TEAMS = {UUID(int=100 + number): f"Team {number}" for number in range(12)}

mappings = st.builds(
    MappingRecord,
    level=st.sampled_from(list(Level)),
    permissions=st.frozensets(st.sampled_from(list(Permission)), max_size=4),
    team_ids=st.frozensets(st.sampled_from([*TEAMS, UUID(int=999)]), max_size=4),  # one that is deleted
)
sites = st.builds(
    SiteFacts,
    default_mapping=mappings,
    mappings=st.dictionaries(st.sampled_from(GROUPS), mappings),
    teams=st.just(TEAMS),
    fallback_team_id=st.sampled_from([None, next(iter(TEAMS))]),
    last_group_policy=st.sampled_from(["revoke", "fallback"]),
    has_saml_connection=st.booleans(),
    only_domains=st.none(),
)
ENDS = [None, EndedBecause.REMOVED.value, EndedBecause.GROUP_DELETED.value]


def person(groups: Sequence[UUID] = (), **more: object) -> PersonFacts:
    facts: dict[str, object] = {
        "user_id": UUID(int=0),
        "user_name": "ada@example.com",
        "email": "ada@example.com",
        "active": True,
        "deleted": False,
        "local": False,
        "groups": [(group, f"GK {group.int}") for group in groups],
        "last_ended": None,
        "linked": True,
        "conflicting": False,
    }
    return PersonFacts(**{**facts, **more})  # type: ignore[arg-type]


@st.composite
def people(draw: st.DrawFn) -> PersonFacts:
    groups = draw(st.lists(st.sampled_from(GROUPS), unique=True))
    state = draw(st.sampled_from([{}, {}, {}, {"active": False}, {"deleted": True}, {"local": True}]))
    last_ended = None if groups else draw(st.sampled_from(ENDS))
    return person(groups, **{"last_ended": last_ended, **state})


def starts(graph: Graph, end: str, *, bright: bool) -> set[str]:
    return {edge.start for edge in graph.edges if edge.end == end and edge.bright is bright}


def drawn(person: PersonFacts, site: SiteFacts) -> tuple[Access, Graph]:
    access = effective_access(person, site)
    return access, access_graph(access, WithoutGroups(person.last_ended, site.last_group_policy))


@settings(deadline=None, max_examples=100)
@given(people(), sites)
def test_what_is_given_is_what_the_rules_give(person: PersonFacts, site: SiteFacts) -> None:
    access, graph = drawn(person, site)
    given = graph.column(Column.GIVEN)

    assert [node.id for node in given if node.kind == "level"] == [access.level.slug]
    assert {node.id for node in given if node.kind == "permission"} == {each.value for each in access.permissions}
    named = {node.id for node in given if node.kind == "team"}
    assert named <= access.teams.keys()
    assert len(named) == (len(access.teams) if len(access.teams) <= MOST_TEAMS + 1 else MOST_TEAMS)


@settings(deadline=None, max_examples=100)
@given(people(), sites)
def test_the_bright_paths_are_those_of_the_sources(person: PersonFacts, site: SiteFacts) -> None:
    access, graph = drawn(person, site)
    named = {node.id for node in graph.nodes if node.kind == "group"}

    def mapping_of(source: object) -> str:
        kind, group, uses_default = source.kind, source.group_id, source.uses_default  # type: ignore[attr-defined]
        if kind in ("default", "group") and uses_default:
            return "default:"
        own = f"mapping:{group}" if group in named else "more-mappings:"
        return {"group": own, "local": "local-access:", "fallback": "fallback:"}[kind]

    granting = [source for source in access.sources if source.kind != "fallback"]
    level = f"level:{access.level.slug}"
    deciding = {mapping_of(source) for source in granting if source.mapping.level is access.level}
    if access.sources:
        assert starts(graph, level, bright=True) == deciding
        assert starts(graph, level, bright=False) == {mapping_of(source) for source in granting} - deciding
    for permission in access.permissions:
        givers = {mapping_of(source) for source in access.sources if permission in source.mapping.permissions}
        assert starts(graph, f"permission:{permission.value}", bright=access.has(permission)) == givers
        assert not starts(graph, f"permission:{permission.value}", bright=not access.has(permission))
    for node in graph.nodes:
        if node.kind == "team":
            givers = {mapping_of(source) for source in access.sources if node.id in source.mapping.team_ids}
            assert starts(graph, node.key, bright=True) == givers
        assert node.bright == any(edge.bright for edge in graph.edges if node.key in (edge.start, edge.end))


@settings(deadline=None, max_examples=100)
@given(people(), sites)
def test_each_group_of_a_source_leads_to_its_mapping(person: PersonFacts, site: SiteFacts) -> None:
    access, graph = drawn(person, site)
    groups = [source for source in access.sources if source.kind == "group"]
    named = [node for node in graph.column(Column.ORIGINS) if node.kind == "group"]

    assert {node.id for node in named} <= {source.group_id for source in groups}
    assert len(named) == (len(groups) if len(groups) <= MOST_GROUPS + 1 else MOST_GROUPS)
    for source in groups:
        if any(node.id == source.group_id for node in named):
            ends = [edge.end for edge in graph.edges if edge.start == f"group:{source.group_id}"]
            assert ends == ["default:" if source.uses_default else f"mapping:{source.group_id}"]


@settings(deadline=None, max_examples=100)
@given(people(), sites)
def test_edges_lead_from_one_column_to_the_next(person: PersonFacts, site: SiteFacts) -> None:
    _, graph = drawn(person, site)
    columns = {node.key: node.column for node in graph.nodes}

    assert len(columns) == len(graph.nodes)
    assert all(columns[edge.end] == columns[edge.start] + 1 for edge in graph.edges)
    quiet = {node.key for node in graph.nodes if not node.bright}
    assert not quiet & {node.key for node in graph.deciding.nodes}
    assert all(edge.start not in quiet and edge.end not in quiet for edge in graph.deciding.edges)


SITE = SiteFacts(
    default_mapping=MappingRecord(level=Level.EMPLOYEE_PORTAL),
    mappings={},
    teams=TEAMS,
    fallback_team_id=None,
    last_group_policy="revoke",
    has_saml_connection=True,
)


def test_of_a_hundred_groups_the_deciding_ones_are_named_and_the_others_counted() -> None:
    groups = [UUID(int=number) for number in range(1, 101)]
    site = SITE.with_mapping(groups[-1], MappingRecord(level=Level.ADMINISTRATOR))
    _, graph = drawn(person(groups), site)

    origins = graph.column(Column.ORIGINS)

    assert len(origins) == MOST_GROUPS + 1
    assert origins[0].label == "GK 100"
    assert origins[-1].label == "and 93 more groups"
    assert not origins[-1].bright


@pytest.mark.parametrize(
    ("facts", "policy", "words"),
    [
        ({}, "revoke", ["In no group", "Default Mapping", "Employee Portal"]),
        ({"last_ended": "group_deleted"}, "revoke", ["In no group", "Default Mapping", "Employee Portal"]),
        ({"last_ended": "removed"}, "fallback", ["In no group", "Default Mapping", "Employee Portal"]),
        ({"last_ended": "removed"}, "revoke", ["In no group", "Last-group policy", "No access"]),
        ({"active": False}, "revoke", ["Deactivated", "No mapping applies", "No access"]),
        ({"deleted": True}, "revoke", ["Deleted", "No mapping applies", "No access"]),
        ({"local": True}, "revoke", ["Local account", "Local administrators", "Global Administrator", "Configuration"]),
    ],
)
def test_who_is_in_no_group_has_a_path_too(facts: dict[str, object], policy: str, words: list[str]) -> None:
    site = SiteFacts(**{**{name: getattr(SITE, name) for name in SITE.__slots__}, "last_group_policy": policy})
    _, graph = drawn(person(**facts), site)

    assert [node.label for node in graph.nodes] == words
    assert all(node.bright for node in graph.nodes)
