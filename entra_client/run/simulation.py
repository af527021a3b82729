"""A whole run: connect, an initial cycle, incremental cycles in both formats, the validator's tests, a restart."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from entra_client.directory.company import Company, Person, make_company
from entra_client.protocol.client_quirks import WITHOUT_FLAG
from entra_client.protocol.credentials import Credential
from entra_client.protocol.transport import ScimServer
from entra_client.run.conversation import Conversation
from entra_client.run.incremental import play_cycle
from entra_client.run.progress import Progress
from entra_client.run.provisioning import Job
from entra_client.run.report import Report
from entra_client.run.validator import play_validator


@dataclass(frozen=True, kw_only=True)
class Size:
    """How big the company is, how many incremental cycles are played, and which company it is."""

    users: int = 300
    groups: int = 12
    cycles: int = 2
    seed: int = 1

    def company(self) -> Company:
        """The company of this size."""
        return make_company(people=self.users, groups=self.groups, seed=self.seed)


def simulate(base_url: str, credential: str | Credential, size: Size, screen: TextIO) -> Report:
    """Play everything against the server and return what came of it. Running it again is right and changes nothing.

    ``credential``: an API key, or what gets access tokens.
    Raises: CannotBegin for an address or key that is none; ServerGone when the server does not answer.
    """
    server = ScimServer(base_url, credential)
    report = Report()
    talk = Conversation(server, report, Progress(screen))
    job = Job(talk, size.company(), WITHOUT_FLAG)
    try:
        if _connect(job):
            _play(job, size)
    finally:
        server.close()
    return report


def provision(base_url: str, api_key: str, company: Company, screen: TextIO) -> Report:
    """Play Test Connection and the initial cycle only, as the demo does. Raises as ``simulate`` does."""
    server = ScimServer(base_url, api_key)
    report = Report()
    job = Job(Conversation(server, report, Progress(screen)), company, WITHOUT_FLAG)
    try:
        if _connect(job):
            job.full_cycle("initial cycle")
    finally:
        server.close()
    return report


def provision_people(base_url: str, api_key: str, company: Company, people: Iterable[Person], screen: TextIO) -> Report:
    """Provision some people on demand, whether the company knows them or not. Raises as ``simulate`` does."""
    server = ScimServer(base_url, api_key)
    report = Report()
    job = Job(Conversation(server, report, Progress(screen)), company, WITHOUT_FLAG)
    try:
        with job.talk.step("provision on demand"):
            for person in people:
                job.provision(person)
    finally:
        server.close()
    return report


def _connect(job: Job) -> bool:
    """Entra saves no connection that fails its test, and then never begins a cycle."""
    with job.talk.step("test connection"):
        job.connect()
    return job.connected


def _play(job: Job, size: Size) -> None:
    job.full_cycle("initial cycle")
    for number in range(1, size.cycles + 1):
        play_cycle(job, number)
    play_validator(job)
    job.restart_without_changes()
