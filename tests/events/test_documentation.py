"""docs/events.md says what the code does."""

import re

from gatekeeper.directory.outbox_events import AccessChange
from gatekeeper.events.codes import EventCode
from gatekeeper.events.delivery import MOST_ATTEMPTS, RETRY_AFTER
from gatekeeper.events.subscribers.log_line import LEVELS
from tests.site import ROOT

PAGE = (ROOT / "docs" / "events.md").read_text()


def rows(heading: str) -> list[str]:
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)


def test_every_event_and_every_cause_has_its_row() -> None:
    assert rows("event") == [code.value for code in EventCode]
    assert rows("`cause`") == [cause.value for cause in AccessChange]


def test_the_retries_are_the_ones_that_are_named() -> None:
    minutes = [delay.total_seconds() / 60 for delay in RETRY_AFTER]

    assert minutes == [0.5, 4, 30, *(60 * hours for hours in (2, 5, 10, 14, 20, 24))]
    assert "30 seconds, 4 minutes, 30 minutes, 2, 5, 10, 14, 20 and 24 hours" in PAGE
    assert (MOST_ATTEMPTS, "has failed ten times" in PAGE) == (10, True)


def test_each_event_that_has_a_log_line_is_named_there() -> None:
    section = PAGE.partition("## The log line")[2].partition("##")[0]

    assert {name for name in re.findall(r"`([\w.]+)`", section) if name in set(EventCode)} == set(LEVELS)
