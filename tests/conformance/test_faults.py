"""Each conformance test fails against a server that is wrong in its point, and passes against the right one."""

from collections import Counter

import pytest

from conformance.catalogue import PROFILES
from conformance.suite.registry import ConformanceTest, Rule
from conformance.suite.result import Status
from conformance.suite.run import play
from tests.conformance.running import asking, find_test, play_all
from tests.conformance.server.entra_faults import ENTRA_FAULTS
from tests.conformance.server.interop_faults import INTEROP_FAULTS
from tests.conformance.server.ipsie_faults import IPSIE_FAULTS
from tests.conformance.server.memory import Fault, MemoryServer
from tests.conformance.server.okta_faults import OKTA_FAULTS
from tests.conformance.server.rfc_faults import RFC_FAULTS
from tests.once import ONCE

# The servers are in memory: a second run on another database would show the same.
pytestmark = ONCE

FAULTS: dict[str, dict[str, Fault]] = {
    "entra": ENTRA_FAULTS,
    "okta": OKTA_FAULTS,
    "ipsie": IPSIE_FAULTS,
    "interop": INTEROP_FAULTS,
    "rfc": RFC_FAULTS,
}
# Asked in tests of their own, since no answer of a server makes the difference.
ELSEWHERE = {"interop": {"Transport security"}}
ROWS = [(profile, name) for profile, faults in FAULTS.items() for name in faults]


def right_server(profile: str) -> MemoryServer:
    """Only the Interoperability Profile wants a strict server; the others need a tolerant one."""
    return MemoryServer(strict=profile == "interop", entitlements=profile == "okta")


def failed(test: ConformanceTest) -> Status:
    return Status.WARNING if test.rule is Rule.OPTIONAL else Status.FAILED  # the strict server claims to be strict


@pytest.mark.parametrize("profile", PROFILES)
def test_the_table_has_a_fault_for_each_test_that_can_fail(profile: str):
    wanted = {test.name for test in PROFILES[profile].tests if not test.not_asked}

    assert set(FAULTS[profile]) == wanted - ELSEWHERE.get(profile, set())


@pytest.mark.parametrize("profile", PROFILES)
def test_no_two_tests_of_a_profile_have_one_name(profile: str):
    names = Counter(test.name for test in PROFILES[profile].tests)

    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_the_right_server_passes_everything_and_nothing_is_left_on_it(profile: str):
    memory = right_server(profile)
    with asking(memory) as server:
        outcomes = play_all(server, PROFILES[profile].tests)

    unasked = {test.name for test in PROFILES[profile].tests if test.not_asked} | ELSEWHERE.get(profile, set())
    assert {name: each.detail for name, each in outcomes.items() if each.status is not Status.PASSED}.keys() == unasked
    assert memory.resources == {"Users": {}, "Groups": {}}


@pytest.mark.parametrize(("profile", "name"), ROWS, ids=[f"{profile}: {name}" for profile, name in ROWS])
def test_a_server_that_is_wrong_in_one_point_fails_the_test_of_that_point(profile: str, name: str):
    test, memory = find_test(profile, name), right_server(profile)
    with asking(memory) as server:
        memory.fault = FAULTS[profile][name]
        outcome = play(server, test)

    assert outcome.status is failed(test), outcome.detail
    assert "request: " in outcome.detail


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


def test_a_base_url_without_tls_fails_elsewhere_than_on_this_machine():
    """Interoperability Profile §7.1."""
    test = find_test("interop", "Transport security")
    with asking(right_server("interop")) as server:
        assert play(server, test).status is Status.SKIPPED
        server.target.is_loopback = False  # as any other address
        outcome = play(server, test)

    assert outcome.status is Status.FAILED
    assert "http, not https" in outcome.detail


def test_what_a_tolerant_server_does_is_a_warning_and_not_a_failure():
    """It does not claim the profile, as Entra's servers can't."""
    with asking(MemoryServer(strict=False)) as server:
        outcomes = play_all(server, PROFILES["interop"].tests)

    strict = {test.name for test in PROFILES["interop"].tests if test.rule is Rule.STRICT}
    assert {name for name, each in outcomes.items() if each.status is Status.WARNING} == strict - {
        "PATCH: an unknown attribute is refused"  # RFC 7644 §3.5.2 refuses the path as well
    }
    assert [name for name, each in outcomes.items() if each.status is Status.FAILED] == []
