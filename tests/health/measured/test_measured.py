"""What requests, tasks and statements took: measured in memory, added up for all processes, bounded, cheap to read."""

import errno
import shutil
import tempfile
from datetime import timedelta
from types import SimpleNamespace

import httpx
import psycopg
import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.health.checks.machine_checks import LONG_QUEUE, check_data_dir, check_long_statements, check_queue
from gatekeeper.health.checks.result import Status
from gatekeeper.health.measured import counting, system
from gatekeeper.health.measured.counting import (
    KEPT_FOR,
    Key,
    Kind,
    forget_old_measurements,
    measure,
    write_measurements,
)
from gatekeeper.health.measured.requests import MOST_CREDENTIALS, OTHER, _credential, _named
from gatekeeper.health.measured.tasks import PROCESS, measure_statements
from gatekeeper.health.models import Measurement
from gatekeeper.health.tasks import heartbeat
from scim.credentials.api_keys import generate_key
from tests.builders import ADMIN
from tests.site import Site, wait_until

MOST_STATEMENTS = 40  # of a scrape


@pytest.fixture
def nothing_measured(db: None, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    counting._sums.clear()
    _named.clear()


def scraped(client) -> list[str]:
    return client.get("/metrics").content.decode().splitlines()


def test_requests_are_counted_by_route_status_and_credential(client, nothing_measured):
    made, text = generate_key("Entra", actor=ADMIN)
    bearer = {"authorization": f"Bearer {text}"}
    for path, headers in (
        ("/scim/v2/Users", bearer),
        ("/scim/v2/Users/9", bearer),
        ("/scim/v2/Users", {}),
        ("/no/", {}),
    ):
        client.get(path, headers=headers)
    write_measurements()

    lines = scraped(client)
    key = str(made.id)
    counter = "gatekeeper_http_requests_total"
    assert f'{counter}{{credential="{key}",route="scim:users",status="200"}} 1.0' in lines
    assert f'{counter}{{credential="{key}",route="scim:users",status="404"}} 1.0' in lines
    assert f'{counter}{{credential="",route="scim:users",status="401"}} 1.0' in lines
    assert f'{counter}{{credential="",route="unmatched",status="404"}} 1.0' in lines
    histogram = "gatekeeper_http_request_seconds"
    assert f'{histogram}_count{{credential="{key}",route="scim:users"}} 2.0' in lines
    assert f'{histogram}_bucket{{credential="{key}",le="+Inf",route="scim:users"}} 2.0' in lines


def test_a_process_adds_to_what_others_have_written(nothing_measured):
    key = Key(Kind.REQUEST, "scim:users", "200", "a")
    for seconds in ((0.002, 0.3), (0.01, 99.0)):
        for each in seconds:
            measure(key, each)
        write_measurements()

    row = Measurement.objects.get()
    assert (row.number, row.up_to_10ms, row.up_to_500ms, row.up_to_15s) == (4, 2, 1, 0)
    assert row.seconds == pytest.approx(99.312)


def test_what_cannot_be_written_stays_for_the_next_time(nothing_measured, monkeypatch: pytest.MonkeyPatch):
    measure(Key(Kind.TASK, "a", "success"), 1.0)
    with monkeypatch.context() as patch:
        patch.setattr(counting, "_add", _refuse)
        write_measurements()
    measure(Key(Kind.TASK, "a", "success"), 1.0)
    write_measurements()

    assert Measurement.objects.get().number == 2


def _refuse(taken: object) -> None:
    raise DatabaseError("read-only")


def test_so_many_credentials_are_named_and_others_are_one(nothing_measured):
    names = {_credential(_request(number), "scim:users") for number in range(MOST_CREDENTIALS + 50)}

    assert len(names) == MOST_CREDENTIALS + 1
    assert OTHER in names
    assert _credential(_request(1), "api:me") == "api_token"


def _request(number: int) -> SimpleNamespace:
    return SimpleNamespace(credential_id=number)


def test_a_task_is_counted_by_how_it_ended(client, nothing_measured):
    heartbeat.apply(throw=True)

    lines = scraped(client)
    assert 'gatekeeper_tasks_total{state="success",task="health.heartbeat"} 1.0' in lines
    assert 'gatekeeper_task_seconds_count{task="health.heartbeat"} 1.0' in lines


def test_statements_are_timed_and_failed_ones_counted(nothing_measured):
    measure_statements(connection)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
    finally:
        connection.execute_wrappers.pop()

    found = {key.result: sums.number for key, sums in counting._sums.items() if key.kind is Kind.STATEMENT}
    assert found == {"done": 1, "failed": 1}
    assert PROCESS == "command"


def test_a_scrape_costs_few_statements_however_much_was_measured(client, nothing_measured):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/metrics")
        return len(captured)

    before = statements()
    for number in range(300):
        measure(Key(Kind.REQUEST, f"route-{number}", "200"), 0.1)
    write_measurements()

    assert statements() == before
    assert before <= MOST_STATEMENTS


def test_rows_to_which_nothing_is_added_are_deleted(nothing_measured):
    for name, age in (("old", KEPT_FOR + timedelta(hours=1)), ("new", KEPT_FOR - timedelta(hours=1))):
        Measurement.objects.create(kind="task", name=name, at=timezone.now() - age)

    assert forget_old_measurements(timezone.now()) == 1
    assert Measurement.objects.get().name == "new"


# ── What is around the site ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_disk_that_is_nearly_full_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    assert check_data_dir().status in {Status.OK, Status.WARNING}

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=100 * 1024**3, free=1024**3))

    assert check_data_dir().status is Status.WARNING
    assert "1,024 MiB (1%)" in check_data_dir().detail


def test_a_folder_that_takes_no_file_is_a_failure(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "gone"
    assert system.why_not_writable() is not None

    found = check_data_dir()

    assert (found.status, "DATA_DIR takes no file" in found.detail) == (Status.FAILED, True)


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch):
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", full)

    assert "No space left" in check_data_dir().detail


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_goes_on_and_a_transaction_that_is_idle_are_seen(monkeypatch: pytest.MonkeyPatch):
    if connection.vendor != "postgresql":
        assert system.longest() is None
        assert check_long_statements().status is Status.OK
        return
    connection.ensure_connection()
    settings = connection.get_connection_params()
    address = {name: settings[name] for name in ("dbname", "user", "host", "port", "password") if settings.get(name)}
    with psycopg.connect(**address) as other:
        other.execute("SELECT 1")
        found = wait_until(lambda: (each := system.longest()) and each.idle_transaction > 0.5 and each, what="it")
        assert found.statement < found.idle_transaction
        monkeypatch.setattr("gatekeeper.health.checks.machine_checks.LONG_IDLE", 0.1)
        assert check_long_statements().status is Status.WARNING


def test_more_tasks_than_a_running_worker_leaves_are_a_warning(monkeypatch: pytest.MonkeyPatch):
    for depth, status in (
        (0, Status.OK),
        (LONG_QUEUE, Status.OK),
        (LONG_QUEUE + 1, Status.WARNING),
        (None, Status.WARNING),
    ):
        monkeypatch.setattr("gatekeeper.health.checks.machine_checks.queue_depth", lambda depth=depth: depth)
        assert check_queue().status is status


def test_real_processes_add_up(make_site):
    site: Site = make_site(processes=("web",))
    key = site.manage("scim_key", "generate")
    site.manage(
        "shell", "--command", "from saml.tasks import sync_users; [sync_users.delay() for _ in range(3)]", as_json=False
    )
    waiting = httpx.get(f"{site.url}/metrics").text
    for _ in range(40):  # over connections of their own, so that both workers serve some
        httpx.get(f"{site.url}/scim/v2/Users?count=1", headers={"Authorization": f"Bearer {key['api_key']}"})
    site.start_worker()

    counted = f'gatekeeper_http_requests_total{{credential="{key["key_id"]}",route="scim:users",status="200"}} 40.0'
    done = 'gatekeeper_tasks_total{state="success",task="saml.sync_users"} 3.0'
    assert "gatekeeper_queue_tasks 3.0" in waiting
    for line in (
        counted,
        done,
        'gatekeeper_database_statement_seconds_count{process="background"}',
        "gatekeeper_queue_tasks 0.0",
    ):
        wait_until(lambda line=line: line in httpx.get(f"{site.url}/metrics").text, what=line)
    assert 'gatekeeper_database_statement_seconds_count{process="web"}' in httpx.get(f"{site.url}/metrics").text
