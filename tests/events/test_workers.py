"""Several workers at once, as processes and connections of their own, on either database."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.site import ROOT, Site, wait_until

OBJECTS, EVENTS, WORKERS = 12, 240, 3

WRITE = """
from django.db import transaction
from gatekeeper.audit.actor import Actor
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit
for number in range({events}):
    with transaction.atomic():
        emit(EventCode.SYNC_FAILED, actor=Actor.command("tests"), kind="thing", object_id=number % {objects},
             data={{"number": number}})
"""

# Each worker appends what it is given to one file; the file's order is the order in which it was delivered.
DELIVER = """
import json, os, time
from gatekeeper.events import delivery
from gatekeeper.events.codes import EventCode
from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.models import Delivery, OutboxEvent
from gatekeeper.events.subscription import Subscriber
out = os.open({file!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def take(occurrence):
    time.sleep(0.002)
    line = [os.getpid(), occurrence.data["number"], str(occurrence.id)]
    os.write(out, (json.dumps(line) + "\\n").encode())
delivery.BATCH, delivery.FOLLOWERS = 4, 6
subscribers = [Subscriber("log_line", take, frozenset(EventCode))]
while OutboxEvent.objects.filter(is_queued=False).exists() or Delivery.objects.exists():
    deliver_due(subscribers)
"""


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site(processes=())


def shell(site: Site, code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT,
        env=site.environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        _, problems = process.communicate(timeout=120)
        assert process.returncode == 0, problems


def test_workers_at_once_deliver_each_event_once_and_those_of_one_object_in_order(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "delivered"
    finish(shell(site, WRITE.format(events=EVENTS, objects=OBJECTS)))

    finish(*(shell(site, DELIVER.format(file=str(file))) for _ in range(WORKERS)))

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(lines) == len({identifier for _, _, identifier in lines}) == EVENTS
    assert len({worker for worker, _, _ in lines}) > 1
    by_object = defaultdict(list)
    for _, number, _ in lines:
        by_object[number % OBJECTS].append(number)
    assert all(numbers == sorted(numbers) for numbers in by_object.values())


def test_a_killed_worker_s_events_are_delivered_by_another_one(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "delivered"
    finish(shell(site, WRITE.format(events=EVENTS, objects=OBJECTS)))
    dying = shell(site, DELIVER.format(file=str(file)))
    wait_until(lambda: file.exists() and len(file.read_text().splitlines()) > EVENTS // 4, what="some deliveries")
    dying.kill()
    dying.wait(timeout=20)
    lease_is_over = "from gatekeeper.events.models import Delivery; from django.utils import timezone; "
    finish(shell(site, f"{lease_is_over}Delivery.objects.update(due_at=timezone.now())"))

    finish(shell(site, DELIVER.format(file=str(file))))

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {number for _, number, _ in lines} == set(range(EVENTS))
    last = [number for worker, number, _ in lines if worker != lines[0][0]]
    for each in range(OBJECTS):
        of_one = [number for number in last if number % OBJECTS == each]
        assert of_one == sorted(of_one)
