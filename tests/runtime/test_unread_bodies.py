"""A pooled connection after a request whose body nobody read: closed, or usable. With the real web server."""

import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from scim.protocol.limits import MAX_BODY
from tests.once import ONCE
from tests.site import Site

pytestmark = ONCE

KIB = 1024


@pytest.fixture(scope="module")
def web() -> Iterator[Site]:
    site = Site(processes=("web",))
    try:
        yield site.start()
    finally:
        site.stop()


@pytest.fixture(scope="module")
def key(web: Site) -> str:
    return str(web.manage("scim_key", "generate")["api_key"])


SCIM = {"Content-Type": "application/scim+json"}
# What is refused before its body is read, by which answer: method, path, headers, with the key or not.
REFUSED = {
    "too large": ("POST", "/scim/v2/Users", {}, True, 413),
    "another coding": ("POST", "/scim/v2/Users", {"Content-Encoding": "br"}, True, 415),
    "another coding on PATCH": ("PATCH", "/scim/v2/Users/x", {"Content-Encoding": "br"}, True, 415),
    "no key": ("POST", "/scim/v2/Users", {}, False, 401),
    "no key, Bulk": ("POST", "/scim/v2/Bulk", {}, False, 401),
    "no such method": ("PUT", "/scim/v2/Users", {}, True, 405),
    "a body on GET": ("GET", "/scim/v2/Users", {}, True, 200),
    "a body on DELETE": ("DELETE", "/scim/v2/Users/x", {}, True, 404),
    "not acceptable": ("POST", "/scim/v2/Users", {"Accept": "text/html"}, True, 406),
    "a page that is not there": ("POST", "/nowhere/", {}, False, 404),
    "the API without a token": ("POST", "/api/v1/me", {}, False, 401),
}


SIZES = (10, 60 * KIB, 70 * KIB, 2 * KIB * KIB, MAX_BODY + 1)
CASES = [
    pytest.param(*case, size, id=f"{name}, {size}")
    for name, case in REFUSED.items()
    for size in SIZES
    if size > MAX_BODY or name != "too large"
]


@pytest.mark.parametrize(("method", "path", "headers", "with_key", "status", "size"), CASES)
def test_the_next_request_of_the_pool_works(web, key, method, path, headers, with_key, status, size):
    sent = {**SCIM, **({"Authorization": f"Bearer {key}"} if with_key else {}), **headers}
    with httpx.Client(base_url=web.url, timeout=30, limits=httpx.Limits(max_connections=1)) as pool:
        answer = pool.request(method, path, content=b" " * size, headers=sent)
        after = pool.get("/healthz")

    assert answer.status_code == status
    assert answer.headers["Connection"] == ("close" if size >= 64 * KIB else "keep-alive")
    assert after.status_code == 200


@pytest.mark.parametrize("size", [MAX_BODY + 1, MAX_BODY * 3])
def test_a_client_of_the_standard_library_reads_the_answer_and_goes_on(web, key, size):
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
    try:
        connection.putrequest("POST", "/scim/v2/Users")
        for name, value in {**SCIM, "Authorization": f"Bearer {key}", "Content-Length": str(size)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()

        assert (answer.status, answer.getheader("Connection")) == (413, "close")
        assert json.loads(answer.read())["status"] == "413"
        connection.request("GET", "/healthz")  # http.client opens a new connection after "close"
        assert connection.getresponse().status == 200
    finally:
        connection.close()


@pytest.mark.parametrize("size", [70 * KIB, MAX_BODY + 1])
@pytest.mark.parametrize("coding", ["identity", "chunked"])
def test_a_client_that_sends_all_before_it_reads_gets_the_whole_answer(web, key, size, coding):
    """As proxies do. A connection that is closed over bytes that nobody read is reset, and takes the answer along."""
    body = chunked(b" " * size) if coding == "chunked" else b" " * size
    length = "Transfer-Encoding: chunked" if coding == "chunked" else f"Content-Length: {size}"
    head = (
        f"POST /scim/v2/Users HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/scim+json\r\nContent-Encoding: br\r\n{length}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as client:
        client.sendall(head.encode() + body)
        time.sleep(0.1)
        answer = b"".join(iter(lambda: client.recv(64 * KIB), b""))

    assert answer.startswith(b"HTTP/1.1 415 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == "415"


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def raw_exchange(web: Site, *requests: bytes) -> list[bytes]:
    """Each request on one connection, and the head of what came back for it."""
    heads = []
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as connection, connection.makefile("rb") as read:
        for request in requests:
            connection.sendall(request)
            head = b"".join(iter(read.readline, b"\r\n"))
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            read.read(int(length.split(b":")[1]))
            heads.append(head)
            if b"Connection: close" in head:
                break
    return heads


def post(key: str, body: bytes, *headers: str) -> bytes:
    lines = ["POST /scim/v2/Users HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/scim+json"]
    head = [*lines, f"Authorization: Bearer {key}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def test_a_chunked_body_that_was_read_to_its_end_keeps_the_connection(web, key):
    body = gzip.compress(b'{"userName": ""}')
    whole = post(key, chunked(body[:5], body[5:]), "Transfer-Encoding: chunked", "Content-Encoding: gzip")
    heads = raw_exchange(web, whole, whole)

    assert [head[:12] for head in heads] == [b"HTTP/1.1 400", b"HTTP/1.1 400"]


def test_a_chunked_body_that_was_not_read_ends_the_connection(web, key):
    refused = post("nobody", chunked(b"x" * 100), "Transfer-Encoding: chunked")
    (head,) = raw_exchange(web, refused, refused)

    assert head.startswith(b"HTTP/1.1 401")
    assert b"Connection: close" in head


@pytest.mark.parametrize(
    "path", ["/scim/v2/Users?count=1", "/scim/v2/Users/nobody", "/sign-in/", "/api/v1/me", "/nowhere/"]
)
def test_a_request_without_a_body_keeps_the_connection(web, key, path):
    get = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    heads = raw_exchange(web, get, get, get)

    assert [b"Connection: keep-alive" in head for head in heads] == [True, True, True]
