"""The application's answer to a request, made in one thread and sent in another."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from queue import Full, Queue
from typing import Any, NamedTuple

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

PIECES_AHEAD = 64  # of a file that is made while it is sent
LOOK_EVERY = 1.0  # second, whether somebody still reads


class Answer(NamedTuple):
    """Status line, headers, and the body as WSGI has it."""

    status: str
    headers: list[tuple[str, str]]
    body: Iterable[bytes]


def make_answer(application: Application, environ: dict[str, Any], answered: "Future[Answer]") -> None:
    """Ask the application, and set its answer as the result. A streamed body is made here, too, as it is sent."""
    pieces: Pieces | None = None
    try:
        answer = _asked(application, environ)
        if getattr(answer.body, "streaming", False):
            pieces = Pieces()
            made, answer = answer.body, answer._replace(body=pieces)
    except BaseException as error:  # noqa: BLE001  # the thread that waits for the answer raises it
        answered.set_exception(error)
        return
    answered.set_result(answer)
    if pieces is not None:
        pieces.fill(made)


def _asked(application: Application, environ: dict[str, Any]) -> Answer:
    head: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], *_rest: Any) -> None:
        head[:] = [status, headers]

    body = application(environ, start)
    status, headers = head
    is_sent_by_server = isinstance(body, environ.get("wsgi.file_wrapper", ()))
    if getattr(body, "streaming", False) or is_sent_by_server:
        return Answer(status, headers, body)
    try:
        return Answer(status, headers, list(body))
    finally:
        _close(body)


class Pieces:
    """A body whose pieces are made in another thread, a few ahead of those that are sent."""

    def __init__(self) -> None:
        self._queue: Queue[bytes | BaseException | None] = Queue(PIECES_AHEAD)
        self._is_closed = threading.Event()

    def fill(self, body: Iterable[bytes]) -> None:
        """Make all pieces, or as many as somebody wants to have."""
        try:
            for piece in body:
                if not self._put(piece):
                    return
            self._put(None)
        except Exception as error:  # noqa: BLE001  # raised where the body is sent, which ends the connection
            self._put(error)
        finally:
            _close(body)

    def __iter__(self) -> Iterator[bytes]:
        while (piece := self._queue.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    def close(self) -> None:
        """Nobody reads any more."""
        self._is_closed.set()

    def _put(self, piece: bytes | BaseException | None) -> bool:
        while not self._is_closed.is_set():
            try:
                self._queue.put(piece, timeout=LOOK_EVERY)
            except Full:
                continue
            return True
        return False


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()
