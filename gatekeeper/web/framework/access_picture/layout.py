"""The graph of access on a plane: boxes in three columns, and curves between them. Pure; units of the drawing."""

from dataclasses import dataclass
from unicodedata import east_asian_width

from gatekeeper.web.framework.access_picture.graph import Column, Graph, Node

WIDTH, HEIGHT = 168, 44  # of a box
BETWEEN_COLUMNS, BETWEEN_BOXES, HEAD = 48, 10, 28
MOST_OF_LABEL, MOST_OF_NOTE = 20, 25  # characters that fit into a box


@dataclass(frozen=True, slots=True)
class Box:
    """A node with its upper left corner, and its texts as far as they fit."""

    node: Node
    x: int
    y: int
    label: str
    note: str


@dataclass(frozen=True, slots=True)
class Curve:
    """An edge as a path from the right side of a box to the left side of another."""

    path: str
    bright: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Quiet curves first, so that the bright ones lie above them. ``heads``: the x of each column."""

    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]
    heads: tuple[int, ...]
    width: int
    height: int


def draw(graph: Graph) -> Drawing:
    """Each column in the middle of the height that the longest takes."""
    columns = [graph.column(column) for column in Column]
    tallest = max(map(_height, map(len, columns)))
    heads = tuple(column * (WIDTH + BETWEEN_COLUMNS) for column in Column)
    boxes = {}
    for x, nodes in zip(heads, columns, strict=True):
        top = HEAD + (tallest - _height(len(nodes))) // 2
        for place, node in enumerate(nodes):
            y = top + place * (HEIGHT + BETWEEN_BOXES)
            boxes[node.key] = Box(node, x, y, cut(node.label, MOST_OF_LABEL), cut(node.note, MOST_OF_NOTE))
    curves = [Curve(_path(boxes[edge.start], boxes[edge.end]), edge.bright) for edge in graph.edges]
    return Drawing(
        boxes=tuple(boxes.values()),
        curves=tuple(sorted(curves, key=lambda curve: curve.bright)),
        heads=heads,
        width=heads[-1] + WIDTH,
        height=HEAD + tallest,
    )


def _height(boxes: int) -> int:
    return max(0, boxes * (HEIGHT + BETWEEN_BOXES) - BETWEEN_BOXES)


def _path(start: Box, end: Box) -> str:
    x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"


def cut(text: str, most: int) -> str:
    """As much of a text as fits, with "…" where that is not all. A wide character of East Asia counts as two."""
    if sum(map(_width, text)) <= most:
        return text
    kept, left = "", most - 1
    for character in text:
        left -= _width(character)
        if left < 0:
            break
        kept += character
    return f"{kept.rstrip()}…"


def _width(character: str) -> int:
    return 2 if east_asian_width(character) in "WF" else 1
