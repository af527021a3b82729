"""Requests/s of each server as an SVG with horizontal bars, light and dark as the reader's browser is."""

from collections.abc import Sequence
from html import escape

WIDTH, LEFT, RIGHT, TOP = 920, 320, 70, 74  # pixels; the labels stand left of the bars, figures right of them
BAR, GAP = 13, 16  # pixels: a bar, and between two groups of bars
TICKS = 5
LIGHT = {"text": "#1f2328", "muted": "#59636e", "grid": "#d1d9e0", "background": "#ffffff"}
DARK = {"text": "#f0f6fc", "muted": "#9198a1", "grid": "#3d444d", "background": "#0d1117"}
BARS = (("#0969da", "#4493f8"), ("#bf8700", "#d29922"), ("#8250df", "#ab7df8"), ("#1a7f37", "#3fb950"))  # light, dark


Rates = dict[str, dict[str, float | None]]  # by request, by server


def _colours(named: dict[str, str], bars: Sequence[str]) -> str:
    rules = [
        f"text {{ fill: {named['text']} }} .muted {{ fill: {named['muted']} }} .axis {{ stroke: {named['muted']} }}",
        f".grid {{ stroke: {named['grid']} }} .background {{ fill: {named['background']} }}",
        *(f".s{place} {{ fill: {colour} }}" for place, colour in enumerate(bars)),
    ]
    return " ".join(rules)


STYLE = f"""
text {{ font: 13px system-ui, sans-serif }} .small {{ font-size: 11px }} .title {{ font-size: 16px; font-weight: 600 }}
{_colours(LIGHT, [light for light, _ in BARS])}
@media (prefers-color-scheme: dark) {{ {_colours(DARK, [dark for _, dark in BARS])} }}
"""


def plot(rates: Rates, *, title: str) -> str:
    """The picture of these rates; what a server can't do has a dash."""
    servers = list(next(iter(rates.values())))
    top = _nice(max(rate for row in rates.values() for rate in row.values() if rate is not None))
    group = len(servers) * BAR + GAP
    bottom = TOP + len(rates) * group
    parts = [_head(bottom + 56, title), *_legend(servers), *_axis(top, bottom)]
    for place, (request, row) in enumerate(rates.items()):
        parts += _bars(request, row, y=TOP + place * group, top=top)
    return "\n".join([*parts, "</svg>", ""])


def _head(height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-labelledby="title">\n<title id="title">{escape(title)}</title>\n<style>{STYLE}</style>\n'
        f'<rect class="background" width="{WIDTH}" height="{height}"/>\n'
        f'<text class="title" x="16" y="26">{escape(title)}</text>'
    )


def _legend(servers: list[str]) -> list[str]:
    width = (WIDTH - 32) // len(servers)
    return [
        f'<rect class="s{place}" x="{16 + place * width}" y="42" width="12" height="12" rx="2"/>'
        f'<text x="{34 + place * width}" y="53">{escape(server)}</text>'
        for place, server in enumerate(servers)
    ]


def _axis(top: float, bottom: int) -> list[str]:
    lines = []
    for step in range(TICKS + 1):
        x = _x(top * step / TICKS, top)
        lines.append(f'<line class="{"grid" if step else "axis"}" x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{bottom}"/>')
        lines.append(
            f'<text class="small muted" x="{x}" y="{bottom + 16}" text-anchor="middle">{top * step / TICKS:,.0f}</text>'
        )
    middle = _x(top / 2, top)
    return [
        *lines,
        f'<text class="muted" x="{middle}" y="{bottom + 40}" text-anchor="middle">requests per second</text>',
    ]


def _bars(request: str, row: dict[str, float | None], *, y: int, top: float) -> list[str]:
    middle = y + len(row) * BAR / 2 + 4
    parts = [f'<text x="{LEFT - 10}" y="{middle:g}" text-anchor="end">{escape(request)}</text>']
    for place, rate in enumerate(row.values()):
        at = y + place * BAR
        end = _x(rate or 0, top)
        if rate is not None:
            parts.append(
                f'<rect class="s{place}" x="{LEFT}" y="{at}" width="{max(end - LEFT, 1)}" height="{BAR - 2}"/>'
            )
        shown = "–" if rate is None else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
        parts.append(f'<text class="small" x="{end + 5}" y="{at + BAR - 3}">{shown}</text>')
    return parts


def _x(rate: float, top: float) -> int:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * rate / top)


def _nice(most: float) -> float:
    """The end of the axis: the next round number."""
    size = 10 ** (len(str(int(most))) - 1)
    return next(size * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if size * step >= most)
