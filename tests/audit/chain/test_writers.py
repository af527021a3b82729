"""Numbers have no gap, whatever is rolled back and however many threads write: what happens by itself alarms nobody."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event as Signal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.audit.chain import links
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import entry, record_all
from gatekeeper.audit.models import AuditEntry
from tests.audit.chain.test_links import write
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db(transaction=True)


class _Undone(Exception):
    pass


def many(count: int) -> None:
    record_all(
        [entry(Event.TEAM_CREATED, actor=ADMIN, kind="team", object_id=n, label=str(n)) for n in range(count)],
    )


def undone(*labels: str) -> None:
    with suppress(_Undone), transaction.atomic():
        write(*labels)
        raise _Undone


def numbers() -> list[int | None]:
    return list(AuditEntry.objects.order_by("id").values_list("number", flat=True))


def test_one_after_the_other_with_and_without_a_transaction():
    write("a")
    with transaction.atomic():
        write("b", "c")
    many(3)

    assert numbers() == [1, 2, 3, 4, 5, 6]


def test_what_a_savepoint_took_back_leaves_no_gap():
    with transaction.atomic():
        write("a")
        undone("never", "never")
        write("b")
        with transaction.atomic():
            write("c")
            undone("never")
    write("d")

    assert numbers() == [1, 2, 3, 4]
    link_new_entries()
    assert verify().problems == ()


def test_after_a_transaction_that_was_taken_back_another_writer_begins():
    write("a")
    undone("never")
    write("b")

    assert numbers() == [1, 1]
    link_new_entries()
    assert verify().problems == ()


def test_an_insert_that_fails_without_a_transaction_leaves_no_gap():
    write("a")
    with pytest.raises(Exception, match=r"too long|integer|out of range|NOT NULL|null value"):
        record_all([AuditEntry(event=None, actor_kind="x", actor_name="x", object_kind="x")])
    write("b")
    link_new_entries()

    assert verify().problems == ()


STEPS = st.recursive(
    st.sampled_from(["write", "many", "link"]),
    lambda inner: st.tuples(st.sampled_from(["kept", "undone"]), st.lists(inner, max_size=4)),
    max_leaves=12,
)


def do(step: object) -> None:
    if step == "write":
        write("x")
    elif step == "many":
        many(2)
    elif step == "link":
        if not connection.in_atomic_block:
            link_new_entries()
    else:
        ends, steps = step
        with suppress(_Undone), transaction.atomic():
            for each in steps:
                do(each)
            if ends == "undone":
                raise _Undone


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(STEPS, max_size=8))
def test_no_order_of_commits_and_rollbacks_looks_like_an_attack(steps):
    for step in steps:
        do(step)
    link_new_entries()

    assert verify().problems == ()


def test_threads_are_writers_of_their_own(running_site):
    """In the real site: SQLite's test database is not shared between threads."""
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from django.db import connection\n"
        "from gatekeeper.audit.actor import Actor\n"
        "from gatekeeper.audit.events import Event\n"
        "from gatekeeper.audit.log import record\n"
        "def run(n):\n"
        "    for m in range(20):\n"
        "        record(Event.TEAM_CREATED, actor=Actor.command('t'), kind='team', object_id=m, label=str(n))\n"
        "    connection.close()\n"
        "list(ThreadPoolExecutor(4).map(run, range(4)))\n"
    )
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda _: running_site.manage("shell", "--no-imports", "-c", code, as_json=False), range(2)))

    assert running_site.manage("audit", "verify")["problems"] == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time")
def test_what_is_committed_while_others_are_linked_is_linked_before_what_its_writer_writes_next(monkeypatch):
    """Its id is smaller than one that is linked: a run that went on from there would leave it out and link the next."""
    written, first_batch = Signal(), Signal()

    def slow_writer() -> None:
        with transaction.atomic():
            write("in a long transaction")
            written.set()
            first_batch.wait(10)
        write("right behind it")
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(slow_writer)
        written.wait(10)
        write("meanwhile")

        def keep_head(*head: object) -> None:
            first_batch.set()
            slow.result(10)

        with monkeypatch.context() as patch:
            patch.setattr(links, "keep_head", keep_head)
            link_new_entries()

    link_new_entries()
    verdict = verify()
    assert (verdict.problems, verdict.waiting, verdict.checked) == ((), 0, 3)


def test_threads_write_on_while_entries_are_linked(running_site):
    """In the real site: commands that write in four threads each, and others that link as often as they can."""
    write_in_threads = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from django.db import connection, transaction\n"
        "from gatekeeper.audit.actor import Actor\n"
        "from gatekeeper.audit.events import Event\n"
        "from gatekeeper.audit.log import record\n"
        "def run(n):\n"
        "    for m in range(100):\n"
        "        with transaction.atomic():\n"
        "            for part in range(2):\n"
        "                record(Event.TEAM_CREATED, actor=Actor.command('t'), kind='team', object_id=m, label=str(n))\n"
        "    connection.close()\n"
        "list(ThreadPoolExecutor(4).map(run, range(4)))\n"
    )
    link = "from gatekeeper.audit.chain.links import link_new_entries\nfor _ in range(200): link_new_entries()\n"
    with ThreadPoolExecutor(3) as at_once:
        codes = [write_in_threads, write_in_threads, link]
        list(at_once.map(lambda code: running_site.manage("shell", "--no-imports", "-c", code, as_json=False), codes))

    assert running_site.manage("audit", "verify")["problems"] == []
