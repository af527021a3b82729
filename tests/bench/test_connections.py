"""The client that measures: kept connections, each framing of an answer, and a server that hangs up."""

import socket
import threading
from collections.abc import Iterator

import pytest

from bench.hot.connections import Connection

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Answers each request with the next of its answers; after one that is None it hangs up without any."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while self.answers:
            connection, _ = self.listener.accept()
            self.connections += 1
            with connection:
                while self.answers and connection.recv(1000):
                    answer = self.answers.pop(0)
                    if answer is None:
                        break
                    connection.sendall(answer)
                    if b"close" in answer:
                        break
        self.listener.close()


@pytest.fixture
def asked() -> Iterator[list[Connection]]:
    opened: list[Connection] = []
    yield opened
    for connection in opened:
        connection.close()


def ask(server: Server, asked: list[Connection], times: int) -> list[tuple[int, bytes]]:
    connection = Connection(server.listener.getsockname()[1], timeout=10)
    asked.append(connection)
    answers = [connection.send(b"GET / HTTP/1.1\r\n\r\n") for _ in range(times)]
    return [(answer.status, answer.content) for answer in answers]


def test_every_framing_is_read_over_one_connection(asked):
    server = Server(PLAIN, CHUNKED, EMPTY, PLAIN)

    assert ask(server, asked, 4) == [(200, b"abc"), (201, b"abc"), (204, b""), (200, b"abc")]
    assert server.connections == 1


@pytest.mark.parametrize("answers", [(LAST, PLAIN), (PLAIN, None, PLAIN)], ids=["announced", "unannounced"])
def test_after_the_server_closed_it_is_asked_over_a_new_connection(asked, answers):
    server = Server(*answers)

    assert ask(server, asked, 2)[-1] == (200, b"abc")
    assert server.connections == 2
