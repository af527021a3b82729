"""Rows of fixed statements become the instances that a query of Django makes."""

from typing import Any

import pytest

from gatekeeper.directory.models import ActivePeriod, User
from gatekeeper.runtime.statements.fixed_sql import Columns, instances, run, same
from tests.builders import make_user

NAMES = ("id", "user_name", "active", "attributes", "created_at")
EVERYBODY = same(f"SELECT {', '.join(NAMES)} FROM directory_user")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        2**53 + 1,
        2**63 - 1,
        -(2**63),
        2**64,
        10**40,
        1.5,
        1e300,
        0.1,
        True,
        None,
        "",
        'ü𝄞\u2028\\"',
        "9" * 30,
        [],
    ],
    ids=repr,
)
def test_an_instance_has_the_values_and_types_that_a_query_gives_it(value: Any) -> None:
    made = make_user("ada@x.com", attributes={"value": value, "nested": [{"value": value}]})

    [found] = instances(Columns.of(User, *NAMES), run(EVERYBODY, {}))

    expected = User.objects.get(pk=made.pk)
    for name in NAMES:
        assert repr(getattr(found, name)) == repr(getattr(expected, name))
    assert found.get_deferred_fields() == {field.attname for field in User._meta.concrete_fields} - set(NAMES)


@pytest.mark.django_db
def test_a_foreign_key_is_of_the_type_that_it_refers_to() -> None:
    made = make_user("ada@x.com")
    columns = Columns.of(ActivePeriod, "id", "user_id")

    [found] = instances(columns, run(same(f"SELECT {columns.text} FROM directory_activeperiod"), {}))

    assert repr(found.user_id) == repr(made.pk)


@pytest.mark.django_db
def test_columns_may_be_in_any_order() -> None:
    made = make_user("ada@x.com")
    swapped = NAMES[::-1]

    [found] = instances(
        Columns.of(User, *swapped),
        run(same(f"SELECT {', '.join(swapped)} FROM directory_user"), {}),
    )

    assert (found.pk, found.user_name, found.active) == (made.pk, made.user_name, made.active)
