"""docs/events.md says what the code does."""

import json
import re
from typing import Any

import pytest

from gatekeeper.directory.outbox_events import AccessChange
from gatekeeper.events.codes import EventCode
from gatekeeper.events.delivery import MOST_ATTEMPTS, RETRY_AFTER
from gatekeeper.events.models import OutboxEvent
from gatekeeper.events.subscribers.log_line import LEVELS
from gatekeeper.events.webhooks.retries import MOST_ATTEMPTS as MOST_WEBHOOK_ATTEMPTS
from gatekeeper.events.webhooks.retries import RETRY_AFTER as WEBHOOK_RETRY_AFTER
from gatekeeper.events.webhooks.sending import Message
from tests.events.scenarios import SCENARIOS, Scenario
from tests.site import ROOT

PAGE = (ROOT / "docs" / "events.md").read_text()
WEBHOOKS = (ROOT / "docs" / "webhooks.md").read_text()
EXAMPLES = {each["event"]: each for each in map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))}


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


def test_the_retries_of_webhooks_are_the_ones_that_are_named() -> None:
    minutes = [delay.total_seconds() / 60 for delay in WEBHOOK_RETRY_AFTER]

    assert minutes == [0.5, 3.5, 30, *(60 * hours for hours in (2, 5, 10, 16, 22, 26))]
    assert "30 seconds, 3½ minutes, 30 minutes, 2, 5, 10, 16, 22 and 26 hours" in WEBHOOKS
    assert (MOST_WEBHOOK_ATTEMPTS, "has failed ten times" in WEBHOOKS) == (10, True)


def shape(value: Any) -> Any:
    """Names and types; who did it and in which request differs, and so does what is optional to a person."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items() if name not in {"actor", "request_id", "external_id"}}
    return [shape(each) for each in value[:1]] if isinstance(value, list) else type(value).__name__


def test_every_event_has_an_example_in_the_order_of_the_list() -> None:
    assert list(EXAMPLES) == [code.value for code in EventCode]
    for example in EXAMPLES.values():
        assert {"kind", "id"} <= example["data"]["actor"].keys()


@pytest.mark.django_db
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_an_example_has_what_is_sent(scenario: Scenario) -> None:
    act = scenario.prepare()
    act()
    event = OutboxEvent.objects.filter(code=scenario.code).latest("pk")
    sent = json.loads(Message(event.public_id, event.code, event.occurred_at, event.data).body())
    example = EXAMPLES[scenario.code]

    if sent["data"].get("cause") == example["data"].get("cause"):
        lists = {"ids": []}  # of people, empty or not
        assert shape(without(sent, lists)) == shape(without(example, lists))


def without(value: Any, replaced: dict[str, Any]) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: replaced.get(name, without(each, replaced)) for name, each in value.items()}
