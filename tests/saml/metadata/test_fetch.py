"""Fetching metadata: from where it is allowed, and not for longer or more than is good."""

import ipaddress
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gatekeeper.outbound import fetching, name_resolution
from gatekeeper.outbound.public_addresses import is_allowed
from saml.errors import MetadataRefused
from saml.metadata.fetch import fetch_metadata
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
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.5)

    def dripping():
        while True:
            time.sleep(0.1)
            yield b"x"

    with server(send(dripping())) as running, pytest.raises(MetadataRefused, match="too long"):
        fetch_metadata(url(running))


def test_an_answer_that_never_comes_is_given_up(local_site, monkeypatch):
    monkeypatch.setattr(fetching, "STEP_SECONDS", 0.2)

    with server(lambda handler: time.sleep(1)) as running, pytest.raises(MetadataRefused, match="too long"):
        fetch_metadata(url(running))


def test_a_compressed_answer_is_refused(local_site):
    with server(send(b"x", Content_Encoding="gzip")) as running, pytest.raises(MetadataRefused, match="compressed"):
        fetch_metadata(url(running))


def test_an_error_and_a_closed_port_have_reasons_of_their_own(local_site):
    with server(send(b"", 404)) as running:
        address = url(running)
        with pytest.raises(MetadataRefused, match="answered 404"):
            fetch_metadata(address)
    with pytest.raises(MetadataRefused, match=r"could not be read \(nothing listens there\)"):
        fetch_metadata(address)


def test_a_name_that_also_leads_inside_is_refused(settings, monkeypatch):
    """DNS rebinding and split answers: one private address among public ones is enough."""
    settings.PUBLIC_URL = "https://gk.example"
    answers = [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(name_resolution.socket, "getaddrinfo", lambda *args, **kwargs: answers)

    with pytest.raises(MetadataRefused, match="not a public address"):
        fetch_metadata("https://idp.example/metadata")


def test_tls_is_for_the_name_although_the_connection_goes_to_the_checked_address(local_site, monkeypatch, tmp_path):
    trusted = _certificate_for("idp.example", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*trusted)
    monkeypatch.setattr(fetching, "_tls", lambda: ssl.create_default_context(cafile=str(trusted[0])))
    monkeypatch.setattr(
        name_resolution.socket, "getaddrinfo", lambda host, port, *args, **kwargs: [(2, 1, 6, "", ("127.0.0.1", port))]
    )
    with server(send(b"<x/>")) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True)
        port = running.server_address[1]
        assert fetch_metadata(f"https://idp.example:{port}/") == b"<x/>"
        with pytest.raises(MetadataRefused, match="certificate is not trusted: Hostname mismatch"):
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
    settings.ALLOW_PRIVATE_ADDRESSES = True

    assert is_allowed(address) is allowed


NOT_GLOBAL = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "169.254.0.23",
    "172.16.0.1",
    "172.31.9.9",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.0.10",
    "192.0.0.170",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "100.100.100.200",
]
NOT_GLOBAL_V6 = [
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "2002::1",
    "100::1",
    "3fff::1",
    "5f00::1",
    "64:ff9b:1::1",
]


def wrapped(address):
    """The forms of IPv6 in which an IPv4 address travels: mapped, compatible, translated, NAT64, 6to4, Teredo."""
    number = int(ipaddress.IPv4Address(address))
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    forms = ("::ffff:{}:{}", "::{}:{}", "::ffff:0:{}:{}", "64:ff9b::{}:{}", "64:ff9b:1::{}:{}", "2002:{}:{}::1")
    teredo = f"2001:0:5ef5:79fd:0:0:{(number >> 16) ^ 0xFFFF:x}:{(number & 0xFFFF) ^ 0xFFFF:x}"
    return [*(form.format(high, low) for form in forms), teredo]


@pytest.mark.parametrize("address", [*NOT_GLOBAL, *NOT_GLOBAL_V6])
def test_what_is_not_globally_reachable_is_refused_in_every_form(settings, address):
    settings.PUBLIC_URL = "https://gk.example"
    forms = [address] if ":" in address else [address, *wrapped(address)]

    assert [form for form in forms if is_allowed(form)] == []


@pytest.mark.parametrize("address", [*NOT_GLOBAL, *NOT_GLOBAL_V6])
def test_the_operators_switch_opens_private_networks_and_nothing_else(settings, address):
    settings.PUBLIC_URL = "https://gk.example"
    settings.ALLOW_PRIVATE_ADDRESSES = True
    private = {"10.0.0.1", "100.64.0.1", "172.16.0.1", "172.31.9.9", "192.168.0.1", "fc00::1"}

    assert is_allowed(address) is (address in private)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "::ffff:8.8.8.8", "2606:2800:21f::1", "172.32.0.1", "192.0.1.1"]
)
def test_public_addresses_are_allowed(settings, address):
    settings.PUBLIC_URL = "https://gk.example"

    assert is_allowed(address)


@pytest.mark.parametrize("name", ["metadata.google.internal", "METADATA.google.internal.", "metadata", "instance-data"])
def test_the_clouds_own_names_are_not_even_resolved(settings, monkeypatch, name):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    monkeypatch.setattr(name_resolution.socket, "getaddrinfo", lambda *_, **__: pytest.fail("it was resolved"))

    with pytest.raises(MetadataRefused, match="not a public address"):
        fetch_metadata(f"https://{name}/computeMetadata/v1/")


@pytest.mark.parametrize("public_url", ["http://gk.example", "https://gk.example", "http://10.0.0.5:8000"])
def test_plain_http_is_for_this_machine_only_also_when_the_site_itself_is_on_http(settings, public_url):
    settings.PUBLIC_URL = public_url
    settings.ALLOW_PRIVATE_ADDRESSES = True

    for address in ("http://127.0.0.1:9/", "http://localhost:9/", "http://93.184.216.34/", "http://10.0.0.6/"):
        with pytest.raises(MetadataRefused, match="must begin with https"):
            fetch_metadata(address)


@pytest.mark.parametrize("address", ["http://93.184.216.34/", "http://[2606:2800:21f::1]/"])
def test_plain_http_to_others_is_refused_on_a_local_site_too(local_site, address):
    with pytest.raises(MetadataRefused, match="must begin with https"):
        fetch_metadata(address)


def test_the_second_address_of_a_host_is_tried_when_the_first_is_silent(local_site, monkeypatch):
    answers = [(10, 1, 6, "", ("::1", 0, 0, 0)), (2, 1, 6, "", ("127.0.0.1", 0))]
    with server(send(b"<x/>")) as running:
        original = socket.getaddrinfo

        def both(host, port, *args, **kwargs):
            return answers if host == "idp.localhost" else original(host, port, *args, **kwargs)

        monkeypatch.setattr(name_resolution.socket, "getaddrinfo", both)
        assert fetch_metadata(url(running).replace("127.0.0.1", "idp.localhost")) == b"<x/>"
