"""Fetching metadata: from where it is allowed, and not for longer or more than is good."""

import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from saml import fetch
from saml.errors import MetadataRefused
from saml.fetch import fetch_metadata, is_allowed
from tests.saml.keys import tls_pair


@contextmanager
def server(answer):
    """``answer(handler)`` writes the whole response."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        def log_message(self, *args):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield running
    finally:
        running.shutdown()
        running.server_close()


def url(running):
    return f"http://127.0.0.1:{running.server_address[1]}/metadata"


def send(body, status=200, **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        try:
            for piece in body if not isinstance(body, bytes) else [body]:
                handler.wfile.write(piece)
                handler.wfile.flush()
        except OSError:
            pass  # The client has had enough, which is what some of these tests are about.

    return answer


@pytest.fixture
def local_site(settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"


def test_a_local_site_may_fetch_from_its_own_machine(local_site):
    with server(send(b"<x/>")) as running:
        assert fetch_metadata(url(running)) == b"<x/>"


def test_a_public_site_may_not(settings):
    settings.PUBLIC_URL = "https://gk.example"
    with server(send(b"<x/>")) as running:
        secure = url(running).replace("http:", "https:")
        with pytest.raises(MetadataRefused, match="https"):
            fetch_metadata(url(running))
        with pytest.raises(MetadataRefused, match="not a public address"):
            fetch_metadata(secure)


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://[2002:a00:1::]/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/x",
        "//127.0.0.1/x",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "",
    ],
)
def test_inner_addresses_and_other_schemes_are_refused(local_site, address):
    with pytest.raises(MetadataRefused):
        fetch_metadata(address)


@pytest.mark.parametrize("target", ["http://169.254.169.254/", "file:///etc/passwd", "https://10.0.0.1/"])
def test_a_redirect_to_an_inner_address_is_refused(local_site, target):
    with server(send(b"", 302, Location=target)) as running, pytest.raises(MetadataRefused):
        fetch_metadata(url(running))


def test_redirects_without_end_are_refused(local_site):
    with server(send(b"", 302, Location="/again")) as running, pytest.raises(MetadataRefused, match="too often"):
        fetch_metadata(url(running))


def test_a_document_without_end_is_cut_at_one_megabyte(local_site):
    def endless():
        while True:
            yield b"x" * 65_536

    with server(send(endless())) as running, pytest.raises(MetadataRefused, match="1 MB"):
        fetch_metadata(url(running))


def test_a_document_that_drips_is_given_up(local_site, monkeypatch):
    monkeypatch.setattr(fetch, "TOTAL_SECONDS", 0.5)

    def dripping():
        while True:
            time.sleep(0.1)
            yield b"x"

    with server(send(dripping())) as running, pytest.raises(MetadataRefused, match="too long"):
        fetch_metadata(url(running))


def test_an_answer_that_never_comes_is_given_up(local_site, monkeypatch):
    monkeypatch.setattr(fetch, "STEP_SECONDS", 0.2)

    with server(lambda handler: time.sleep(1)) as running, pytest.raises(MetadataRefused, match="too long"):
        fetch_metadata(url(running))


def test_a_compressed_answer_is_refused(local_site):
    with server(send(b"x", Content_Encoding="gzip")) as running, pytest.raises(MetadataRefused, match="compressed"):
        fetch_metadata(url(running))


def test_an_error_and_a_closed_port_are_told_apart(local_site):
    with server(send(b"", 404)) as running:
        address = url(running)
        with pytest.raises(MetadataRefused, match="answered 404"):
            fetch_metadata(address)
    with pytest.raises(MetadataRefused, match="could not be read"):
        fetch_metadata(address)


def test_a_name_that_also_leads_inside_is_refused(settings, monkeypatch):
    """DNS rebinding and split answers: one private address among public ones is enough."""
    settings.PUBLIC_URL = "https://gk.example"
    answers = [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(fetch.socket, "getaddrinfo", lambda *args, **kwargs: answers)

    with pytest.raises(MetadataRefused, match="not a public address"):
        fetch_metadata("https://idp.example/metadata")


def test_tls_is_for_the_name_although_the_connection_goes_to_the_checked_address(local_site, monkeypatch, tmp_path):
    trusted = _certificate_for("idp.example", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*trusted)
    monkeypatch.setattr(
        fetch,
        "_client",
        lambda: httpx.Client(
            follow_redirects=False, trust_env=False, verify=ssl.create_default_context(cafile=str(trusted[0]))
        ),
    )
    monkeypatch.setattr(
        fetch.socket, "getaddrinfo", lambda host, port, *args, **kwargs: [(2, 1, 6, "", ("127.0.0.1", port))]
    )
    with server(send(b"<x/>")) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True)
        port = running.server_address[1]
        assert fetch_metadata(f"https://idp.example:{port}/") == b"<x/>"
        with pytest.raises(MetadataRefused, match="could not be read"):
            fetch_metadata(f"https://other.example:{port}/")


def _certificate_for(host, folder):
    pair = tls_pair(host)
    (folder / "cert.pem").write_bytes(pair.certificate_pem)
    (folder / "key.pem").write_bytes(pair.key_pem)
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("93.184.216.34", True), ("10.0.0.1", True), ("127.0.0.1", False), ("169.254.169.254", False), ("fd00::1", True)],
)
def test_the_operators_switch_opens_private_addresses_but_not_the_machine_or_the_cloud(settings, address, allowed):
    settings.PUBLIC_URL = "https://gk.example"
    settings.SAML_ALLOW_PRIVATE_ADDRESSES = True

    assert is_allowed(address) is allowed
