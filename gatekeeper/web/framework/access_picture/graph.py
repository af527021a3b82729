"""Where somebody's access comes from, as a graph: groups, the mappings that they have, what these give. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Self
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.directory.access.resolver import Access, Blocked, Source
from gatekeeper.directory.models.groups import EndedBecause
from gatekeeper.directory.permissions import Permission

MOST_GROUPS, MOST_TEAMS = 7, 7  # that stand in the picture by name; one more is named as well, as its fold is as tall


class Column(IntEnum):
    """From left to right."""

    ORIGINS = 0
    MAPPINGS = 1
    GIVEN = 2


@dataclass(frozen=True, slots=True)
class Node:
    """``kind`` and ``id`` say what it is about, so that it can be a link: ("group", UUID), ("permission", "api") …

    ``bright``: it takes part in what decides, or is what was decided.
    """

    column: Column
    kind: str
    id: UUID | str | None
    label: str
    note: str = ""
    bright: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id or ''}"


@dataclass(frozen=True, slots=True)
class Edge:
    """From the key of a node to that of one in the next column. ``bright``: what is right of it comes from there."""

    start: str
    end: str
    bright: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in the order in which each column shows them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def column(self, column: Column) -> list[Node]:
        return [node for node in self.nodes if node.column is column]

    @property
    def deciding(self) -> Self:
        """Without what is quiet."""
        return type(self)(
            tuple(node for node in self.nodes if node.bright), tuple(edge for edge in self.edges if edge.bright)
        )


@dataclass(frozen=True, slots=True)
class WithoutGroups:
    """What decides for somebody in no group: why their last membership ended, and the policy for that."""

    last_ended: str | None = None
    policy: str = ""


def access_graph(access: Access, without: WithoutGroups | None = None) -> Graph:
    """The graph of one person's sources. ``without`` matters for those in no group only."""
    ranked = _ranked(access)
    folded = frozenset(ranked[MOST_GROUPS:] if len(ranked) > MOST_GROUPS + 1 else ())
    given = _given_nodes(access)
    nodes: dict[str, Node] = {}
    bright: dict[tuple[str, str], bool] = {}

    def join(start: Node | None, end: Node | None, is_bright: bool) -> None:
        for node in (start, end):
            if node is not None:
                nodes.setdefault(node.key, node)
        if start is not None and end is not None:
            bright[start.key, end.key] = bright.get((start.key, end.key), False) or is_bright

    for source in access.sources:
        origin, mapping = _path(source, access, without or WithoutGroups(), folded)
        gifts = list(gifts_of(source, access))
        join(origin, mapping, any(decides for _, decides in gifts))
        for key, decides in gifts:
            join(mapping, given.get(key) or given["more-teams:"], decides)
    if not access.sources:
        origin, mapping = _path_of_nothing(access, without or WithoutGroups())
        join(origin, mapping, True)
        join(mapping, given[level_key(access)], True)
    return _arranged(nodes, given, bright, ranked)


def level_key(access: Access) -> str:
    """The key of the node of the level."""
    return f"level:{access.level.slug}"


def gifts_of(source: Source, access: Access) -> Iterator[tuple[str, bool]]:
    """The keys of what a source gives, each with whether the person has it, and in effect, through this source."""
    if source.kind != "fallback":
        yield level_key(access), source.mapping.level is access.level
    for permission in sorted(source.mapping.permissions & access.permissions):
        yield f"permission:{permission.value}", access.has(permission)
    for team in sorted(source.mapping.team_ids & access.teams.keys()):
        yield f"team:{team}", True


def _ranked(access: Access) -> list[UUID]:
    """The groups of the sources: first those that decide the level, then those that give something else."""

    def rank(source: Source) -> tuple[bool, bool, str]:
        gifts = dict(gifts_of(source, access))
        return not gifts[level_key(access)], not any(gifts.values()), source.name.casefold()

    return [source.group_id for source in sorted(_groups(access), key=rank) if source.group_id]


def _groups(access: Access) -> Sequence[Source]:
    return [source for source in access.sources if source.kind == "group"]


def _path(
    source: Source, access: Access, without: WithoutGroups, folded: frozenset[UUID]
) -> tuple[Node | None, Node | None]:
    """Origin and mapping of a source."""
    level = source.mapping.level.label
    default = Node(Column.MAPPINGS, "default", None, _("Default Mapping"), level)
    if source.kind == "fallback":
        return None, Node(Column.MAPPINGS, "fallback", None, _("Fallback team"), _("No mapping names a team"))
    if source.kind == "local":
        label, note = _("Local account"), _("Not of the identity provider")
        return (
            Node(Column.ORIGINS, "local", None, label, note),
            Node(Column.MAPPINGS, "local-access", None, _("Local administrators"), level),
        )
    if source.kind == "default":
        return _origin_of_nothing(access, without), default
    if source.group_id in folded:
        more = ngettext("and %(number)s more group", "and %(number)s more groups", len(folded))
        origin = Node(Column.ORIGINS, "more-groups", None, more % {"number": len(folded)})
        theirs = Node(Column.MAPPINGS, "more-mappings", None, _("Their mappings"))
        return origin, default if source.uses_default else theirs
    origin = Node(Column.ORIGINS, "group", source.group_id, source.name)
    own = Node(Column.MAPPINGS, "mapping", source.group_id, _("Own mapping"), level)
    return origin, default if source.uses_default else own


def _origin_of_nothing(access: Access, without: WithoutGroups) -> Node:
    labels = {
        None: (_("In no group"), _("Assigned directly")),
        EndedBecause.REMOVED.value: (_("In no group"), _("Removed from the last one")),
    }
    deleted = (_("In no group"), _("The last one was deleted"))
    if access.blocked_because is Blocked.DELETED:
        label, note = _("Deleted"), ""
    elif not access.active:
        label, note = _("Deactivated"), ""
    else:
        label, note = labels.get(without.last_ended, deleted)
    return Node(Column.ORIGINS, "nothing", None, label, note)


def _path_of_nothing(access: Access, without: WithoutGroups) -> tuple[Node, Node]:
    origin = _origin_of_nothing(access, without)
    if access.active:
        label, note = _("Last-group policy"), _("Removal revokes")
        return origin, Node(Column.MAPPINGS, "policy", None, label, note)
    return origin, Node(Column.MAPPINGS, "no-mapping", None, _("No mapping applies"))


def _given_nodes(access: Access) -> dict[str, Node]:
    """Level, permissions and teams by key, in their order. Teams beyond the first are one node."""
    teams = sorted(access.teams.items(), key=lambda team: team[1].casefold())
    shown = teams if len(teams) <= MOST_TEAMS + 1 else teams[:MOST_TEAMS]
    nodes = [
        Node(Column.GIVEN, "level", access.level.slug, access.level.label, _("Level")),
        *(_permission_node(access, each) for each in sorted(access.permissions, key=lambda each: each.label)),
        *(Node(Column.GIVEN, "team", team_id, name, _("Team")) for team_id, name in shown),
    ]
    if rest := len(teams) - len(shown):
        more = ngettext("and %(number)s more team", "and %(number)s more teams", rest)
        nodes.append(Node(Column.GIVEN, "more-teams", None, more % {"number": rest}))
    return {node.key: node for node in nodes}


def _permission_node(access: Access, permission: Permission) -> Node:
    note = _("Permission") if access.has(permission) else _("No effect: needs Global Administrator")
    return Node(Column.GIVEN, "permission", permission.value, permission.label, note)


def _arranged(
    nodes: dict[str, Node], given: dict[str, Node], bright: dict[tuple[str, str], bool], ranked: list[UUID]
) -> Graph:
    """Each column in its order: groups by their rank, each mapping beside its groups."""
    touched = {key for edge, is_bright in bright.items() if is_bright for key in edge}
    lit = {key: replace(node, bright=key in touched) for key, node in (given | nodes).items()}
    ranks: dict[UUID | str | None, int] = {group_id: rank for rank, group_id in enumerate(ranked)}
    origins = sorted(_of(Column.ORIGINS, lit.values()), key=lambda node: ranks.get(node.id, len(ranks)))
    places = {node.key: place for place, node in enumerate(origins)}

    def place_of(mapping: Node) -> float:
        found = [places[start] for start, end in bright if end == mapping.key and start in places]
        return sum(found) / len(found) if found else len(places)

    mappings = sorted(_of(Column.MAPPINGS, lit.values()), key=place_of)
    edges = tuple(Edge(*edge, is_bright) for edge, is_bright in bright.items())
    return Graph((*origins, *mappings, *_of(Column.GIVEN, lit.values())), edges)


def _of(column: Column, nodes: Iterable[Node]) -> Sequence[Node]:
    return [node for node in nodes if node.column is column]
