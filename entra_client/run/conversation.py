"""Requests and answers, each checked and counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from entra_client.protocol.answer_checks import Check, WrongAnswer
from entra_client.protocol.transport import NoAnswer, Request, ScimServer
from entra_client.run.progress import Progress
from entra_client.run.report import Report, Step

T = TypeVar("T")
MOST_SILENCES = 5  # requests without an answer, one after the other, before the server counts as gone


class Escrowed(Exception):
    """A request failed and is in the report; what depended on it is left out, as Entra does until it tries again."""


class ServerGone(Exception):
    """The server does not answer any more, or never did; the text says why."""


class Conversation:
    """Asks one request after the other. A step groups them for the report."""

    def __init__(self, server: ScimServer, report: Report, progress: Progress) -> None:
        self._server = server
        self._report = report
        self._progress = progress
        self._step = Step("nothing yet")
        self._silences = 0
        self._answered = False

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count everything inside under ``name``; a failure that nobody caught inside ends the step, not the run."""
        self._step = self._report.begin(name)
        try:
            with self.one_object():
                yield
        finally:
            self._progress.end(self._step)

    @contextmanager
    def one_object(self) -> Iterator[None]:
        """What is done for one user or group: a failure skips the rest of it and nothing else."""
        try:
            yield
        except Escrowed:
            # The report has it already, with its reason.
            return

    def ask(self, request: Request, check: Check[T], *, api_key: str | None = None) -> T:
        """Send a request and return what the check read in its answer.

        Raises: Escrowed when the answer is wrong; ServerGone when the server is not there (any more).
        """
        self._step.requests += 1
        try:
            answer = self._server.send(request, api_key=api_key)
        except NoAnswer as problem:
            self._silences += 1
            if not self._answered or self._silences >= MOST_SILENCES:
                self._fail(f"{request} got no answer.")
                raise ServerGone(str(problem)) from problem
            self._fail(f"{request} got no answer: {problem}")
            raise Escrowed from problem
        self._answered, self._silences = True, 0
        self._step.seconds.append(answer.seconds)
        try:
            return check(answer)
        except WrongAnswer as problem:
            self._fail(f"{request} {problem}".rstrip(".") + ".")  # what the server said may end with one
            raise Escrowed from problem
        finally:
            self._progress.tick(self._step)

    def _fail(self, sentence: str) -> None:
        self._step.failed += 1
        self._step.first_failure = self._step.first_failure or sentence
