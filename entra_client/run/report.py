"""What a run came to: steps with their requests, failures and latencies."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Step:
    """One part of a run. ``first_failure`` is a sentence: which request, and what was wrong with its answer."""

    name: str
    failed: int = 0
    first_failure: str | None = None
    seconds: list[float] = field(default_factory=list)
    requests: int = 0

    def as_document(self) -> dict[str, Any]:
        """Return the step as JSON."""
        return {
            "name": self.name,
            "requests": self.requests,
            "failed": self.failed,
            "latency_ms": latencies(self.seconds),
            "first_failure": self.first_failure,
        }


@dataclass
class Report:
    """The steps of a run, in order. Only answered requests have a latency."""

    steps: list[Step] = field(default_factory=list)

    def begin(self, name: str) -> Step:
        """Start the next step."""
        self.steps.append(Step(name))
        return self.steps[-1]

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return sum(step.requests for step in self.steps)

    @property
    def failed(self) -> int:
        """How many of them had no answer, or one that a check refused."""
        return sum(step.failed for step in self.steps)

    @property
    def first_failure(self) -> str | None:
        """The sentence of the first failed request, with the step that it was in."""
        for step in self.steps:
            if step.first_failure:
                return f"{step.name}: {step.first_failure}"
        return None

    def as_document(self) -> dict[str, Any]:
        """Return the run as JSON: requests, failed, latency_ms with p50, p95 and p99, and the steps."""
        return {
            "requests": self.requests,
            "failed": self.failed,
            "latency_ms": latencies([seconds for step in self.steps for seconds in step.seconds]),
            "steps": [step.as_document() for step in self.steps],
        }


def latencies(seconds: Sequence[float]) -> dict[str, float | None]:
    """Return the percentiles in milliseconds; None for each when nothing was answered."""
    return {f"p{percent}": percentile(seconds, percent) for percent in (50, 95, 99)}


def percentile(seconds: Sequence[float], percent: int) -> float | None:
    """Return the nearest-rank percentile in milliseconds: a latency that really occurred."""
    if not seconds:
        return None
    rank = math.ceil(len(seconds) * percent / 100)
    return round(sorted(seconds)[max(rank, 1) - 1] * 1000, 2)
