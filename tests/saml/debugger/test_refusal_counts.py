"""Unsigned messages are counted and sampled; what an identity provider signed is always stored."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection as database
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.models import AuditEntry
from saml.debugger.refusal_counts import MOST_OF_A_CHECK, MOST_OF_ALL, announce_counts, count_refusal, counted_only
from saml.models import RefusalCount, SignInAttempt
from tests.saml.conftest import refusals
from tests.saml.forge import signed_response

pytestmark = pytest.mark.django_db
MANY = 4 * MOST_OF_A_CHECK


def post_unsigned(connection, times=MANY, document="AAAA"):
    client = Client()
    for _ in range(times):
        assert client.post(f"/saml/{connection.id}/acs", {"SAMLResponse": document}).status_code == 400


def test_of_many_unsigned_messages_a_sample_is_written_down_and_all_are_counted(connection):
    post_unsigned(connection)
    post_unsigned(connection, document="%%%")

    assert len(refusals()) == SignInAttempt.objects.count() == 2 * MOST_OF_A_CHECK
    assert RefusalCount.objects.get(failed_check="").count == 2 * MANY
    assert counted_only(timezone.now() - timedelta(hours=24)) == 2 * (MANY - MOST_OF_A_CHECK)


@pytest.mark.parametrize("address", ["acs", "logout"])
@pytest.mark.parametrize("fields", [{}, {"SAMLRequest": "AAAA"}, {"SAMLResponse": "AAAA"}])
def test_no_address_writes_more_than_the_sample(connection, address, fields):
    client = Client()
    for _ in range(MOST_OF_A_CHECK + 5):
        client.post(f"/saml/{connection.id}/{address}", fields)

    assert AuditEntry.objects.filter(event="sign_in.refused").count() <= MOST_OF_A_CHECK
    assert SignInAttempt.objects.count() <= MOST_OF_A_CHECK


def test_what_the_identity_provider_signed_is_written_down_however_many_unsigned_messages_came(
    browser, ada, connection
):
    post_unsigned(connection)
    browser.sign_on(audiences=(("https://other.example",),))
    browser.post(signed_response(browser.facts(browser.begin(), name_id="nobody@contoso.com", response_id="_r2")))
    browser.sign_on(response_id="_r3", assertion_id="_a3")

    newest = [(each.accepted, each.failed_check) for each in SignInAttempt.objects.all()[:3]]
    assert newest == [(True, ""), (False, "unknown_person"), (False, "is_meant_for_us")]
    assert [entry.after["check"] for entry in refusals()][:2] == ["unknown_person", "is_meant_for_us"]


def test_the_limits_are_per_check_and_for_all_checks_together(connection):
    taken = [count_refusal(connection, f"check_{number % 10}") for number in range(400)]

    assert sum(taken) == MOST_OF_ALL
    assert RefusalCount.objects.get(failed_check="", connection=connection).count == 400


@pytest.mark.skipif(database.vendor == "sqlite", reason="SQLite has one writer at a time; its tests share memory")
@pytest.mark.django_db(transaction=True)
def test_processes_that_count_at_one_moment_share_the_limit(connection):
    def count(_):
        try:
            with transaction.atomic():
                return count_refusal(connection, "xml")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(count, range(MANY)))

    assert sum(taken) == MOST_OF_A_CHECK
    assert RefusalCount.objects.get(failed_check="xml").count == MANY


def test_the_audit_trail_has_one_entry_with_the_numbers_of_a_past_hour(connection):
    post_unsigned(connection)
    actor = Actor.scheduler("saml.sync_users")

    assert announce_counts(timezone.now(), actor=actor) == 0  # the hour is not over
    later = timezone.now() + timedelta(hours=1)
    assert [announce_counts(later, actor=actor) for _ in range(2)] == [1, 0]
    entry = AuditEntry.objects.get(event="sign_in.refusals_counted")
    assert (entry.after["refused"], entry.after["listed"]) == (MANY, MOST_OF_A_CHECK)
    assert entry.after["checks"] == {"xml": MANY}


def test_the_list_of_attempts_says_how_many_were_only_counted(connection, admin_client):
    post_unsigned(connection)

    page = admin_client.get("/sign-in-attempts/").content.decode()
    assert f"{MANY - MOST_OF_A_CHECK} more messages" in page


def test_the_numbers_are_those_of_the_hours_that_are_asked_for(connection):
    """The window of the page: messages of an earlier hour are not among those of the last 24."""
    now = timezone.now()
    with time_machine.travel(now - timedelta(hours=26), tick=False):
        post_unsigned(connection)

    assert counted_only(now - timedelta(hours=24)) == 0
    assert counted_only(now - timedelta(hours=27)) == MANY - MOST_OF_A_CHECK
    post_unsigned(connection)
    assert counted_only(now - timedelta(hours=24)) == MANY - MOST_OF_A_CHECK
