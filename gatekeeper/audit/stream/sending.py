"""Sending messages to a receiver. Nothing here reads or writes the database.

HTTP accepts a request whole, with a status of 2xx. Over TCP and TLS a batch is one connection, accepted when the
receiver has closed it in order. UDP accepts nothing: what was sent counts as accepted.
"""

import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils import timezone

from gatekeeper.audit.stream.messages import Message
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.ocsf import document, encode
from gatekeeper.audit.stream.ocsf import test_document as ocsf_test
from gatekeeper.audit.stream.syslog import MOST_BYTES, MOST_UDP_BYTES, frame, syslog_message
from gatekeeper.audit.stream.syslog import test_message as syslog_test
from gatekeeper.outbound.posting import post_document
from gatekeeper.outbound.problems import FetchRefused
from gatekeeper.outbound.sockets import send_datagrams, send_over_tcp

BODY_BYTES: Final = 1_000_000  # of one request, unless a single event is larger: what most receivers take
SYSLOG_PORTS: Final[Mapping[str, int]] = {"tls": 6514, "tcp": 601, "udp": 514}  # RFC 5425, 3195 and 5426


@dataclass(frozen=True, kw_only=True, slots=True)
class Receiver:
    """Where to send, with the secret unsealed."""

    stream_id: str
    url: str
    authorization: str
    ca_certificates: str

    @classmethod
    def of(cls, stream: Stream, authorization: str) -> "Receiver":
        return cls(
            stream_id=str(stream.pk),
            url=stream.url,
            authorization=authorization,
            ca_certificates=stream.ca_certificates,
        )

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """``accepted``: how many of the messages, from the first on. ``problem``: "" when it was all of them."""

    accepted: int
    milliseconds: int
    status: int | None = None
    problem: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


def send(receiver: Receiver, messages: Sequence[Message]) -> Outcome:
    """Send them in their order, and say how many the receiver accepted."""
    if receiver.parts.scheme in SYSLOG_PORTS:
        most = MOST_UDP_BYTES if receiver.parts.scheme == "udp" else MOST_BYTES
        host = urlsplit(settings.PUBLIC_URL).hostname or ""
        return _send_syslog(receiver, [syslog_message(message, host, most=most) for message in messages])
    return _post(receiver, [encode(document(message)) for message in messages])


def send_test(receiver: Receiver) -> Outcome:
    """Send an event that says that it is a test."""
    now = timezone.now()
    if receiver.parts.scheme in SYSLOG_PORTS:
        return _send_syslog(receiver, [syslog_test(urlsplit(settings.PUBLIC_URL).hostname or "", now)])
    return _post(receiver, [encode(ocsf_test(receiver.stream_id, now))])


def _post(receiver: Receiver, documents: Sequence[str]) -> Outcome:
    """Arrays of OCSF events, request by request, until one is not accepted."""
    headers = {"Content-Type": "application/json"}
    if receiver.authorization:
        headers["Authorization"] = receiver.authorization
    tls = trusting(receiver.ca_certificates) if receiver.ca_certificates else None
    accepted, milliseconds, status = 0, 0, None
    for body, count in _bodies(documents):
        answer = post_document(receiver.url, body, headers, tls=tls)
        milliseconds, status = milliseconds + answer.milliseconds, answer.status
        if answer.problem:
            return Outcome(
                accepted=accepted,
                milliseconds=milliseconds,
                status=status,
                problem=answer.problem.value,
                parameters=answer.parameters,
            )
        accepted += count
    return Outcome(accepted=accepted, milliseconds=milliseconds, status=status)


def _bodies(documents: Sequence[str]) -> Iterator[tuple[bytes, int]]:
    """JSON arrays, and of how many events."""
    taken: list[str] = []
    size = 0
    for each in documents:
        if taken and size + len(each) > BODY_BYTES:
            yield _array(taken), len(taken)
            taken, size = [], 0
        taken.append(each)
        size += len(each) + 1
    if taken:
        yield _array(taken), len(taken)


def _array(documents: Sequence[str]) -> bytes:
    return ("[" + ",".join(documents) + "]").encode()


def _send_syslog(receiver: Receiver, messages: Sequence[bytes]) -> Outcome:
    parts, started = receiver.parts, time.monotonic()
    host, port = parts.hostname or "", parts.port or SYSLOG_PORTS[parts.scheme]
    try:
        if parts.scheme == "udp":
            send_datagrams(host, port, messages)
        else:
            tls = trusting(receiver.ca_certificates) if parts.scheme == "tls" else None
            send_over_tcp(host, port, b"".join(map(frame, messages)), tls=tls)
    except FetchRefused as refusal:
        return Outcome(
            accepted=0,
            milliseconds=_since(started),
            problem=refusal.problem.value,
            parameters=dict(refusal.parameters),
        )
    return Outcome(accepted=len(messages), milliseconds=_since(started))


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


@lru_cache(maxsize=16)
def trusting(ca_certificates: str) -> ssl.SSLContext:
    """TLS that trusts these certificate authorities and no others; the system's where there are none."""
    return ssl.create_default_context(cadata=ca_certificates or None)
