"""Entries that are sealed together have the seals that they would have one by one."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.faults import Erasures, fault_of
from gatekeeper.audit.chain.keys import live_keys, present_key
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.mac import commitment, entry_mac
from gatekeeper.audit.chain.problems import Fault
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import Subject, entry, record, record_all, record_many
from gatekeeper.audit.models import AuditEntry

ADA = Actor.command("tests")
texts = st.text('aä"\\\n:1.5,[{😀', max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(-1e6, 1e6) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab:1.", max_size=3), inner, max_size=3),
    max_leaves=6,
)
documents = st.none() | st.dictionaries(st.text('name"', max_size=5), json_values, max_size=3)
labels = st.text('Adaä"\\\t\n:1.5😀', max_size=10)


@pytest.mark.django_db
@pytest.mark.hypothesis
@given(said=st.lists(st.tuples(labels, documents, documents), min_size=1, max_size=3))
def test_each_entry_is_what_its_mac_covers(said: list[tuple[str, Any, Any]]) -> None:
    subjects = [Subject(object_id=f"o{n}", label=a, before=b, after=c) for n, (a, b, c) in enumerate(said)]

    assert record_many(Event.USER_CHANGED, subjects, actor=ADA, kind="user") == len(said)

    stored = list(AuditEntry.objects.order_by("-pk")[: len(said)])[::-1]
    for written, (label, before, after) in zip(stored, said, strict=True):
        wanted = entry(
            Event.USER_CHANGED, actor=ADA, kind="user", object_id="x", label=label, before=before, after=after
        )
        assert (written.object_label, written.before, written.after) == (label, wanted.before, wanted.after)
        assert fault_of(written, live_keys(), Erasures(live_keys())) is None
        assert entry_mac(written, present_key().secret) == written.mac
        assert commitment(written, "actor") == written.actor_commitment
        assert commitment(written, "object") == written.object_commitment
    assert len({each.actor_salt for each in stored} | {each.object_salt for each in stored}) == 2 * len(said)


def three() -> list[Subject]:
    return [Subject(object_id=number, label="Ada", after={"active": True}) for number in range(3)]


@pytest.mark.django_db
def test_numbers_go_on_over_all_ways_to_write() -> None:
    with transaction.atomic():
        record(Event.USER_CREATED, actor=ADA, kind="user", object_id=1, label="Ada")
        record_many(Event.USER_CHANGED, three(), actor=ADA, kind="user")
        record_many(Event.USER_CHANGED, three(), actor=ADA, kind="user")
        record_all([entry(Event.USER_CHANGED, actor=ADA, kind="user", object_id=1, label="Ada")] * 1)

    numbers = list(AuditEntry.objects.order_by("pk").values_list("number", flat=True))[-8:]
    assert [number - numbers[0] for number in numbers] == list(range(8))
    link_new_entries()
    assert verify().problems == ()


@pytest.mark.django_db
def test_what_was_rolled_back_leaves_no_gap() -> None:
    with transaction.atomic():
        record_many(Event.USER_CHANGED, three(), actor=ADA, kind="user")
    with transaction.atomic():
        record_many(Event.USER_CHANGED, three(), actor=ADA, kind="user")
        transaction.set_rollback(True)
    with transaction.atomic():
        record_many(Event.USER_CHANGED, three(), actor=ADA, kind="user")
    link_new_entries()

    assert verify().problems == ()


@pytest.mark.django_db
def test_an_altered_one_is_found() -> None:
    with transaction.atomic():
        record_many(Event.USER_CHANGED, three(), actor=ADA, kind="user")
    stored = AuditEntry.objects.order_by("-pk")[0]
    stored.object_id = "other"

    assert fault_of(stored, live_keys(), Erasures(live_keys())) is Fault.ALTERED
