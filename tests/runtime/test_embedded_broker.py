"""The broker over files: every message is taken once, whole, in order, whoever else is reading."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from queue import Empty

from kombu import Connection

from gatekeeper.runtime import embedded_broker


def connect(folder: Path) -> Connection:
    return Connection("embedded://localhost", transport_options=embedded_broker.prepare(folder))


def write(folder: Path, start: int) -> None:
    channel = connect(folder).channel()
    for number in range(start, start + 50):
        channel._put("tasks", {"n": number})


def test_a_message_that_one_process_puts_another_gets(tmp_path):
    with connect(tmp_path) as sender, connect(tmp_path) as receiver:
        sender.SimpleQueue("tasks").put({"n": 1})

        message = receiver.SimpleQueue("tasks").get(timeout=5)
        message.ack()

    assert message.payload == {"n": 1}


def test_messages_are_taken_in_the_order_in_which_they_were_put(tmp_path):
    channel = connect(tmp_path).channel()
    for number in range(20):
        channel._put("tasks", {"n": number})

    assert [channel._get("tasks")["n"] for _ in range(20)] == list(range(20))


def test_several_readers_and_writers_neither_lose_nor_double_a_message(tmp_path):
    done, taken = threading.Event(), []

    def read(_: int) -> None:
        channel = connect(tmp_path).channel()
        while True:
            finished = done.is_set()
            try:
                taken.append(channel._get("tasks")["n"])
            except Empty:
                if finished:
                    return

    with ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(read, each) for each in range(4)]
        list(pool.map(partial(write, tmp_path), (0, 50, 100, 150)))
        done.set()
        wait(readers)

    assert sorted(taken) == list(range(200))
    assert list((tmp_path / "taken").iterdir()) == []


def test_a_queue_leaves_other_queues_messages_alone(tmp_path):
    channel = connect(tmp_path).channel()
    channel._put("others", {"n": 1})

    try:
        channel._get("tasks")
    except Empty:
        found = False
    assert found is False
    assert channel._get("others") == {"n": 1}
