"""Rows stored by fixed SQL come back through Django as what was stored, for every model that is stored so."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DataError, IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext

from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.audit.stored_bodies import packed
from gatekeeper.directory.models import ActivePeriod, IdpGroup, User
from gatekeeper.events.models import OutboxEvent
from gatekeeper.runtime.statements.sent_together import sent_together
from gatekeeper.runtime.statements.stored_rows import (
    COPIED,
    insert,
    insert_later,
    insert_unless_taken,
    new,
    update,
    update_later,
)
from scim.models import AttributeValue
from tests.builders import make_user

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 3, 3, 9, 0, 0, 123456, tzinfo=UTC)
TEXTS = ("", "plain", "Ada 'O\"Hara; -- %s %%", "é\u0301 ß 漢 😀", "tab\tnew\nline \\N \\.")
DOCUMENTS = (
    None,
    {},
    [],
    {"at": MOMENT, "id": UUID(int=7), "n": [1, 2.5, True, None], "t": TEXTS[2]},
    "text",
    0,
    False,
)


def text(number: int) -> str:
    return TEXTS[number % len(TEXTS)]


def document(number: int) -> Any:
    return DOCUMENTS[number % len(DOCUMENTS)]


MADE: dict[type[models.Model], Callable[[int, User], dict[str, Any]]] = {
    User: lambda n, _: {
        "user_name": f"{n} {text(n)}",
        "user_name_folded": f"{n} {text(n)}",
        "work_email": text(n) or None,
        "external_id": text(n),
        "active": n % 2 == 0,
        "attributes": {"a": document(n)},
        "deleted_at": MOMENT if n % 3 else None,
    },
    IdpGroup: lambda n, _: {"display_name": f"{n} {text(n)}", "display_name_folded": str(n), "attributes": {"x": n}},
    ActivePeriod: lambda n, user: {"user": user, "since": MOMENT, "until": datetime(2026, 4, 1 + n, tzinfo=UTC)},
    AttributeValue: lambda n, user: {"user": user, "path": "p", "element": n, "text": text(n), "folded": text(n)},
    OutboxEvent: lambda n, _: {"code": "c", "object_key": str(n), "data": document(n + 1) or {}, "occurred_at": MOMENT},
    AuditEntry: lambda n, _: {"event": "e", "actor_kind": "k", "actor_name": text(n), "object_kind": "o", "at": MOMENT,
                              "before": document(n), "number": n},
    ProvisioningEntry: lambda n, user: {"request_id": "r", "method": "GET", "path": text(n), "status": 200 + n,
                                        "outcome": "read", "user_id": user.pk if n % 2 else None,
                                        "former_request": document(n), "bodies": packed(document(n), n)},
}  # fmt: skip


@pytest.mark.parametrize("how_many", [1, 2, COPIED - 1, COPIED])
@pytest.mark.parametrize("model", MADE, ids=lambda model: model.__name__)
@pytest.mark.parametrize("store", [insert, insert_later])
def test_what_is_stored_comes_back(model: type[models.Model], store: Any, how_many: int) -> None:
    owner = make_user()
    there = list(model._default_manager.values_list("pk", flat=True))
    made = [model(**MADE[model](number, owner)) for number in range(how_many)]

    with CaptureQueriesContext(connection) as captured:
        store(made)

    rows = list(model._default_manager.exclude(pk__in=there))
    assert sorted(map(values_of, rows), key=repr) == sorted(map(values_of, made), key=repr)
    assert len(captured) <= 1 or connection.vendor == "sqlite"


def values_of(row: models.Model) -> dict[str, Any]:
    """The values of a row, JSON as it comes back, without an id that the database gives."""
    fields = [field for field in row._meta.concrete_fields if field.get_internal_type() != "BigAutoField"]
    values = {field.attname: getattr(row, field.attname) for field in fields}
    as_json = {field.attname for field in fields if isinstance(field, models.JSONField)}
    return {
        name: json.loads(json.dumps(value, cls=DjangoJSONEncoder)) if name in as_json else value
        for name, value in values.items()
    }


@pytest.mark.parametrize("model", MADE, ids=lambda model: model.__name__)
def test_a_new_instance_is_what_the_model_makes(model: type[models.Model]) -> None:
    owner = make_user()
    given = {f"{name}_id" if value is owner else name: getattr(value, "pk", value)
             for name, value in MADE[model](1, owner).items()}  # fmt: skip

    made, usual = new(model, **given), model(**given)

    own = {field.attname for field in model._meta.concrete_fields if callable(field.default)} - given.keys()
    assert {**vars(made), "_state": 0} == {**vars(usual), **{name: vars(made)[name] for name in own}, "_state": 0}
    assert {name: type(vars(made)[name]) for name in own} == {name: type(vars(usual)[name]) for name in own}
    assert made._state.adding
    assert made._state.db is None
    other = new(model, **given)
    assert all(vars(other)[name] is not vars(made)[name] for name in own if vars(made)[name]), "never shared"


def test_a_single_row_learns_its_id() -> None:
    entry = AuditEntry(**MADE[AuditEntry](0, make_user()))

    insert([entry])

    assert AuditEntry.objects.get(pk=entry.pk).number == 0


@pytest.mark.parametrize("change", [update, update_later])
def test_an_update_writes_what_is_named_or_all(change: Any) -> None:
    user, other = make_user(), make_user()
    user.display_name, user.version, user.attributes = text(2), 9, {"a": document(3)}

    change(user, "display_name")
    stored = User.objects.get(pk=user.pk)
    assert (stored.display_name, stored.version) == (text(2), 1)

    change(user)
    assert values_of(User.objects.get(pk=user.pk)) == values_of(user)
    assert values_of(User.objects.get(pk=other.pk)) == values_of(other)


def test_what_a_column_refuses_is_refused_as_by_django() -> None:
    make_user("ada@x.com")

    with pytest.raises(IntegrityError), transaction.atomic():
        insert([User(user_name="ADA@x.com", user_name_folded="ada@x.com")])
    if connection.vendor == "postgresql":
        with pytest.raises(DataError), transaction.atomic():
            insert([User(user_name=str(n) * 513, user_name_folded=str(n)) for n in range(COPIED)])
    assert User.objects.count() == 1


def test_what_is_sent_together_is_one_statement_before_the_end() -> None:
    owner = make_user()

    with transaction.atomic(), sent_together(), CaptureQueriesContext(connection) as captured:
        for model in (AuditEntry, OutboxEvent, ProvisioningEntry):
            insert_later([model(**MADE[model](0, owner))])
        assert len(captured) == (0 if connection.vendor == "postgresql" else 3)

    assert [model.objects.filter(**{name: 0}).count() for model, name in ((AuditEntry, "number"),)] == [1]
    assert OutboxEvent.objects.filter(object_key="0").exists()
    assert ProvisioningEntry.objects.filter(request_id="r").exists()


def test_statements_on_different_tables_are_one_and_those_on_the_same_keep_their_order() -> None:
    owner = make_user()
    one, other = text(2), text(3)

    with transaction.atomic(), CaptureQueriesContext(connection) as captured, sent_together():
        for name in (one, other):
            owner.display_name = name
            update_later(owner, "display_name")
            insert_later([AuditEntry(**MADE[AuditEntry](0, owner))])

    assert len(captured) == (2 if connection.vendor == "postgresql" else 4)
    assert User.objects.get(pk=owner.pk).display_name == other
    assert AuditEntry.objects.filter(event="e").count() == 2


def test_a_row_is_inserted_unless_its_like_is_there() -> None:
    def insert_ada(folded: str) -> bool | None:
        made = User(user_name="Ada@x.com", user_name_folded=folded)
        return insert_unless_taken(made, "(user_name_folded, origin) WHERE deleted_at IS NULL", "1 = 1")

    assert insert_ada("ada@x.com") is True
    assert insert_ada("ada@x.com") is None
    User.objects.update(deleted_at=MOMENT)
    assert insert_ada("ada@x.com") is True
    same_id = User.objects.exclude(deleted_at=None).get()
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_unless_taken(same_id, "(user_name_folded, origin) WHERE deleted_at IS NULL", "1 = 1")


def test_whoever_reads_a_table_finds_what_was_stored_before() -> None:
    owner = make_user()

    with transaction.atomic(), sent_together():
        insert_later([AuditEntry(**MADE[AuditEntry](7, owner))])
        owner.display_name = "Later"
        update_later(owner, "display_name")
        assert AuditEntry.objects.filter(number=7).exists()
        assert User.objects.get(pk=owner.pk).display_name == "Later"
        insert_later([OutboxEvent(**MADE[OutboxEvent](number, owner)) for number in range(2)])
        insert([OutboxEvent(**MADE[OutboxEvent](number, owner)) for number in range(2, COPIED + 2)])

    keys = list(OutboxEvent.objects.order_by("id").values_list("object_key", flat=True))[-(COPIED + 2) :]
    assert keys == [str(number) for number in range(COPIED + 2)], "in the order in which they were written"


def test_a_savepoint_that_is_rolled_back_takes_what_came_after_it() -> None:
    owner = make_user()

    with transaction.atomic(), sent_together():
        insert_later([AuditEntry(**MADE[AuditEntry](1, owner))])
        with suppress(ZeroDivisionError), transaction.atomic():
            insert_later([AuditEntry(**MADE[AuditEntry](2, owner))])
            raise ZeroDivisionError
        insert_later([AuditEntry(**MADE[AuditEntry](3, owner))])

    assert set(AuditEntry.objects.filter(event="e").values_list("number", flat=True)) == {1, 3}


def test_a_block_that_raises_sends_nothing() -> None:
    owner = make_user()

    with suppress(ZeroDivisionError), transaction.atomic(), sent_together():
        insert_later([AuditEntry(**MADE[AuditEntry](1, owner))])
        raise ZeroDivisionError
    insert_later([AuditEntry(**MADE[AuditEntry](2, owner))])

    assert set(AuditEntry.objects.filter(event="e").values_list("number", flat=True)) == {2}
