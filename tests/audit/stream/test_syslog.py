"""Syslog messages: RFC 5424's header and structured data, one ASCII line whatever a name holds."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from gatekeeper.audit.events import Event
from gatekeeper.audit.stream.examples import example
from gatekeeper.audit.stream.syslog import MOST_UDP_BYTES, SD_ID, escaped, frame, structured_data, syslog_message
from gatekeeper.audit.stream.syslog import test_message as syslog_test_message

HOST = "gatekeeper.example.com"
HOSTILE = (
    'a"b',
    "a]b",
    "a\\b",
    '\\"]',
    "two\nlines",
    "carriage\r\nreturn",
    "line\u2028separator",
    "right\u202eto left",
    "nul\x00",
    "escape\x1b[31m",
    "Zoë Müller",
    "\U0001f600",
    "'; drop table users; --",
    "<13>1 2026-01-01T00:00:00Z forged gatekeeper - user.deleted - -",
    f'x"] [{SD_ID} position="1"]',
    "a" * 300,
)
HEADER = re.compile(
    r"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([!-~]{1,255}) gatekeeper - ([!-~]{1,32}) "
    r"(\[.*?[^\\]\]) (.*)"
)


def parts(message: bytes) -> tuple[str, ...]:
    found = HEADER.fullmatch(message.decode("ascii"))
    assert found, message
    return found.groups()


@pytest.mark.parametrize("event", list(Event), ids=lambda each: each.value)
def test_every_event_is_a_message(event: Event) -> None:
    message = syslog_message(example(event), HOST)
    priority, moment, host, name, data, text = parts(message)

    assert divmod(int(priority), 8)[0] == 13
    assert (moment, host, name) == ("2026-12-01T09:30:00.125000Z", HOST, event.value)
    assert data.startswith(f'[{SD_ID} position="42" digest=')
    assert json.loads(text)["chain"]["position"] == 42
    assert len(message) < MOST_UDP_BYTES


@pytest.mark.parametrize(("event", "severity"), [(Event.USER_CHANGED, 6), (Event.AUDIT_DAMAGE_FOUND, 2)])
def test_the_priority_follows_from_the_severity(event: Event, severity: int) -> None:
    assert int(parts(syslog_message(example(event), HOST))[0]) == 13 * 8 + severity


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_stays_within_its_text(name: str) -> None:
    message = example(Event.USER_CHANGED)
    message.entry.object_label = message.entry.actor_name = name
    message.entry.after = {name: name}

    *_, data, text = parts(syslog_message(message, HOST))

    assert json.loads(text)["entry"]["object_label"] == name
    assert data == parts(syslog_message(example(Event.USER_CHANGED), HOST))[4]


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_values_of_structured_data_are_escaped(value: str) -> None:
    said = escaped(value)

    assert not re.search(r'(?<!\\)(?:\\\\)*["\]]', said)
    assert re.sub(r'\\(["\\\]])', r"\1", said) == " ".join(value.splitlines())
    assert len(structured_data(name=value).splitlines()) == 1


@pytest.mark.parametrize(("host", "said"), [("", "-"), ("a b\n", "ab"), ("ä", "-"), ("h" * 300, "h" * 255)], ids=ascii)
def test_the_host_is_printable(host: str, said: str) -> None:
    assert parts(syslog_message(example(Event.USER_CHANGED), host))[2] == said


def test_what_is_too_long_for_a_datagram_comes_without_before_and_after() -> None:
    message = example(Event.USER_CHANGED)
    message.entry.after = {"long": "x" * 5000}

    whole, cut = syslog_message(message, HOST), syslog_message(message, HOST, most=MOST_UDP_BYTES)

    assert len(whole) > 5000 > MOST_UDP_BYTES > len(cut)
    said: dict[str, Any] = json.loads(parts(cut)[-1])
    assert (said["truncated"], "after" in said["entry"], said["chain"]) == (True, False, message.chain())


def test_a_frame_has_its_length_before_it() -> None:
    assert frame(b"<14>1 x") == b"7 <14>1 x"


def test_a_test_has_no_position() -> None:
    message = syslog_test_message(HOST, datetime(2026, 12, 1, tzinfo=UTC)).decode()

    assert f'[{SD_ID} event="stream.test"]' in message
    assert "position" not in message
