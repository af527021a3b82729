"""Published keys (RFC 7517 §5): when they are fetched, what is taken, and with which limits."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from gatekeeper.errors import InvalidValue
from gatekeeper.signed_tokens.key_sets import Fetch, find_key
from gatekeeper.signed_tokens.models import KeySet
from gatekeeper.signed_tokens.refusals import TokenRefused
from saml.metadata.fetch import fetch_metadata
from tests.signed_tokens.minting import jwk, key_set, private_key

pytestmark = pytest.mark.django_db
URL = "https://idp.example.com/keys"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
OLD, NEW = jwk(private_key("RS256"), "old"), jwk(private_key("ES256"), "new")


class Publisher:
    """What the address answers: a document, or an error to raise."""

    def __init__(self) -> None:
        self.answer: bytes | Exception = key_set(OLD)
        self.asked = 0

    def __call__(self, url: str) -> bytes:
        assert url == URL
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as machine:
        yield machine


def knows(kid: str, publisher: Publisher) -> bool:
    try:
        find_key(URL, kid, fetch=publisher)
    except TokenRefused:
        return False
    return True


def test_an_unknown_key_is_asked_for_once_a_minute(publisher, clock):
    assert knows("old", publisher)
    publisher.answer = key_set(OLD, NEW)
    for second in range(0, 60, 10):
        clock.move_to(NOON + timedelta(seconds=second))
        assert not knows("new", publisher)
    assert publisher.asked == 1

    clock.move_to(NOON + timedelta(seconds=60))

    assert knows("new", publisher)
    assert publisher.asked == 2


def test_a_key_that_was_withdrawn_stops_working_within_the_hour(publisher, clock):
    assert knows("old", publisher)
    publisher.answer = key_set(NEW)
    clock.move_to(NOON + timedelta(minutes=59))
    assert knows("old", publisher)

    clock.move_to(NOON + timedelta(minutes=60))

    assert not knows("old", publisher)


@pytest.mark.parametrize(
    "answer",
    [
        InvalidValue("metadata", "the address took too long to answer."),
        b"<html>",
        b'{"keys": []}',
        b"\xff\xfe",
        b"[" * 99999,
    ],
)
def test_the_last_good_document_holds_for_a_day_when_nothing_better_comes(publisher, clock, answer):
    assert knows("old", publisher)
    publisher.answer = answer
    clock.move_to(NOON + timedelta(hours=23))
    assert knows("old", publisher)
    assert KeySet.objects.get().problem

    clock.move_to(NOON + timedelta(hours=24))
    assert not knows("old", publisher)

    publisher.answer = key_set(OLD)
    clock.move_to(NOON + timedelta(hours=25))
    assert knows("old", publisher)
    assert not KeySet.objects.get().problem


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://169.254.169.254/latest/meta-data", "not a public address"),
        ("https://127.0.0.1/keys", "not a public address"),
        ("https://10.0.0.1/keys", "not a public address"),
        ("https://[::1]/keys", "not a public address"),
        ("http://idp.example.com/keys", "must begin with https://"),
        ("file:///etc/passwd", "must begin with https://"),
    ],
)
def test_keys_are_never_fetched_from_inside(settings, url, words):
    settings.PUBLIC_URL = "https://gk.example.com"

    with pytest.raises(TokenRefused, match=words):
        find_key(url, "any", fetch=fetch_metadata)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time; its tests share memory")
@pytest.mark.django_db(transaction=True)
def test_tokens_that_come_at_once_wait_for_the_one_that_asks(publisher, clock):
    """Several connections of one client get their first token in one moment."""
    asks, may_answer = threading.Event(), threading.Event()

    def fetch(url: str) -> bytes:
        asks.set()
        assert may_answer.wait(5)
        return publisher(url)

    def known(fetch: Fetch) -> bool:
        try:
            return find_key(URL, "old", fetch=fetch)["kid"] == "old"
        finally:
            connection.close()

    with ThreadPoolExecutor() as threads:
        first = threads.submit(known, fetch)
        assert asks.wait(5)
        others = [threads.submit(known, publisher) for _ in range(3)]
        time.sleep(0.2)
        assert not any(each.done() for each in others)
        may_answer.set()
        assert [each.result(10) for each in (first, *others)] == [True] * 4
    assert publisher.asked == 1


@pytest.mark.django_db
def test_nobody_waits_for_an_answer_that_never_came(publisher, clock):
    KeySet.objects.create(url=URL, tried_at=NOON - timedelta(seconds=10))
    begun = time.perf_counter()

    assert not knows("old", publisher)
    assert time.perf_counter() - begun < 1
