"""What came of a run, for the JSON document of the contract, the table and the report."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from conformance.suite.registry import ConformanceTest, Profile


class Status(StrEnum):
    """How a test ended. A warning is a failure of what is not required."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """``detail``: for a failure what was expected, the request and the answer, a line each; for others a reason."""

    test: ConformanceTest
    status: Status
    detail: str = ""

    def as_document(self) -> dict[str, str]:
        """The test as the contract has it."""
        return {
            "name": self.test.name,
            "status": self.status.value,
            "clause": self.test.clause,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class ProfileResult:
    """The results of one profile's tests, in their order."""

    profile: Profile
    tests: Sequence[Outcome]

    def count(self, status: Status) -> int:
        """How many tests ended so."""
        return sum(each.status is status for each in self.tests)


@dataclass
class RunResult:
    """A whole run. ``left_behind`` names what could not be deleted."""

    target: str
    began_at: datetime
    profiles: list[ProfileResult] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)

    def count(self, status: Status) -> int:
        """How many tests of all profiles ended so."""
        return sum(each.count(status) for each in self.profiles)

    def as_document(self) -> dict[str, Any]:
        """The document of the contract."""
        return {
            "target": self.target,
            **_counts(self),
            "profiles": [
                {
                    "profile": each.profile.name,
                    **_counts(each),
                    "tests": [result.as_document() for result in each.tests],
                }
                for each in self.profiles
            ],
        }


def _counts(of: RunResult | ProfileResult) -> dict[str, int]:
    return {status.value: of.count(status) for status in (Status.PASSED, Status.FAILED, Status.SKIPPED)}
