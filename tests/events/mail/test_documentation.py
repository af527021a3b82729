"""docs/mail.md has an example of each message, as it is sent."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from gatekeeper.events.codes import EventCode
from gatekeeper.events.mail import texts
from gatekeeper.events.mail.causes import MOMENTARY, OPENING, QUIET
from gatekeeper.events.mail.ceiling import MOST_AN_HOUR
from gatekeeper.events.mail.content import written
from gatekeeper.events.mail.digest_text import LINES, digest
from gatekeeper.events.mail.problems import TEXTS
from gatekeeper.events.mail.results import GIVEN_UP_AFTER, MOST_REFUSALS, RETRY_AFTER
from gatekeeper.events.models import MailCause, OutboxEvent
from tests.events.test_documentation import EXAMPLES
from tests.site import ROOT

PAGE = (ROOT / "docs" / "mail.md").read_text()
BLOCKS = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
DIGEST = {
    "since": "2026-03-02T06:15:00+00:00",
    "until": "2026-03-03T06:15:00+00:00",
    "counts": dict.fromkeys(LINES, 2),
    "ending": [{"kind": "key", "name": "Entra", "at": "2026-03-10T00:00:00+00:00"}],
}


@pytest.fixture(autouse=True)
def public(settings: Any) -> None:
    settings.PUBLIC_URL, settings.TIME_ZONE = "https://gatekeeper.example.com", "UTC"


def cause(code: EventCode) -> MailCause:
    """Of the example of the event in docs/events.md; over after two hours and a half."""
    event = OutboxEvent(code=code.value, data=EXAMPLES[code]["data"], occurred_at=AT)
    return MailCause(event=event, times=3, last_at=AT + timedelta(hours=1), ended_at=AT + timedelta(minutes=150))


def as_sent(content: Any) -> str:
    text = written(content)
    return f"Subject: {text.subject}\n\n{text.plain.partition(chr(10) + '-- ')[0].strip()}\n"


def examples() -> list[str]:
    with translation.override("en-gb"):
        begun = [as_sent(texts.opening(cause(code))) for code in OPENING]
        over = [texts.over(cause(code)) for code in (EventCode.PROVISIONING_SILENT, EventCode.BREAK_GLASS_USED)]
        return [*begun, *map(as_sent, over), as_sent(digest(DIGEST))]


def test_each_message_has_its_example() -> None:
    assert examples() == BLOCKS


def test_the_numbers_are_the_ones_that_are_named() -> None:
    assert [delay.total_seconds() / 60 for delay in RETRY_AFTER] == [0.5, 4, 15, 30, 60]
    assert "30 seconds, 4, 15 and 30 minutes, and then every hour" in PAGE
    assert (GIVEN_UP_AFTER.days, "for three days" in PAGE) == (3, True)
    assert (MOST_AN_HOUR, f"{MOST_AN_HOUR} messages an hour" in PAGE) == (12, True)
    assert (MOST_REFUSALS, "five messages in a row" in PAGE) == (5, True)
    assert (QUIET, len(MOMENTARY)) == (timedelta(hours=1), 2)


def test_each_problem_has_its_row() -> None:
    assert set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE)) == set(TEXTS)


def test_each_event_that_a_message_is_sent_for_is_listed() -> None:
    named = set(re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE))

    assert {code.value for code in OPENING} <= named
