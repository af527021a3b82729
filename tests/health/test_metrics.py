"""What /metrics counts, and at what cost."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.directory.models import IdentityProvider
from gatekeeper.health import heartbeats, living_processes
from gatekeeper.health.heartbeats import Process
from gatekeeper.runtime import row_counts
from gatekeeper.runtime.row_counts import value_counts
from saml.connections.lifecycle import create_connection
from scim.credentials.api_keys import generate_key
from tests.builders import ADMIN, PASSWORD, make_administrator, make_group, make_user
from tests.saml.forge import metadata
from tests.saml.keys import key_pair

pytestmark = pytest.mark.django_db
TOKEN = "prometheus-3f9a-token"


@pytest.fixture
def on_this_machine(settings):
    """Where /metrics needs no token."""
    settings.PUBLIC_URL = "http://127.0.0.1:8000"


def test_metrics_count_people_and_groups(client, on_this_machine):
    heartbeats.beat(Process.WORKER)
    living_processes.note(Process.WORKER)
    make_group(members=[make_user(), make_user(active=False)])

    page = client.get("/metrics").content.decode()

    assert 'gatekeeper_users{active="true",origin="scim"} 1.0' in page
    assert 'gatekeeper_users{active="false",origin="scim"} 1.0' in page
    assert "gatekeeper_idp_groups 1.0" in page
    assert 'gatekeeper_heartbeat_age_seconds{process="worker"}' in page
    assert re.search(r'gatekeeper_process_heartbeat_age_seconds\{host="[^"]+",pid="\d+",process="worker"\}', page)


def test_metrics_count_each_use_of_a_break_glass_account(client, on_this_machine):
    make_administrator("root@example.com")
    for _ in range(2):
        Client().post("/sign-in/", {"email": "root@example.com", "password": PASSWORD})

    assert "gatekeeper_break_glass_sign_ins_total 2.0" in client.get("/metrics").content.decode()


def test_metrics_cost_the_same_whatever_the_number_of_people_and_connections(client, on_this_machine):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/metrics")
        return len(captured)

    before = queries()
    make_group(members=[make_user() for _ in range(30)])
    for name in ("One", "Two"):
        create_connection(name, document=metadata(key_pair(name), entity_id=f"https://{name}/"), actor=ADMIN)

    assert queries() == before


# ── Who may read them: with METRICS_TOKEN its bearer; without one, this machine ──────────────────────────────────────


@pytest.mark.parametrize(
    ("public_url", "token", "sent", "status"),
    [
        ("http://127.0.0.1:8000", "", "", 200),
        ("http://localhost:8000", "", "", 200),
        ("http://[::1]:8000", "", "", 200),
        ("http://127.9.9.9", "", "", 200),
        ("https://gk.example.com", "", "", 403),
        ("http://10.0.0.5:8000", "", "", 403),
        ("https://gk.example.com", "", f"Bearer {TOKEN}", 403),
        ("https://gk.example.com", TOKEN, f"Bearer {TOKEN}", 200),
        ("https://gk.example.com", TOKEN, f"bearer {TOKEN}", 200),
        ("https://gk.example.com", TOKEN, "", 401),
        ("https://gk.example.com", TOKEN, f"Bearer {TOKEN}x", 401),
        ("https://gk.example.com", TOKEN, f"Basic {TOKEN}", 401),
        ("https://gk.example.com", TOKEN, TOKEN, 401),
        ("http://127.0.0.1:8000", TOKEN, "", 401),
    ],
)
def test_who_gets_what(client, settings, public_url, token, sent, status):
    settings.PUBLIC_URL, settings.METRICS_TOKEN = public_url, token

    answer = client.get("/metrics", headers={"authorization": sent} if sent else {})

    assert answer.status_code == status
    assert status == 200 or (answer.content.count(b"\n") == 1 and b"METRICS_TOKEN" in answer.content)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_no_name_of_a_connection_or_key_is_in_it(client, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    create_connection("Contoso Ltd (merger!)", document=metadata(), actor=ADMIN)
    generate_key("Okta of the other company", actor=ADMIN)

    page = client.get("/metrics").content.decode()

    assert str(IdentityProvider.objects.get().id) in page
    assert "Contoso" not in page
    assert "other company" not in page


def test_a_long_log_is_counted_up_to_a_bound_and_estimated_beyond_it(
    db: None, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(row_counts, "COUNTED_ALL", 10)
    for outcome, number in (("changed", 30), ("refused", 3)):
        ProvisioningEntry.objects.bulk_create(
            ProvisioningEntry(outcome=outcome, method="POST", path="/Users", status=201) for _ in range(number)
        )

    found = value_counts(ProvisioningEntry, "outcome", ["changed", "refused", "failed"])
    assert (found["refused"], found["failed"]) == (3, 0)
    assert found["changed"] >= 10
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE audit_provisioningentry")
        with django_assert_max_num_queries(2):
            assert value_counts(ProvisioningEntry, "outcome", ["changed"]) == {"changed": 30}
