"""The application is asked in one thread and its answer sent in another: whole, in pieces, or as an error."""

import io
import threading
from concurrent.futures import Future
from typing import Any

import pytest

from gatekeeper.runtime.web_server.answers import PIECES_AHEAD, Answer
from gatekeeper.runtime.web_server.application import REFUSAL, WithinBudgets
from gatekeeper.runtime.web_server.bodies import HELD_AT_ONCE
from gatekeeper.runtime.web_server.budgets import WAITING_FOR_EACH, Budget

HEADERS = [("Content-Type", "text/plain")]


class Body:
    """As Django's responses: ``streaming`` says whether it is made while it is sent."""

    def __init__(self, pieces: Any, *, streaming: bool) -> None:
        self.pieces, self.streaming, self.is_closed = pieces, streaming, threading.Event()

    def __iter__(self) -> Any:
        return iter(self.pieces)

    def close(self) -> None:
        self.is_closed.set()


def served(body: Body, *, content: bytes = b"", path: str = "/") -> tuple[list[Any], Any, dict[str, Any]]:
    asked: dict[str, Any] = {}

    def application(environ: dict[str, Any], start: Any) -> Body:
        asked.update(environ, body=environ["wsgi.input"].read())
        start("200 OK", HEADERS)
        return body

    started: list[Any] = []
    environ = {"PATH_INFO": path, "CONTENT_LENGTH": str(len(content)), "wsgi.input": io.BytesIO(content)}
    site = WithinBudgets(application, threads=1, largest_body=1000)
    answer = site(environ, lambda status, headers: started.extend([status, headers]))
    return started, answer, asked


@pytest.mark.parametrize("streaming", [True, False])
def test_the_answer_is_that_of_the_application(streaming):
    body = Body([b"a", b"b"], streaming=streaming)
    started, answer, asked = served(body, content=b"sent")

    assert started == ["200 OK", HEADERS]
    assert b"".join(answer) == b"ab"
    assert asked["body"] == b"sent"
    assert body.is_closed.wait(5)


def test_a_body_of_the_largest_size_is_received_and_a_larger_one_left_to_the_application():
    for size in (1000, 1001):
        _, _, asked = served(Body([], streaming=False), content=b"x" * size)
        assert asked["body"] == b"x" * size


def test_what_is_streamed_is_not_made_far_ahead_and_ends_when_nobody_reads():
    made: list[int] = []

    def pieces() -> Any:
        for number in range(100_000):
            made.append(number)
            yield b"x"

    body = Body(pieces(), streaming=True)
    _, answer, _ = served(body)
    next(iter(answer))
    answer.close()

    assert body.is_closed.wait(10)
    assert len(made) <= 2 * PIECES_AHEAD


def test_an_error_while_something_is_streamed_reaches_whoever_sends_it():
    def pieces() -> Any:
        yield b"a"
        raise ValueError("half")

    _, answer, _ = served(Body(pieces(), streaming=True))
    with pytest.raises(ValueError, match="half"):
        list(answer)


def test_an_error_of_the_application_is_raised():
    def application(environ: dict[str, Any], start: Any) -> Any:
        raise ValueError("none")

    environ = {"PATH_INFO": "/", "wsgi.input": io.BytesIO()}
    with pytest.raises(ValueError, match="none"):
        WithinBudgets(application, threads=1, largest_body=1)(environ, None)


def test_a_full_queue_takes_nothing_more_until_there_is_a_place():
    budget, may_end = Budget("test", 1), threading.Event()
    answers: list[Future[Answer]] = [Future() for _ in range(budget.most)]

    def serve(answered: Future[Answer]) -> None:
        may_end.wait(30)
        answered.set_result(Answer("200 OK", [], []))

    clients = [threading.Thread(target=budget.run, args=(lambda each=each: serve(each), each)) for each in answers]
    for client in clients:
        client.start()
    while sum(client.is_alive() for client in clients) < WAITING_FOR_EACH + 1:
        pass
    assert budget.run(lambda: None, Future()) is None
    may_end.set()
    for client in clients:
        client.join()
    late: Future[Answer] = Future()
    assert budget.run(lambda: serve(late), late) == Answer("200 OK", [], [])


def test_bodies_are_held_up_to_a_limit_and_given_back():
    refused: list[Any] = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        refused.append(environ.get(REFUSAL))
        start("200 OK", HEADERS)
        if environ["PATH_INFO"] == "/outer":
            ask("/sign-in/")  # while the outer body is held
        return []

    site = WithinBudgets(application, threads=1, largest_body=HELD_AT_ONCE)

    def ask(path: str) -> None:
        content = b"x" * (HELD_AT_ONCE // 2 + 1)
        environ = {"PATH_INFO": path, "CONTENT_LENGTH": str(len(content)), "wsgi.input": io.BytesIO(content)}
        site(environ, lambda status, headers: None)

    ask("/outer")
    ask("/")

    assert refused == [None, "no_memory", None]
