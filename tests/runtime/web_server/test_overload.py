"""The site without a proxy: clients that drip, connections that say nothing, and more requests than it can serve."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial

import httpx
import pytest

from gatekeeper.runtime.web_server.budgets import WAITING_FOR_EACH
from gatekeeper.runtime.web_server.deadlines import BODY_SECONDS, HEAD_SECONDS
from tests.site import Site

SLOW_CLIENTS = 40
THREADS = 2
PATIENCE = 10.0  # seconds; with every thread taken an answer would take as long as the slow clients like
ADDRESSES = ["/healthz", "/sign-in/", "/scim/v2/ServiceProviderConfig", "/scim/v2/Users", "/api/v1/me"]
OTHERS = {"/healthz": 200, "/readyz": 200, "/sign-in/": 200, "/api/v1/me": 401}
# Each sends a byte of its rest now and then.
SLOW = {
    "nothing": (b"", b""),
    "a head": (b"GET /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", b"x"),
    "a body": (b"POST /scim/v2/Users HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\n", b" "),
    "a form": (b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\n", b"x"),
    "chunks": (b"POST /scim/v2/Bulk HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}

TOO_SLOW = b"HTTP/1.1 408"
GIVEN_UP = {"a head": b"", "a body": TOO_SLOW, "a form": TOO_SLOW, "chunks": TOO_SLOW}


@pytest.fixture(scope="module")
def web() -> Iterator[Site]:
    site = Site(processes=("web",), environment={"WEB_WORKERS": "1", "WEB_THREADS": str(THREADS)})
    try:
        yield site.start()
    finally:
        site.stop()


@contextmanager
def dripping(web: Site, begin: bytes, piece: bytes, *, clients: int = SLOW_CLIENTS) -> Iterator[list[socket.socket]]:
    """So many connections, each of which sends ``piece`` twice a second, until the end of the block."""
    over = threading.Event()
    with ExitStack() as open_ones:
        connections = [
            open_ones.enter_context(socket.create_connection(("127.0.0.1", web.port))) for _ in range(clients)
        ]
        for client in connections:
            client.sendall(begin)

        def drip() -> None:
            left = list(connections)
            while not over.wait(0.5) and piece:
                left = [client for client in left if sends(client, piece)]

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield connections
        finally:
            over.set()
            thread.join()


def sends(client: socket.socket, piece: bytes) -> bool:
    try:
        client.sendall(piece)
    except OSError:
        return False
    return True


@pytest.mark.parametrize(("begin", "piece"), SLOW.values(), ids=SLOW)
def test_slow_clients_keep_nobody_waiting(web, begin, piece):
    with dripping(web, begin, piece):
        time.sleep(1)  # all of them have begun
        answers = [httpx.get(f"{web.url}{path}", timeout=PATIENCE).status_code for path in ADDRESSES]

    assert answers == [200, 200, 401, 401, 401]


def test_a_slow_client_is_given_up(web):
    """Those that send a head get no answer, as there is no request yet; the connections of all are closed."""
    with ExitStack() as open_ones:
        clients = {slow: open_ones.enter_context(dripping(web, *SLOW[slow], clients=1))[0] for slow in GIVEN_UP}
        received = {}
        for slow, client in clients.items():
            client.settimeout(HEAD_SECONDS + BODY_SECONDS + PATIENCE)
            received[slow] = b"".join(iter(partial(received_by, client), b""))

    assert {slow: answer[:12] for slow, answer in received.items()} == GIVEN_UP
    assert all(b"Connection: close" in answer for answer in received.values() if answer)
    assert json.loads(received["a body"].partition(b"\r\n\r\n")[2])["status"] == "408"


def received_by(client: socket.socket) -> bytes:
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""


def test_a_flood_is_refused_in_the_form_of_scim_and_leaves_the_others_their_threads(web):
    key = web.manage("scim_key", "generate", "--rotate")["api_key"]
    clients = 5 * THREADS * (1 + WAITING_FOR_EACH)
    headers = {"Authorization": f"Bearer {key}"}
    people = [{"method": "POST", "bulkId": str(n), "path": "/Users", "data": {"userName": f"u{n}"}} for n in range(300)]
    bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": people}
    refusals: list[httpx.Response] = []
    over = threading.Event()

    def ask(number: int) -> Counter[str]:
        seen: Counter[str] = Counter()
        with httpx.Client(base_url=web.url, headers=headers, timeout=120) as client:
            while not over.is_set():
                answer = (
                    client.post("/scim/v2/Bulk", json=bulk)
                    if number % 5 == 0
                    else client.get("/scim/v2/Users", params={"count": 1000})
                )
                seen[str(answer.status_code)] += 1
                if answer.status_code == 503:
                    refusals.append(answer)
        return seen

    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(ask, number) for number in range(clients)]
        time.sleep(3)  # the queue is full
        meanwhile = {path: httpx.get(f"{web.url}{path}", timeout=60).status_code for path in OTHERS}
        over.set()
        seen = sum((each.result() for each in running), Counter())

    assert meanwhile == OTHERS
    assert set(seen) <= {"200", "429", "503"}
    assert seen["200"]
    assert seen["503"]
    for refusal in refusals[:20]:
        assert refusal.headers["Retry-After"].isdigit()
        assert refusal.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert httpx.get(f"{web.url}/scim/v2/Users?count=1", headers=headers, timeout=PATIENCE).status_code == 200
