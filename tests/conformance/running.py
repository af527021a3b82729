"""Running conformance tests against a server in memory, over HTTP."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from conformance.catalogue import PROFILES
from conformance.http.connection import Target
from conformance.management.commands.conformance import Command
from conformance.suite.authorization import begin
from conformance.suite.registry import ConformanceTest
from conformance.suite.result import Outcome
from conformance.suite.run import play
from conformance.suite.server import Credentials, OAuthClient, Server
from tests.conformance.server.memory import ASSERTION, CLIENT_ID, CLIENT_SECRET, KEY, MemoryServer
from tests.entra_client.scim_server import served

FEDERATED = OAuthClient(client_id=CLIENT_ID, assertion=lambda: f"{ASSERTION}{uuid4().hex}")
CLIENT = OAuthClient(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
# Every test can be asked with these.
ALL_CREDENTIALS = Credentials(client=CLIENT, federated=FEDERATED)
KEY_ONLY = Credentials(api_key=KEY)


def find_test(profile: str, name: str) -> ConformanceTest:
    return next(test for test in PROFILES[profile].tests if test.name == name)


@contextmanager
def asking(memory: MemoryServer, credentials: Credentials = ALL_CREDENTIALS) -> Iterator[Server]:
    """The server under test, served, with a connection to it that is authorised."""
    with served(memory) as origin:
        server = Server(Target(f"{origin}/scim/v2"), credentials)
        begin(server)
        try:
            yield server
        finally:
            server.clean_up()
            server.close()


def play_all(server: Server, tests: Iterable[ConformanceTest]) -> dict[str, Outcome]:
    return {test.name: play(server, test) for test in tests}


def command(*arguments: str) -> int:
    """Run the command in this process; returns its exit status."""
    try:
        Command().run_from_argv(["manage.py", "conformance", *arguments])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def given(base_url: str, profile: str = "entra") -> tuple[str, ...]:
    """The arguments by which a server in memory is asked one profile's questions."""
    return "--base-url", base_url, "--api-key", KEY, "--profile", profile
