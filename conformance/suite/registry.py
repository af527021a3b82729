"""Tests with their names and clauses, and the profiles that they belong to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a trial knows its test
    from conformance.suite.trial import Trial

Play = Callable[["Trial"], None]


class Rule(StrEnum):
    """What a failure means: a MUST, a SHOULD or what the yardstick calls optional, or strictness that may be off."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    STRICT = "strict"


@dataclass(frozen=True, kw_only=True)
class ConformanceTest:
    """One question to the server. ``play`` asks it: it ends, or raises what ``trial.py`` names."""

    profile: str
    name: str
    clause: str
    rule: Rule
    play: Play
    # Why it is never asked, for a demand that can't be asked over SCIM and HTTP.
    not_asked: str = ""


@dataclass
class Profile:
    """A yardstick. ``source`` names the document and its version."""

    name: str
    title: str
    source: str
    _parts: dict[int, list[ConformanceTest]] = field(default_factory=dict)

    @property
    def tests(self) -> list[ConformanceTest]:
        """All tests, part after part."""
        return [test for number in sorted(self._parts) for test in self._parts[number]]

    def part(self, number: int) -> "Part":
        """A part of the profile, which a module fills; parts are asked in the order of their numbers."""
        return Part(self, self._parts.setdefault(number, []))


@dataclass(frozen=True)
class Part:
    """Registers tests, in the order in which they stand in their module."""

    profile: Profile
    tests: list[ConformanceTest]

    def test(self, name: str, clause: str, *, rule: Rule = Rule.REQUIRED) -> Callable[[Play], Play]:
        """Register the decorated function as a test."""

        def register(play: Play) -> Play:
            self.tests.append(
                ConformanceTest(profile=self.profile.name, name=name, clause=clause, rule=rule, play=play)
            )
            return play

        return register

    def not_asked(self, name: str, clause: str, reason: str) -> None:
        """Register a demand that can't be asked from outside: it is always skipped, with this reason."""
        rule = Rule.REQUIRED
        self.tests.append(
            ConformanceTest(
                profile=self.profile.name, name=name, clause=clause, rule=rule, play=_nothing, not_asked=reason
            )
        )


def _nothing(trial: "Trial") -> None:
    del trial
