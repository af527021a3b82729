"""Several beats are no fault: what all of them send for one moment is run once, and the rest of them go on."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from celery.beat import ScheduleEntry
from celery.schedules import crontab
from django.db import IntegrityError

from gatekeeper.celery import app
from gatekeeper.health.beat_scheduler import Scheduler, last_due
from gatekeeper.maintenance.models import ScheduledRun
from gatekeeper.maintenance.scheduled_runs import DUE, KEPT_FOR, claim, forget_old_claims
from gatekeeper.maintenance.tasks import prune
from saml import tasks
from saml.models import SyncRun
from saml.sync.fetch_delay import FetchDelays
from saml.tasks import sync_users
from tests.maintenance.schedule_variables import NOTES, STARTED
from tests.site import ROOT, Site, wait_until

NOW = datetime(2026, 11, 29, 12, 44, 59, tzinfo=UTC)  # a Sunday
MINUTE = timedelta(minutes=1)
BEATS = 3
MOMENTS = 7


# ── For which moment ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("schedule", "now", "due"),
    [
        ({}, NOW, "2026-11-29T12:44"),
        ({"minute": "45"}, NOW, "2026-11-29T11:45"),
        ({"minute": "45"}, NOW + timedelta(seconds=1), "2026-11-29T12:45"),
        ({"minute": "45"}, NOW + timedelta(minutes=59), "2026-11-29T12:45"),
        ({"minute": "*/10"}, NOW, "2026-11-29T12:40"),
        ({"minute": "20", "hour": "3"}, NOW, "2026-11-29T03:20"),
        ({"minute": "20", "hour": "13"}, NOW, "2026-11-28T13:20"),
        ({"minute": "0", "hour": "0", "day_of_week": "sat"}, NOW, "2026-11-28T00:00"),
        ({"minute": "0", "hour": "0", "day_of_month": "31"}, NOW, "2026-10-31T00:00"),
    ],
)
def test_the_moment_is_the_last_one_by_the_schedule_whenever_a_beat_sends(schedule, now, due):
    assert last_due(crontab(**schedule, nowfun=lambda: now)).isoformat() == f"{due}:00+00:00"


def test_each_scheduled_task_is_one_entry_of_a_schedule_with_moments():
    entries = app.conf.beat_schedule.values()

    assert max(Counter(entry["task"] for entry in entries).values()) == 1
    assert {type(entry["schedule"]) for entry in entries} == {crontab}


def test_a_beat_sends_the_moment_and_keeps_its_entry_as_it_was(monkeypatch: pytest.MonkeyPatch):
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(sync_users, "apply_async", lambda *_, **options: sent.append(options))
    entry = ScheduleEntry(
        name="sync", task=sync_users.name, schedule=crontab(minute="45", nowfun=lambda: NOW), options={"expires": 55}
    )

    Scheduler(app=app, lazy=True).apply_async(entry, advance=False)

    assert sent[0]["headers"][DUE] == "2026-11-29T11:45:00+00:00"
    assert sent[0]["expires"] == 55
    assert entry.options == {"expires": 55}


# ── The claim ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_of_two_messages_for_one_moment_the_first_is_run_also_when_it_comes_again():
    assert claim("saml.sync_users", NOW, "first")
    assert not claim("saml.sync_users", NOW, "second")
    assert claim("saml.sync_users", NOW, "first"), "a worker was killed, and its message is handed out again"
    assert claim("saml.sync_users", NOW + MINUTE, "second")
    assert claim("audit.log_head", NOW, "second")


@pytest.mark.django_db
def test_the_database_itself_takes_one_message_for_a_moment():
    ScheduledRun.objects.create(task="a", due=NOW, message="first")

    with pytest.raises(IntegrityError):
        ScheduledRun.objects.create(task="a", due=NOW, message="second")


@pytest.mark.django_db(transaction=True)
def test_the_sync_is_claimed_before_its_pause(monkeypatch: pytest.MonkeyPatch):
    pauses: list[float] = []
    monkeypatch.setattr(tasks, "FetchDelays", lambda: FetchDelays(sleep=pauses.append))
    for _ in range(2):
        run_as_sent(sync_users, spread=True)

    assert SyncRun.objects.count() == 1
    assert len(pauses) == 1
    assert ScheduledRun.objects.get().task == "saml.sync_users"


@pytest.mark.django_db(transaction=True)
def test_who_asks_for_a_run_gets_one_whatever_was_claimed():
    run_as_sent(sync_users)
    sync_users.apply(throw=True)
    sync_users()

    assert SyncRun.objects.count() == 3


def run_as_sent(task: Any, **kwargs: Any) -> None:
    """As a worker runs a message of a beat: its headers are part of the request."""
    task.push_request(id=os.urandom(8).hex(), called_directly=False, **{DUE: NOW.isoformat()})
    try:
        task(**kwargs)
    finally:
        task.pop_request()


@pytest.mark.django_db
def test_claims_are_kept_for_longer_than_a_beat_looks_back_and_then_deleted():
    for age in (timedelta(0), timedelta(days=1), KEPT_FOR, KEPT_FOR + MINUTE, timedelta(days=40)):
        claim("a", NOW - age, "message")

    assert forget_old_claims(NOW) == 2
    assert ScheduledRun.objects.count() == 3


@pytest.mark.django_db
def test_the_hourly_retention_deletes_them():
    claim("a", datetime(2020, 1, 1, tzinfo=UTC), "message")

    prune()

    assert not ScheduledRun.objects.exists()


# ── Real beats and a real worker ─────────────────────────────────────────────────────────────────────────────────────


def test_each_moment_is_run_once_while_beats_come_and_go(make_site):
    site = make_site(processes=("web",), environment={"LOG_FORMAT": "json"})
    notes = site.data_dir / "notes"
    site.environment.update({STARTED: str(time.time()), NOTES: str(notes)})
    with running(site, "worker", "--concurrency", "2") as worker:
        wait_until(lambda: " ready." in worker.read_text(), what="the worker's start")
        with beat(site, 1), beat(site, 2) as second:
            with beat(site, 3):
                wait_until(lambda: len(moments(notes)) >= MOMENTS // 2, what="some runs with three beats")
            wait_until(lambda: len(moments(notes)) >= MOMENTS, what="more runs with two beats")
            checks = {check["name"]: check for check in httpx.get(f"{site.url}/readyz").json()["checks"]}
        assert "Traceback" not in second.read_text()

    runs = moments(notes)
    assert set(Counter(runs).values()) == {1}, Counter(runs)
    assert runs == [runs[0] + number * MINUTE for number in range(len(runs))], "a moment was left out"
    assert (checks["beat"]["status"], checks["worker"]["status"]) == ("ok", "ok")


def moments(notes: Path) -> list[datetime]:
    return sorted(map(datetime.fromisoformat, notes.read_text().split())) if notes.exists() else []


def beat(site: Site, number: int) -> Any:
    return running(site, "beat", "--pidfile=", "--schedule", str(site.data_dir / f"beat-{number}"))


@contextmanager
def running(site: Site, *arguments: str) -> Iterator[Path]:
    """A process of Celery with the fast clock; its log."""
    log = site.data_dir / f"{Path(arguments[-1]).name}-{arguments[0]}.log"
    command = [str(Path(sys.executable).parent / "celery"), "--quiet", "--app", "tests.maintenance.quick_schedule"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *arguments, "--loglevel", "DEBUG"],
            cwd=ROOT,
            env=site.environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield log
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
