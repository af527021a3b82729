"""One deadline for the whole exchange. Every server here goes on for ever; that the fetch comes back is the test."""

import json
import threading

import pytest

from gatekeeper.outbound import fetching
from gatekeeper.outbound.fetching import Limits, fetch_document
from gatekeeper.outbound.problems import FetchRefused
from saml.errors import MetadataRefused
from saml.metadata.fetch import fetch_metadata
from tests.once import ONCE
from tests.saml.misbehaving import DRIPPING, FLOODING, OK, misbehaving

pytestmark = ONCE


@pytest.fixture(autouse=True)
def local_site(settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"


@pytest.fixture
def in_a_hurry(monkeypatch):
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.4)


@pytest.mark.parametrize("script", DRIPPING.values(), ids=DRIPPING)
def test_a_server_that_drips_is_given_up_at_the_deadline(in_a_hurry, script):
    with misbehaving(script, every=0.02) as address, pytest.raises(MetadataRefused, match="too long to answer"):
        fetch_metadata(address)


@pytest.mark.parametrize(("script", "words"), FLOODING.values(), ids=FLOODING)
def test_a_server_that_sends_without_end_is_given_up_long_before_the_deadline(monkeypatch, script, words):
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 60.0)

    with misbehaving(script) as address, pytest.raises(MetadataRefused, match=words):
        fetch_metadata(address)


@pytest.mark.parametrize(
    "record", [b"", b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"], ids=["silence", "a byte at a time"]
)
def test_a_tls_handshake_that_never_ends_is_given_up(in_a_hurry, record):
    def script():
        yield from (bytes([each]) for each in record)
        yield from (b"x" for _ in record * 9_999)

    with misbehaving(script, every=0.02) as address, pytest.raises(MetadataRefused, match="too long to answer"):
        fetch_metadata(address.replace("http:", "https:"))


def test_redirects_share_one_deadline(in_a_hurry):
    """Each hop is quick enough by itself."""

    def slowly_elsewhere():
        yield from (bytes([each]) for each in b"HTTP/1.1 302 Found\r\n")
        yield b"Location: /again\r\nContent-Length: 0\r\n\r\n"

    with misbehaving(slowly_elsewhere, every=0.012) as address, pytest.raises(MetadataRefused, match="too long"):
        fetch_metadata(address)


def test_a_name_server_that_never_answers_is_given_up(in_a_hurry, monkeypatch):
    over = threading.Event()

    def never(*_, **__):
        over.wait(60)
        raise OSError

    monkeypatch.setattr("gatekeeper.outbound.name_resolution.socket.getaddrinfo", never)

    with pytest.raises(MetadataRefused, match="too long to answer"):
        fetch_metadata("https://idp.example/metadata")
    over.set()


@pytest.mark.parametrize(
    ("media_type", "size", "refused"),
    [
        ("application/json", 1024, None),
        ("application/JWK-Set+json; charset=utf-8", 1024, None),
        ("text/html", 1024, "answered text/html, not application/json or application/jwk-set"),
        (None, 1024, "without a Content-Type"),
        ("application/json", 4, "larger than 4 bytes"),
    ],
)
def test_keys_are_fetched_with_the_same_guards_and_their_own_limits(media_type, size, refused):
    document = json.dumps({"keys": []}).encode()
    header = f"Content-Type: {media_type}\r\n".encode() if media_type else b""
    limits = Limits(size=size, media_types=frozenset({"application/json", "application/jwk-set+json"}))
    answer = OK + header + b"Content-Length: %d\r\n\r\n" % len(document) + document

    with misbehaving(lambda: iter([answer])) as address:
        if refused is None:
            assert fetch_document(address, limits) == document
        else:
            with pytest.raises(FetchRefused, match=refused):
                fetch_document(address, limits)
