"""The real processes: a first start, a second one, tasks through a real broker, and an end on request."""

import os
import re
import signal
import subprocess
import sys
import time

import httpx

from tests.site import ROOT, Site, free_port, wait_until

# Over the embedded broker worker and beat are one process.
PROCESSES = ("web", "worker", "beat") if os.environ.get("REDIS_URL") else ("web", "worker")
SEND = "from gatekeeper.health.tasks import heartbeat; heartbeat.delay()"

COUNT = "from gatekeeper.directory.models import User; print(User.objects.local().count())"


def shell(site: Site, code: str) -> str:
    return site.manage("shell", "--no-imports", "-c", code, as_json=False).stdout.strip()


def tasks_done(site: Site) -> int:
    return site.log("worker").read_text().count("task_succeeded")


def test_the_first_start_prints_the_administrator_once_and_the_second_keeps_the_data(make_site):
    site = make_site(processes=(), fresh=True)

    first = site.prepared.stdout
    second = site.manage("start", "--prepare-only", as_json=False).stdout

    assert f"{site.url}/sign-in/" in first
    assert re.search(r"E-mail +admin@gatekeeper\.local", first)
    assert re.search(r"Password +\S{22}\n", first)
    assert "Password" not in second
    assert shell(site, COUNT) == "1"


def test_a_worker_runs_a_task_through_the_broker_and_picks_up_what_waited_while_it_was_dead(make_site):
    site = make_site(processes=("worker",))
    shell(site, SEND)
    wait_until(lambda: tasks_done(site) == 1, what="the first task")

    site.kill_worker()
    shell(site, SEND)
    assert tasks_done(site) == 1
    site.start_worker()

    wait_until(lambda: tasks_done(site) == 2, what="the task that waited")


def test_the_running_site_answers_liveness_and_serves_hashed_static_files(running_site):
    page = httpx.get(f"{running_site.url}/sign-in/")
    sheet = re.search(r'href="(/static/[^"]+\.css)"', page.text)

    assert httpx.get(f"{running_site.url}/healthz").json() == {"status": "ok"}
    assert page.status_code == 200
    assert sheet is not None
    assert httpx.get(running_site.url + sheet[1]).headers["Cache-Control"].startswith("max-age=315360000")


def test_only_the_site_s_own_static_files_are_prepared_and_served(running_site):
    assert not (running_site.data_dir / "static" / "admin").exists()
    assert httpx.get(f"{running_site.url}/static/admin/css/base.css").status_code == 404


def test_ctrl_c_stops_all_processes_of_the_whole_site(make_site):
    site = make_site(processes=())
    started = subprocess.Popen(
        [sys.executable, "manage.py", "start"],
        cwd=ROOT,
        env={**site.environment, "PORT": str(port := free_port()), "PUBLIC_URL": f"http://127.0.0.1:{port}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        # A process that is stopped while it starts ends as it likes: each has to be there first.
        wait_until(lambda: _answers(port) and _beats(port), what="beat's first tick")
        wait_for_line(started, "celery@", "ready.")
        started.send_signal(signal.SIGINT)
        output, _ = started.communicate(timeout=40)
    finally:
        started.kill()

    assert started.returncode == 0
    assert output.rstrip().endswith("Gatekeeper has stopped.")
    assert all(f"{name} stopped (rc=0)" in output for name in PROCESSES)
    assert not _answers(port)


def wait_for_line(process: subprocess.Popen[str], *words: str) -> None:
    assert process.stdout is not None
    end = time.monotonic() + 60
    for line in process.stdout:
        if all(word in line for word in words):
            return
        assert time.monotonic() < end
    raise AssertionError(f"{words} never appeared")


def _answers(port: int, path: str = "/healthz") -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _beats(port: int) -> bool:
    checks = httpx.get(f"http://127.0.0.1:{port}/readyz").json()["checks"]
    return {each["name"]: each["status"] for each in checks}.get("beat") == "ok"
