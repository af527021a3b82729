"""Each conformance test fails against a server that is wrong in its point, and passes against the right one."""

from collections import Counter

import pytest

from conformance.catalogue import PROFILES
from conformance.suite.registry import ConformanceTest, Rule
from conformance.suite.result import Status
from conformance.suite.run import play
from tests.conformance.running import asking, find_test, play_all
from tests.conformance.server.entra_faults import ENTRA_FAULTS
from tests.conformance.server.memory import Fault, MemoryServer

FAULTS: dict[str, dict[str, Fault]] = {"entra": ENTRA_FAULTS}
ROWS = [(profile, name) for profile, faults in FAULTS.items() for name in faults]


def right_server(profile: str) -> MemoryServer:
    """Only the Interoperability Profile wants a strict server; the others need a tolerant one."""
    return MemoryServer(strict=profile == "interop")


def failed(test: ConformanceTest) -> Status:
    return Status.WARNING if test.rule is Rule.OPTIONAL else Status.FAILED


@pytest.mark.parametrize("profile", PROFILES)
def test_the_table_has_a_fault_for_each_test_that_can_fail(profile: str):
    wanted = {test.name for test in PROFILES[profile].tests if not test.not_asked}

    assert set(FAULTS[profile]) == wanted


@pytest.mark.parametrize("profile", PROFILES)
def test_no_two_tests_of_a_profile_have_one_name(profile: str):
    names = Counter(test.name for test in PROFILES[profile].tests)

    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_the_right_server_passes_everything_and_nothing_is_left_on_it(profile: str):
    memory = right_server(profile)
    with asking(memory) as server:
        outcomes = play_all(server, PROFILES[profile].tests)

    unasked = {test.name for test in PROFILES[profile].tests if test.not_asked}
    assert {name: each.detail for name, each in outcomes.items() if each.status is not Status.PASSED}.keys() == unasked
    assert memory.resources == {"Users": {}, "Groups": {}}


@pytest.mark.parametrize(("profile", "name"), ROWS, ids=[f"{profile}: {name}" for profile, name in ROWS])
def test_a_server_that_is_wrong_in_one_point_fails_the_test_of_that_point(profile: str, name: str):
    test, memory = find_test(profile, name), right_server(profile)
    with asking(memory) as server:
        memory.fault = FAULTS[profile][name]
        outcome = play(server, test)
        memory.fault = None
        again = play(server, test)

    assert outcome.status is failed(test), outcome.detail
    assert "request: " in outcome.detail
    assert again.status is Status.PASSED, again.detail


@pytest.mark.parametrize("profile", PROFILES)
def test_a_fault_that_is_there_for_one_test_fails_no_other(profile: str):
    """The server is wrong while that test asks: the client names it in its User-Agent."""
    name, fault = next(iter(FAULTS[profile].items()))
    memory = right_server(profile)
    with asking(memory) as server:
        memory.fault = lambda memory, asked, answer: (
            fault(memory, asked, answer) if asked.test == name else answer(asked)
        )
        outcomes = play_all(server, PROFILES[profile].tests)

    assert [each for each, outcome in outcomes.items() if outcome.status in (Status.FAILED, Status.WARNING)] == [name]
