"""Events are rows of the transaction of the change; what they hold is enough for a subscriber, and no more."""

from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from gatekeeper.audit.actor import Actor
from gatekeeper.events.codes import WEBHOOK_EVENTS, EventCode
from gatekeeper.events.models import Delivery, OutboxEvent
from gatekeeper.events.outbox import emit, emit_all, event, news
from tests.builders import ADMIN
from tests.events.recording import happened

CONTRACT = (
    "user.provisioned user.linked user.deactivated user.deleted access.changed sync.failed provisioning.silent "
    "provisioning.resumed key.expiring certificate.expiring deprovisioning.alert privilege.gained break_glass.used"
)


class _Undone(Exception):
    pass


def write() -> None:
    emit(EventCode.SYNC_FAILED, actor=ADMIN, kind="thing", object_id=1)


def test_the_list_is_the_one_that_was_promised() -> None:
    assert [code.value for code in WEBHOOK_EVENTS] == CONTRACT.split()


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_nothing_can_be_emitted() -> None:
    with pytest.raises(TransactionManagementError):
        write()

    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_no_event_and_asks_for_no_delivery() -> None:
    news.clear()
    with suppress(_Undone), transaction.atomic():
        write()
        raise _Undone

    assert not OutboxEvent.objects.exists()
    assert not news.is_set()


@pytest.mark.django_db(transaction=True)
def test_a_commit_asks_for_delivery_without_a_word_to_the_broker() -> None:
    news.clear()
    with transaction.atomic():
        write()
        assert not news.is_set()

    assert news.is_set()


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 2, 100])
def test_emitting_costs_one_statement(count: int) -> None:
    with CaptureQueriesContext(connection) as captured:
        emit_all([event(EventCode.USER_LINKED, actor=ADMIN, kind="user", object_id=n) for n in range(count)])

    assert len(captured) == 1
    assert OutboxEvent.objects.count() == count


@pytest.mark.django_db
def test_who_did_it_is_named_as_the_audit_trail_names_them_but_for_names_of_people() -> None:
    actors = (
        Actor.scim_key("key-1", "Entra", request_id="r-1"),
        Actor("person", "Ada Lovelace", "u-1", request_id="r-2"),
        Actor("clock", "saml.sync_users"),
    )
    for actor in actors:
        emit(EventCode.ACCESS_CHANGED, actor=actor, kind="group", object_id="g", data={"cause": "x"})

    assert [each.data for each in OutboxEvent.objects.all()] == [
        {"cause": "x", "actor": {"kind": "scim_key", "id": "key-1", "name": "Entra"}, "request_id": "r-1"},
        {"cause": "x", "actor": {"kind": "person", "id": "u-1"}, "request_id": "r-2"},
        {"cause": "x", "actor": {"kind": "scheduler", "id": "", "name": "saml.sync_users"}},
    ]


@pytest.mark.django_db
def test_writing_an_event_makes_no_delivery_yet() -> None:
    happened(range(3))

    assert OutboxEvent.objects.filter(is_queued=False).count() == 3
    assert not Delivery.objects.exists()
