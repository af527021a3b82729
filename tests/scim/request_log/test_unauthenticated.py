"""Requests without a valid key cannot fill the provisioning log, however many processes answer them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gatekeeper.audit.models import ProvisioningEntry
from scim.models import UnauthenticatedRequestCount
from scim.request_log.unauthenticated import MOST_IN_A_MINUTE, listing_limit


@pytest.fixture
def minute(time_machine):
    time_machine.move_to("2026-11-26T09:00:30Z", tick=False)
    return time_machine


def listed():
    return ProvisioningEntry.objects.filter(key_id="").count()


def ask(scim, times):
    for _ in range(times):
        assert scim.client.get("/scim/v2/Users").status_code == 401


def test_the_limit_holds_for_all_processes_together(scim, minute):
    ask(scim, MOST_IN_A_MINUTE - 10)
    for _ in range(3):
        listing_limit.reached_in = None  # as in another process
        ask(scim, 15)

    assert listed() == MOST_IN_A_MINUTE


def test_each_minute_has_its_own_places_and_old_counts_go(scim, minute):
    ask(scim, MOST_IN_A_MINUTE + 5)
    minute.shift(timedelta(minutes=1))
    ask(scim, 3)
    assert listed() == MOST_IN_A_MINUTE + 3

    minute.shift(timedelta(hours=2))
    ask(scim, 1)
    assert UnauthenticatedRequestCount.objects.count() == 1


def test_beyond_the_limit_a_request_costs_no_statement_and_one_log_line_a_minute(scim, minute, caplog):
    ask(scim, MOST_IN_A_MINUTE + 1)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        ask(scim, 20)

    assert not queries.captured_queries
    assert len([record for record in caplog.records if "without a valid key" in record.getMessage()]) == 1


def test_a_valid_key_is_listed_whatever_others_send(scim, minute):
    ask(scim, MOST_IN_A_MINUTE + 5)

    scim.get("/Users?filter=nonsense")

    assert ProvisioningEntry.objects.exclude(key_id="").count() == 1


def test_a_database_that_fails_meanwhile_does_not_change_the_response(scim, minute, monkeypatch):
    def fail(minute):
        raise ZeroDivisionError

    monkeypatch.setattr("scim.request_log.unauthenticated._take_place", fail)

    ask(scim, 1)
    assert listed() == 0
