"""The plot of sign-ins: bars by what came of them, each part of which leads to its entries."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from gatekeeper.web.logs.sign_ins_by_reason import MOST_REASONS, sign_ins_by_reason
from saml.debugger.failed_checks import FACTS
from saml.models import SignInAttempt
from saml.refusals.causes import Cause
from tests.web.pages import queries_of, text_of

NOW = datetime(2026, 11, 29, 14, 30, tzinfo=UTC)
LOG = "/sign-in-attempts/"
pytestmark = pytest.mark.django_db


def attempt(hours: float, check: str = "", **fields: Any) -> None:
    SignInAttempt.objects.create(
        at=NOW - timedelta(hours=hours), accepted=not check, failed_check=check, name_id=f"{hours} {check}", **fields
    )


def fill() -> None:
    attempt(0)
    attempt(0.2)
    attempt(0.3, "unknown_person")
    attempt(5, "unknown_person")
    attempt(5, "has_current_certificate")
    attempt(5.1, "logout_signature")
    attempt(6, "unsolicited", cause=Cause.BEGUN_HERE)
    attempt(23.4)
    attempt(30, "deactivated")
    attempt(24 * 6, "deactivated")


@pytest.mark.parametrize("span", ["day", "week"])
def test_every_part_leads_to_as_many_entries_as_it_stands_for(admin_client: Client, span: str) -> None:
    with time_machine.travel(NOW, tick=False):
        fill()
        plot = sign_ins_by_reason(span)
        shown = {}
        for slot in plot.slots:
            for segment in slot.segments:
                listed = admin_client.get(f"{LOG}{segment.address}").context_data["cl"].result_list  # type: ignore[attr-defined]
                shown[segment.text] = (int(segment.text.rpartition(" ")[2]), len(listed))

    assert {text: pair for text, pair in shown.items() if pair[0] != pair[1]} == {}
    assert sum(number for number, _ in shown.values()) == (8 if span == "day" else 10)


def test_reasons_are_named_as_in_the_list(admin_client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        fill()
        legend = [entry.name for entry in sign_ins_by_reason("day").legend]
        page = text_of(admin_client.get(LOG))

    assert legend[:2] == ["Accepted", "Begun here instead"]
    assert set(legend[2:]) == {str(FACTS[code]) for code in ("unknown_person", "has_current_certificate", "logout")}
    for name in legend:
        assert name in page
    assert '<table class="table">' in page.split('class="fold plot-table"')[1]


def test_rare_reasons_are_one_part(db: None) -> None:
    checks = [code for code in FACTS if code not in ("unsolicited", "logout")][: MOST_REASONS + 3]
    with time_machine.travel(NOW, tick=False):
        for number, check in enumerate(checks):
            for _ in range(20 - number):
                attempt(1, check)
        plot = sign_ins_by_reason("day")

    assert len(plot.legend) == 1 + MOST_REASONS + 1
    assert plot.legend[-1].name == "Other reasons"
    assert len({(entry.tone, entry.fill) for entry in plot.legend}) == len(plot.legend)


@pytest.mark.parametrize(
    ("time", "span"), [("", "24 hours"), ("hour", "24 hours"), ("week", "7 days"), ("month", "7 days")]
)
def test_the_plot_is_of_the_period_of_the_list(admin_client: Client, time: str, span: str) -> None:
    page = unescape(text_of(admin_client.get(LOG, {"time": time} if time else {})))

    assert f"Sign-ins of the last {span}" in page


def test_it_is_one_statement_however_many_there_are(admin_client: Client) -> None:
    attempt(0, "unknown_person")
    few = queries_of(admin_client, LOG)
    for hours in range(30):
        attempt(hours, "deactivated")

    assert queries_of(admin_client, LOG) == few
