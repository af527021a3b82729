"""The picture of access on a plane: nothing overlaps, each curve begins and ends at its boxes. No database."""

import re
from itertools import combinations
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from gatekeeper.web.framework.access_picture.graph import Column, Edge, Graph, Node
from gatekeeper.web.framework.access_picture.layout import HEIGHT, WIDTH, cut, draw


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    nodes = [
        Node(column, "group", f"{column}-{number}", "label")
        for column in Column
        for number in range(draw(st.integers(1, 12)))
    ]
    pairs = [(a, b) for a in nodes for b in nodes if b.column == a.column + 1]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True))
    return Graph(tuple(nodes), tuple(Edge(a.key, b.key, draw(st.booleans())) for a, b in edges))


@settings(deadline=None)
@given(graphs())
def test_no_two_boxes_overlap_and_all_lie_within(graph: Graph) -> None:
    drawing = draw(graph)

    for a, b in combinations(drawing.boxes, 2):
        assert abs(a.x - b.x) >= WIDTH or abs(a.y - b.y) > HEIGHT
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - WIDTH
        assert 0 <= box.y <= drawing.height - HEIGHT


@settings(deadline=None)
@given(graphs())
def test_each_curve_joins_the_sides_of_its_boxes(graph: Graph) -> None:
    drawing = draw(graph)
    at = {box.node.key: box for box in drawing.boxes}
    wanted = {
        (at[edge.start].x + WIDTH, at[edge.start].y + HEIGHT // 2, at[edge.end].x, at[edge.end].y + HEIGHT // 2)
        for edge in graph.edges
    }

    ends = [list(map(int, re.findall(r"-?\d+", curve.path))) for curve in drawing.curves]

    assert {(numbers[0], numbers[1], numbers[-2], numbers[-1]) for numbers in ends} == wanted
    assert [curve.bright for curve in drawing.curves] == sorted(curve.bright for curve in drawing.curves)
    assert all(min(numbers[::2]) >= 0 and max(numbers[::2]) <= drawing.width for numbers in ends)


def test_columns_stand_side_by_side_in_their_order() -> None:
    nodes = tuple(Node(column, "group", UUID(int=column), "x") for column in Column)

    drawing = draw(Graph(nodes, ()))

    assert [box.x for box in drawing.boxes] == list(drawing.heads)
    assert drawing.width == drawing.heads[-1] + WIDTH


def test_a_text_that_does_not_fit_is_cut() -> None:
    assert cut("GK Finance", 10) == "GK Finance"
    assert cut("GK Finance", 9) == "GK Finan…"
    assert cut("GK  Finance", 4) == "GK…"
    assert cut("財務部門", 8) == "財務部門"
    assert cut("財務部門", 7) == "財務部…"
