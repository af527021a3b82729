"""The logs: what is written, what is left out, and that nothing is written when nothing happened."""

from functools import reduce
from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st

from gatekeeper.audit.events import Event
from gatekeeper.audit.log import ProvisioningRecord, record, record_provisioning
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.audit.redact import REDACTED, SECRET_NAMES, _copy, log_copy, redact
from tests.builders import ADMIN


@pytest.mark.parametrize(
    "document",
    [
        {"password": "hunter2"},
        {"Password": "hunter2"},
        {"name": {"givenName": "Ada"}, "nested": [{"password": "hunter2"}]},
        {"urn:ietf:params:scim:schemas:core:2.0:User:password": "hunter2"},
        {"Operations": [{"op": "replace", "path": "password", "value": "hunter2"}]},
        {"Operations": [{"op": "replace", "value": {"password": "hunter2"}}]},
        [{"code": "attribute_changed", "attribute": "password", "before": "hunter2", "after": "hunter2"}],
        [{"code": "elements_removed", "attribute": "x509Certificates", "elements": [{"value": "hunter2"}]}],
    ],
)
def test_passwords_are_never_kept(document: object) -> None:
    assert "hunter2" not in repr(redact(document))
    assert "hunter2" not in repr(log_copy(document))


def test_everything_else_is_kept_as_it_was() -> None:
    document = {"userName": "ada", "emails": [{"value": "ada@example.com", "primary": True}], "n": None}

    assert redact(document) == document
    assert log_copy(document) == document


def test_a_copy_for_the_log_is_short_and_can_be_stored() -> None:
    copy = log_copy({"members": [{"value": "7"}] * 300, "text": "x" * 5000, "nul": "a\x00b", "\ud800": 1})

    assert copy["members"][100:] == ["… and 200 more"]
    assert copy["text"] == "x" * 2000 + "… (5000 characters)"
    assert copy["nul"] == "a\N{REPLACEMENT CHARACTER}b"
    assert copy["\N{REPLACEMENT CHARACTER}"] == 1
    assert log_copy({str(number): number for number in range(150)})["…"] == "and 50 more"


NAMES = st.sampled_from([*sorted(SECRET_NAMES), "PassWord", "urn:x:2.0:User:token", "a.secret", "ſecret", "path",
                         "attribute", "value", "elements", "name", "x" * 2001, "\ud800"]) | st.text()  # fmt: skip
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | NAMES
DOCUMENTS = st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=60)


@given(DOCUMENTS)
@example([1] * 101)
@example({str(number): [] for number in range(101)})
@example(reduce(lambda inner, _: [inner], range(30), {"a": 1}))
@example({"a\x00": "b\x00"})
def test_a_document_that_is_kept_as_it_is_is_what_the_copy_would_be(document: Any) -> None:
    assert log_copy(document) == _copy(document)


def test_a_document_deeper_than_any_real_one_is_cut_off() -> None:
    document: object = "bottom"
    for _ in range(2000):
        document = [document]

    for copy in (redact(document), log_copy(document)):
        assert REDACTED in repr(copy)
        assert "bottom" not in repr(copy)


@pytest.mark.django_db
def test_an_entry_goes_with_the_transaction_that_it_tells_of() -> None:
    with transaction.atomic():
        record(Event.TEAM_CREATED, actor=ADMIN, kind="team", object_id="1", label="General")
        transaction.set_rollback(True)

    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_overlong_text_is_cut_rather_than_refused() -> None:
    record_provisioning(
        ProvisioningRecord(
            request_id="r",
            method="GET",
            path="/" * 5000,
            query="q" * 5000,
            status=400,
            outcome="refused",
            detail="d" * 5000,
        )
    )

    entry = ProvisioningEntry.objects.get()
    assert (len(entry.path), len(entry.query), len(entry.detail)) == (500, 2000, 1000)


def test_every_event_reads_as_words() -> None:
    labels = {event.label for event in Event}

    assert len(labels) == len(Event)
    assert "API key generated" in labels
    assert all(label[0].isupper() and "_" not in label and "." not in label for label in labels)
