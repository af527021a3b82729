"""From a change to a receiver through real processes; several workers at once; killed in the middle."""

import json
import signal
import time
from collections.abc import Callable

from tests.audit.stream.receivers import ocsf_events, receiving
from tests.events.test_workers import finish, shell
from tests.site import Site, wait_until

ENTRIES, WORKERS = 3000, 3
WRITE = f"""
from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import Subject, record_many
subjects = (Subject(object_id=number, label=str(number)) for number in range({ENTRIES}))
record_many(Event.USER_CHANGED, subjects, actor=Actor.command("tests"), kind="user")
link_new_entries()
"""
SEND = """
import time
from gatekeeper.audit.stream import delivery
from gatekeeper.audit.stream.delivery import due_streams, send_to
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.progress import stream_progress
from datetime import timedelta
delivery.BATCH, delivery.RUN_SECONDS, delivery.TAKEN_FOR = 100, 0.2, timedelta(seconds=2)
while any(each.behind for each in stream_progress()):
    for stream in due_streams():
        send_to(stream)
    time.sleep(0.01)
"""


def test_a_change_comes_within_the_minute_and_proves_to_be_complete(make_site: Callable[..., Site]) -> None:
    site = make_site(processes=("worker", "beat"))
    with receiving() as receiver:
        made = site.manage("stream", "create", "SIEM", receiver.url, "--from-beginning")
        wait_until(lambda: receiver.got, seconds=90, what="the first entries")
        wait_until(lambda: site.manage("stream", "list")["streams"][0]["behind"] == 0, seconds=90, what="the rest")
        lines = "\n".join(json.dumps(event) for event in ocsf_events(receiver))

        checked = site.manage("audit", "check-received", "-", "--from", "1", input=lines)
        assert (checked["complete"], checked["problems"]) == (True, [])
        assert checked["last"] == site.manage("stream", "list")["streams"][0]["position"]
        assert made["stream_id"] in lines


def test_workers_at_once_send_each_entry_once_and_in_order(make_site: Callable[..., Site]) -> None:
    site = make_site(processes=())
    with receiving() as receiver:
        site.manage("stream", "create", "SIEM", receiver.url)
        finish(shell(site, WRITE))
        finish(*(shell(site, SEND) for _ in range(WORKERS)))

    positions = [event["metadata"]["sequence"] for event in ocsf_events(receiver)]
    assert positions == list(range(positions[0], positions[0] + len(positions)))
    assert len(positions) > ENTRIES


def test_killed_while_it_sends_it_leaves_no_gap(make_site: Callable[..., Site]) -> None:
    site = make_site(processes=())
    with receiving(before=lambda _: time.sleep(0.05)) as receiver:
        site.manage("stream", "create", "SIEM", receiver.url)
        finish(shell(site, WRITE))
        for killed in range(1, 4):
            worker, came = shell(site, SEND), len(receiver.got)
            wait_until(lambda: len(receiver.got) > came + 2, seconds=60, what=f"requests of worker {killed}")  # noqa: B023
            worker.send_signal(signal.SIGKILL)
            worker.communicate()
        finish(shell(site, SEND))
        lines = "\n".join(json.dumps(event) for event in ocsf_events(receiver))
        checked = site.manage("audit", "check-received", "-", input=lines)

    assert (checked["complete"], checked["problems"]) == (True, [])
    assert checked["messages"] - checked["duplicates"] > ENTRIES
