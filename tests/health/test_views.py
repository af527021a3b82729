"""/healthz and /readyz: whether this process answers, and whether it can serve."""

import pytest
from django.db import connection

from gatekeeper.health import heartbeats
from gatekeeper.health.heartbeats import Process

pytestmark = pytest.mark.django_db


def test_readyz_is_200_without_worker_and_beat_and_says_that_they_are_away(client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    states = {check["name"]: check["status"] for check in answer.json()["checks"]}
    assert (states["beat"], states["worker"], states["database_writable"]) == ("failed", "failed", "ok")


def test_readyz_is_503_while_migrations_are_missing(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'health'")

    assert client.get("/readyz").status_code == 503


def test_readyz_is_503_while_the_database_only_reads(client):
    read_only = "PRAGMA query_only = ON" if connection.vendor == "sqlite" else "SET TRANSACTION READ ONLY"
    with connection.cursor() as cursor:
        cursor.execute(read_only)
    try:
        answer = client.get("/readyz")
    finally:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA query_only = OFF")

    assert answer.status_code == 503
    failed = {check["name"] for check in answer.json()["checks"] if check["status"] == "failed"}
    assert "database_writable" in failed


def test_trying_to_write_leaves_nothing_behind(client):
    client.get("/readyz")

    assert heartbeats.age(Process.WEB) is None


def test_healthz_asks_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")

    assert answer.json() == {"status": "ok"}
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_is_read_only(client, path):
    assert client.post(path).status_code == 405
