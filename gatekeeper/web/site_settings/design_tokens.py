"""The tokens of ``css/tokens.css``, and the contrast of colours (WCAG 2.2, 1.4.3 and 1.4.11). Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"^  --([\w-]+)\b: (.+?);", re.MULTILINE)
_PAIR = re.compile(r"\blight-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
_PLAIN = re.compile(r"#[0-9a-f]{6}")
_LENGTH = re.compile(r"([\d.]+)(rem|px)")
_PIXELS = {"rem": 16.0, "px": 1.0}


@dataclass(frozen=True, slots=True)
class Token:
    """A name with its value. ``light`` and ``dark``: of a colour, in each theme; ``pixels``: of a length, else 0."""

    name: str
    value: str
    light: str = ""
    dark: str = ""
    pixels: float = 0.0

    @property
    def is_colour(self) -> bool:
        """Whether it is one colour in each theme."""
        return bool(self.light)


@dataclass(frozen=True, slots=True)
class Contrast:
    """What stands upon what, as ratios to 1 in each theme; ``wanted``: what WCAG asks for."""

    front: Token
    back: Token
    light: float
    dark: float
    wanted: float

    @property
    def is_enough(self) -> bool:
        """Whether it is readable in both themes."""
        return min(self.light, self.dark) >= self.wanted


TEXT, SHAPE = 4.5, 3.0  # WCAG 1.4.3 (AA) and 1.4.11
# What stands upon what on the pages: fronts, backs, and the contrast that they need.
_TEXTS = ("ink", "ink-soft", "ink-faint", "link", "danger", "warn", "ok", "info")
_PAIRS = (
    (_TEXTS, ("paper", "surface", "surface-sunk"), TEXT),
    (("accent-ink",), ("accent", "accent-strong"), TEXT),
    (("danger-ink",), ("danger", "danger-strong"), TEXT),
    (("accent-strong",), ("accent-soft",), TEXT),
    (("ok",), ("ok-soft",), TEXT),
    (("warn",), ("warn-soft",), TEXT),
    (("danger",), ("danger-soft",), TEXT),
    (("info",), ("info-soft",), TEXT),
    (("ink-soft",), ("neutral-soft", "surface-hover"), TEXT),
    (("side-ink", "side-faint", "side-strong"), ("side", "side-hover", "side-active"), TEXT),
    (("line-strong", "accent", "focus"), ("surface", "paper"), SHAPE),
    (("side-focus",), ("side",), SHAPE),
)


def read_tokens(sheet: str) -> list[Token]:
    """All tokens of the style sheet, in its order; a second value of one (for reduced motion) is left out."""
    found: dict[str, Token] = {}
    for name, value in _TOKEN.findall(sheet):
        found.setdefault(name, _token(name, value))
    return list(found.values())


def contrasts(tokens: Sequence[Token]) -> list[Contrast]:
    """Of each pair that the pages use."""
    by_name = {token.name: token for token in tokens}
    return [
        _contrast(by_name[front], by_name[back], wanted)
        for fronts, backs, wanted in _PAIRS
        for front in fronts
        for back in backs
    ]


def ratio(one: str, other: str) -> float:
    """The contrast of two colours such as ``#17201d``, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _token(name: str, value: str) -> Token:
    pair, length = _PAIR.fullmatch(value), _LENGTH.fullmatch(value)
    if pair:
        return Token(name, value, pair[1], pair[2])
    if _PLAIN.fullmatch(value):
        return Token(name, value, value, value)
    if length:
        return Token(name, value, pixels=float(length[1]) * _PIXELS[length[2]])
    return Token(name, value)


def _contrast(front: Token, back: Token, wanted: float) -> Contrast:
    return Contrast(front, back, ratio(front.light, back.light), ratio(front.dark, back.dark), wanted)


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
