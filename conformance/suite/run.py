"""A run: the credentials, each profile's tests one after the other, and the deletion of what they made."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from conformance.http.connection import Target
from conformance.http.signals import undisturbed
from conformance.suite.authorization import begin, read_object
from conformance.suite.registry import ConformanceTest, Profile, Rule
from conformance.suite.result import Outcome, ProfileResult, RunResult, Status
from conformance.suite.server import Credentials, Server
from conformance.suite.trial import Failed, Skipped, Trial
from entra_client.protocol.transport import NoAnswer, Request

STRICT_PROFILE = "interop"
Progress = Callable[[Profile, ConformanceTest], None]


class Stopped(Exception):
    """Somebody stopped the run. ``left_behind`` names what could not be deleted."""

    def __init__(self, left_behind: list[str]) -> None:
        super().__init__("The run was stopped.")
        self.left_behind = left_behind


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to ask of whom. ``progress`` is called before each test."""

    target: Target
    credentials: Credentials
    profiles: Iterable[Profile]
    progress: Progress


def perform(plan: Plan) -> RunResult:
    """Ask everything, and delete what was made, whatever happens. Raises: CannotBegin; Stopped."""
    server = Server(plan.target, plan.credentials)
    result = RunResult(plan.target.base, datetime.now(UTC))
    stopped = False
    try:
        begin(server)
        for profile in plan.profiles:
            result.profiles.append(_play_profile(server, profile, plan.progress))
    except KeyboardInterrupt:
        stopped = True
    finally:
        with undisturbed():
            result.left_behind += server.clean_up()
            server.close()
    if stopped:
        raise Stopped(result.left_behind)
    return result


def _play_profile(server: Server, profile: Profile, progress: Progress) -> ProfileResult:
    outcomes: list[Outcome] = []
    for test in profile.tests:
        progress(profile, test)
        outcomes.append(play(server, test))
    return ProfileResult(profile, outcomes)


def play(server: Server, test: ConformanceTest) -> Outcome:
    """Ask one question, and delete what was made for it."""
    if test.not_asked:
        return Outcome(test=test, status=Status.SKIPPED, detail=test.not_asked)
    server.play_as(test.name, key=server.credentials.strict_key if test.profile == STRICT_PROFILE else "")
    outcome = _outcome(Trial(server, test), test)
    server.tidy()
    return outcome


def _outcome(trial: Trial, test: ConformanceTest) -> Outcome:
    try:
        with trial.reading():
            test.play(trial)
    except Skipped as reason:
        return Outcome(test=test, status=Status.SKIPPED, detail=str(reason))
    except Failed as failure:
        return Outcome(test=test, status=_severity(trial.server, test), detail=str(failure))
    except Exception as problem:  # noqa: BLE001 -- a server must not end the run, whatever it answers
        detail = trial.server.without_secrets(f"The test met something that it does not know: {problem!r:.300}")
        return Outcome(test=test, status=Status.FAILED, detail=detail)
    return Outcome(test=test, status=Status.PASSED)


def _severity(server: Server, test: ConformanceTest) -> Status:
    optional = test.rule is Rule.OPTIONAL or (test.rule is Rule.STRICT and not claims_interop_profile(server))
    return Status.WARNING if optional else Status.FAILED


def claims_interop_profile(server: Server) -> bool:
    """Whether the server says that it is strict (Interoperability Profile §4): then it has to be."""

    def ask() -> bool:
        try:
            reply = server.send(Request(method="GET", path="/ServiceProviderConfig"))
        except NoAnswer:
            return False
        return (read_object(reply) or {}).get("interopProfileConformant") is True

    return server.once("interop profile claimed", ask)
