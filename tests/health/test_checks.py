"""What doctor, /readyz and /metrics say when all is well and when it is not."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.directory.mappings.mappings import choose_fallback_team
from gatekeeper.health import checks, heartbeats
from gatekeeper.health.checks import Status
from gatekeeper.health.heartbeats import Process
from gatekeeper.health.models import Heartbeat
from saml.connections.lifecycle import create_connection
from saml.models import SyncRun, SyncState
from scim.credentials.api_keys import generate_key
from tests.builders import ADMIN, PASSWORD, give_second_factor, make_administrator, make_group, make_team, make_user
from tests.saml.forge import metadata
from tests.saml.keys import key_pair

pytestmark = pytest.mark.django_db

NAMES = {
    "database",
    "migrations",
    "broker",
    "worker",
    "beat",
    "public_url",
    "scim_key",
    "saml_certificates",
    "fallback_team",
    "work_email",
    "second_factor",
    "one_time_password",
    "secret_files",
    "database_writable",
    "clock",
    "saml_sync",
    "events",
    "audit_trail",
    "audit_triggers",
    "former_keys",
}


@pytest.fixture
def both_alive():
    heartbeats.beat(Process.WORKER)
    heartbeats.beat(Process.BEAT)


@pytest.fixture
def doctor(capsys):
    def run() -> tuple[int, dict]:
        status = 0
        try:
            call_command("doctor", "--json")
        except SystemExit as end:
            status = int(end.code or 0)
        return status, {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}

    return run


def test_doctor_asks_everything_and_says_what_to_do_about_each_finding(doctor):
    status, found = doctor()

    assert status == 1
    assert set(found) == NAMES
    for check in found.values():
        assert set(check) == {"name", "status", "detail", "fix"}
        assert bool(check["fix"]) == (check["status"] != "ok")


def test_doctor_for_people_is_one_screen(capsys):
    with pytest.raises(SystemExit):
        call_command("doctor")

    printed = capsys.readouterr().out
    assert "FAILED  worker: It has never been seen." in printed
    assert len(printed.splitlines()) <= 2 * len(NAMES)


def test_worker_and_beat_are_alive_while_they_say_so(both_alive):
    assert checks.check_worker().status is Status.OK
    assert checks.check_beat().status is Status.OK


def test_a_process_that_has_not_been_seen_for_minutes_is_named(both_alive):
    Heartbeat.objects.filter(name="worker").update(at=timezone.now() - timedelta(minutes=3))

    assert checks.check_worker().status is Status.FAILED
    assert "Start the Celery worker" in checks.check_worker().fix
    assert checks.check_beat().status is Status.OK


def test_without_an_active_key_nobody_can_provision():
    assert checks.check_scim_key().status is Status.WARNING


def test_a_key_that_expires_soon_is_a_warning_with_the_days_left():
    generate_key("Entra", expires_at=timezone.now() + timedelta(days=9, hours=1), actor=ADMIN)

    check = checks.check_scim_key()

    assert (check.status, check.detail) == (Status.WARNING, "Entra expires in 9 days.")


def test_a_key_that_does_not_expire_is_fine():
    generate_key("Entra", expires_at=None, actor=ADMIN)

    assert checks.check_scim_key().status is Status.OK


def test_the_fallback_team_is_a_warning_until_one_is_chosen():
    assert checks.check_fallback_team().status is Status.WARNING

    choose_fallback_team(make_team("General").id, actor=ADMIN)

    assert checks.check_fallback_team().detail == "General is the fallback team."


@pytest.mark.parametrize(("minutes", "status"), [(5, Status.OK), (74, Status.OK), (80, Status.FAILED)])
def test_a_sync_is_late_when_it_missed_a_minute_45(minutes, status):
    ended = timezone.now() - timedelta(minutes=minutes)
    SyncRun.objects.create(state=SyncState.FINISHED, started_at=ended, finished_at=ended, actor_kind="clock")

    assert checks.check_saml_sync().status is status


def test_a_sync_that_failed_does_not_count():
    now = timezone.now()
    SyncRun.objects.create(state=SyncState.FAILED, started_at=now, finished_at=now, actor_kind="clock")

    assert checks.check_saml_sync().status is Status.WARNING


def test_an_address_that_nobody_answers_is_named(settings):
    settings.PUBLIC_URL = "http://127.0.0.1:9"

    assert "http://127.0.0.1:9/healthz cannot be reached" in checks.check_public_url().detail


def test_tables_of_another_version_are_named(monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'health'")

    check = checks.check_migrations()

    assert check.status is Status.FAILED
    assert "health.0001_initial" in check.detail
    assert {found.name for found in checks.run_checks()} == {"database", "migrations", "broker"}


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


@pytest.fixture
def on_this_machine(settings):
    """Where /metrics needs no token."""
    settings.PUBLIC_URL = "http://127.0.0.1:8000"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_the_pulse_is_read_only(client, path):
    assert client.post(path).status_code == 405


def test_metrics_count_people_and_groups(client, both_alive, on_this_machine):
    make_group(members=[make_user(), make_user(active=False)])

    page = client.get("/metrics").content.decode()

    assert 'gatekeeper_users{active="true",origin="scim"} 1.0' in page
    assert 'gatekeeper_users{active="false",origin="scim"} 1.0' in page
    assert "gatekeeper_idp_groups 1.0" in page
    assert 'gatekeeper_heartbeat_age_seconds{process="worker"}' in page


def test_a_local_administrator_without_a_second_factor_is_a_warning_that_names_them():
    root = make_administrator("root@example.com")
    give_second_factor(make_administrator("safe@example.com"))

    check = checks.check_second_factors()
    assert (check.status, check.detail) == (Status.WARNING, "The password alone lets in: root@example.com.")

    give_second_factor(root)
    assert checks.check_second_factors().status is Status.OK


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


def test_secrets_that_others_may_read_are_named_with_the_command(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    secret = tmp_path / "secret_key"
    secret.write_text("x" * 64)
    for mode, status in ((0o600, Status.OK), (0o640, Status.WARNING), (0o604, Status.WARNING), (0o400, Status.OK)):
        secret.chmod(mode)
        check = checks.check_files()
        assert check.status is status, oct(mode)
        assert status is Status.OK or check.fix == f"chmod 600 {secret}"
