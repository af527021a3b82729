"""Which of several workers and beats has stopped: real ones, killed, brought back and asked to stop."""

import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from gatekeeper.health import living_processes
from gatekeeper.health.checks.process_checks import check_beat, check_worker
from gatekeeper.health.checks.result import Status
from gatekeeper.health.heartbeats import Process, beat
from gatekeeper.health.models import ProcessHeartbeat
from tests.site import Site, wait_until

SEEN = "from gatekeeper.health.models import ProcessHeartbeat as P; "
COUNT = SEEN + "print(P.objects.filter(process='{kind}').count())"
AGE = SEEN + "from datetime import timedelta; from django.db.models import F; "
AGE += "print(P.objects.filter(pid={pid}).update(at=F('at') - timedelta(minutes=5)))"


def seen(process: Process, host: str = "another", pid: int = 1, **ago: Any) -> None:
    ProcessHeartbeat.objects.create(process=process.value, host=host, pid=pid, at=timezone.now() - timedelta(**ago))


@pytest.mark.django_db
class TestChecks:
    def test_one_of_several_workers_that_stopped_is_named_and_the_site_works(self):
        beat(Process.WORKER)
        living_processes.note(Process.WORKER)
        seen(Process.WORKER, "host-b", 4711, minutes=5)

        check = check_worker()

        assert check.status is Status.WARNING
        assert "1 of 2 stopped" in check.detail
        assert "host-b process 4711 (300 s ago)" in check.detail

    def test_of_two_beats_none_is_too_many(self):
        beat(Process.BEAT)
        seen(Process.BEAT, "host-a", 5, seconds=30)
        seen(Process.BEAT, "host-b", 5, seconds=30)

        assert check_beat().status is Status.OK

    def test_when_none_works_that_is_what_is_said(self):
        seen(Process.WORKER, minutes=5)

        assert check_worker().status is Status.FAILED

    def test_one_that_took_itself_off_is_missed_by_nobody(self):
        beat(Process.WORKER)
        living_processes.note(Process.WORKER)
        living_processes.remove(Process.WORKER)

        assert living_processes.seen_lately() == []
        assert check_worker().status is Status.OK

    def test_what_nobody_has_seen_for_a_day_is_forgotten(self):
        beat(Process.WORKER)
        seen(Process.WORKER, minutes=24 * 60 + 1)

        assert check_worker().status is Status.OK
        assert living_processes.forget_old(timezone.now()) == 1

    def test_who_comes_back_takes_the_place_of_one_that_was_killed_there_and_of_no_other(self, monkeypatch):
        monkeypatch.setattr(living_processes, "_announced", set())
        ended = [subprocess.Popen([sys.executable, "-c", ""]) for _ in range(2)]
        for process in ended:
            process.wait()
        here = socket.gethostname()
        for pid in (*(process.pid for process in ended), os.getppid()):
            seen(Process.WORKER, here, pid, minutes=5)
        seen(Process.WORKER, "elsewhere", ended[0].pid, minutes=5)

        living_processes.note(Process.WORKER)

        left = {(one.host, one.pid) for one in living_processes.seen_lately()}
        assert len(left & {(here, process.pid) for process in ended}) == 1
        assert left >= {(here, os.getpid()), (here, os.getppid()), ("elsewhere", ended[0].pid)}


def start(site: Site, name: str) -> int:
    """One more process of a kind; its id."""
    kind = name.partition("-")[0]
    site.start_process(kind)
    site.running[name] = site.running.pop(kind)
    return site.running[name].pid


def count(site: Site, kind: str) -> int:
    return int(site.manage("shell", "--no-imports", "-c", COUNT.format(kind=kind), as_json=False).stdout)


def check(site: Site, name: str) -> dict[str, str]:
    checks = httpx.get(f"{site.url}/readyz", timeout=30).json()["checks"]
    return next(one for one in checks if one["name"] == name)


def test_one_of_two_workers_that_is_killed_is_named_until_it_is_back_and_one_that_is_asked_to_stop_is_not(make_site):
    site = make_site(processes=("web",), environment={"LOG_FORMAT": "json"})
    pids = {name: start(site, name) for name in ("worker-0", "worker-1")}
    wait_until(lambda: count(site, "worker") == 2, what="two workers that say that they live")
    wait_until(lambda: check(site, "worker")["status"] == "ok", what="a worker that works")

    site.end_process("worker-1", signal.SIGKILL)
    aged = site.manage("shell", "--no-imports", "-c", AGE.format(pid=pids["worker-1"]), as_json=False)
    assert aged.stdout.strip() == "1"
    found = check(site, "worker")
    assert found["status"] == "warning"
    assert f"process {pids['worker-1']} (" in found["detail"]
    assert f'pid="{pids["worker-1"]}",process="worker"' in httpx.get(f"{site.url}/metrics", timeout=30).text

    start(site, "worker-2")
    wait_until(lambda: check(site, "worker")["status"] == "ok", what="the place that is taken again")
    assert site.end_process("worker-2", signal.SIGTERM) == 0
    assert count(site, "worker") == 1
    assert check(site, "worker")["status"] == "ok"


def test_a_beat_takes_itself_off_when_it_is_asked_to_stop(make_site):
    site = make_site(processes=("beat",))
    wait_until(lambda: count(site, "beat") == 1, what="a beat that says that it lives")

    assert site.end_process("beat", signal.SIGTERM) == 0

    assert count(site, "beat") == 0
