"""How a series looks: a colour and a pattern, so that nobody has to tell series apart by the colour alone."""

from enum import Enum
from itertools import cycle, islice

_DIAGONAL, _BACK = "M-1 1l2-2M0 6l6-6M5 7l2-2", "M-1 5l2 2M0 0l6 6M5-1l2 2"
_HORIZONTAL, _VERTICAL, _GRID = "M0 3h6", "M3 0v6", "M0 3h6M3 0v6"


class Look(Enum):
    """``tone`` is the end of a class in ``css/plots.css``; ``pattern`` a path in a square of 6 units, "" for none."""

    GOOD = ("accent", "")
    BAD = ("danger", _DIAGONAL)
    WARN = ("warn", _HORIZONTAL)
    INFO = ("info", _VERTICAL)
    QUIET = ("quiet", _GRID)
    BAD_TOO = ("danger", _GRID)
    WARN_TOO = ("warn", _BACK)
    INFO_TOO = ("info", _DIAGONAL)

    def __init__(self, tone: str, pattern: str) -> None:
        self.tone = tone
        self.pattern = pattern


_REASONS = (Look.BAD, Look.WARN, Look.INFO, Look.QUIET, Look.BAD_TOO, Look.WARN_TOO, Look.INFO_TOO)


def looks_of_reasons(number: int) -> list[Look]:
    """Looks for so many series of what did not go well; the eighth looks like the first."""
    return list(islice(cycle(_REASONS), number))
