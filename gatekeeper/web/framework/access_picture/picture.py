"""The picture of where access comes from, as the pages show it: drawn, with its links and its description."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.levels import Level
from gatekeeper.language_forms import listed
from gatekeeper.web.framework.access_picture.graph import (
    Column,
    Graph,
    Node,
    WithoutGroups,
    access_graph,
    level_key,
)
from gatekeeper.web.framework.access_picture.layout import HEIGHT, WIDTH, Box, Curve, draw
from gatekeeper.web.framework.permissions import may_configure, may_read_reports
from gatekeeper.web.framework.places import ACCESS_REPORTS, LOCAL_ACCOUNTS, SCIM


@dataclass(frozen=True, slots=True)
class Linked:
    """A box with the address of the page about it, "" where there is none or the viewer may not open it."""

    box: Box
    address: str


@dataclass(frozen=True, slots=True)
class Picture:
    """``name`` makes the ids of one of several pictures of a page unique."""

    name: str
    boxes: Sequence[Linked]
    curves: Sequence[Curve]
    heads: Sequence[tuple[int, str]]
    width: int
    height: int
    description: str
    box_width: int = WIDTH
    box_height: int = HEIGHT

    @property
    def has_links(self) -> bool:
        """A picture with links is a group of them: what is in an image, no screen reader reaches."""
        return any(linked.address for linked in self.boxes)


def access_picture(
    access: Access,
    without: WithoutGroups | None = None,
    *,
    viewer: Access | None = None,
    only_deciding: bool = False,
    name: str = "access",
) -> Picture:
    """Draw one person's access. ``viewer``: for whom the boxes are links; None: for nobody.

    ``only_deciding``: without the groups that decide nothing.
    """
    graph = access_graph(access, without)
    drawing = draw(graph.deciding if only_deciding else graph)
    titles = (_("Groups"), _("Mappings"), _("Access"))
    return Picture(
        name=name,
        boxes=[Linked(box, _address(box.node, viewer)) for box in drawing.boxes],
        curves=drawing.curves,
        heads=list(zip(drawing.heads, titles, strict=True)),
        width=drawing.width,
        height=drawing.height,
        description=_description(graph, access),
    )


def _address(node: Node, viewer: Access | None) -> str:
    if viewer is None:
        return ""
    if node.kind in ("permission", "level"):
        is_asked_for = may_read_reports(viewer) and node.id != Level.NONE.slug
        return f"{ACCESS_REPORTS.address}?{urlencode({'wanted': node.id})}" if is_asked_for else ""
    if not may_configure(viewer):
        return ""
    pages = {"group": "web:group_users", "mapping": "web:group_mapping", "team": "web:team"}
    if node.kind in pages:
        return reverse(pages[node.kind], args=[node.id])
    addresses = {
        "default": reverse("web:default_mapping"),
        "fallback": reverse("web:fallback_people"),
        "policy": f"{SCIM.address}#policy-form",
        "local": LOCAL_ACCOUNTS.address,
    }
    return addresses.get(node.kind, "")


def _description(graph: Graph, access: Access) -> str:
    """What the bright paths say, in a sentence or two."""
    labels = {node.key: node.label for node in graph.nodes}

    def sources_of(key: str) -> list[str]:
        return [edge.start for edge in graph.edges if edge.bright and edge.end == key]

    mappings = sources_of(level_key(access))
    names = dict.fromkeys(labels[each] for mapping in mappings for each in sources_of(mapping) or [mapping])
    level = _("The level %(level)s comes from %(names)s.")
    permissions = sum(node.kind == "permission" for node in graph.column(Column.GIVEN))
    teams = len(access.teams)
    sentences = [
        level % {"level": access.level.label, "names": listed(list(names))},
        ngettext("%(number)s permission.", "%(number)s permissions.", permissions) % {"number": permissions},
        ngettext("%(number)s team.", "%(number)s teams.", teams) % {"number": teams},
    ]
    return " ".join(sentences)
