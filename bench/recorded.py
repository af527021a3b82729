"""The recorded ratios, and what is slower than they say. Imports nothing of Django: pytest reads it at its start."""

import json
from pathlib import Path

RATIOS = Path(__file__).parent / "ratios.json"
SLACK = 1.5  # times; less is what a busy machine does to a ratio

Ratios = dict[str, float]  # by request: its processor time as a multiple of its twin's


class SlowerThanRecorded(UserWarning):
    """A hot request costs more, beside its twin, than when it was recorded."""


def recorded(part: str) -> Ratios:
    """One part of bench/ratios.json; empty where nothing was recorded yet."""
    document = json.loads(RATIOS.read_text()) if RATIOS.exists() else {}
    found: Ratios = document.get(part, {})
    return found


def record(part: str, ratios: object) -> None:
    """Replace one part; the others stay."""
    document = json.loads(RATIOS.read_text()) if RATIOS.exists() else {}
    RATIOS.write_text(json.dumps({**document, part: ratios}, indent=2, sort_keys=True) + "\n")


def slower(measured: Ratios, before: Ratios) -> list[str]:
    """A sentence for each request that costs more than the slack allows."""
    return [
        f"{name} costs {now:.1f} times its twin, and cost {before[name]:.1f} when it was recorded (make bench)"
        for name, now in measured.items()
        if name in before and now > before[name] * SLACK
    ]
