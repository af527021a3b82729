"""Page by page each row comes once and in order, whatever the order is and whichever keys are equal or missing."""

from itertools import product
from uuid import UUID

import pytest

from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.directory.models import User
from tests.builders import make_users

KEYS = ["b", None, "a", "b", None, "b", "a"]


@pytest.fixture
def keys(db: None) -> dict[UUID, str | None]:
    """Keys of seven rows by their primary keys: some are equal, some are missing."""
    users = make_users(len(KEYS))
    for user, key in zip(users, KEYS, strict=True):
        User.objects.filter(pk=user.pk).update(display_name=key)
    return {user.pk: key for user, key in zip(users, KEYS, strict=True)}


def walked(order: KeysetOrder, size: int) -> list[UUID]:
    """The primary keys of all rows, page by page."""
    rows = User.objects.order_by(*order.order_by)
    found: list[UUID] = []
    page = list(rows[:size])
    while page:
        found += [user.pk for user in page]
        assert len(found) <= len(KEYS), "a row was repeated"
        page = list(rows.filter(order.after(page[-1].display_name, page[-1].pk))[:size])
    return found


def expected(keys: dict[UUID, str | None], order: KeysetOrder) -> list[UUID]:
    """By key, of which a missing one is the largest, then by primary key."""
    ascending: list[str | None] = ["a", "b", None]
    by_key = ascending[::-1] if order.descending else ascending
    by_pk = sorted(keys, reverse=order.pk_descending)
    return [pk for key in by_key for pk in by_pk if keys[pk] == key]


@pytest.mark.parametrize(("descending", "pk_descending"), list(product((False, True), repeat=2)))
def test_walking_by_any_page_size_yields_each_row_once_in_order(
    keys: dict[UUID, str | None], descending: bool, pk_descending: bool
) -> None:
    order = KeysetOrder(key="display_name", descending=descending, pk_descending=pk_descending, nullable=True)

    for size in (1, 2, 3, 7):
        assert walked(order, size) == expected(keys, order)
        assert walked(order.reversed(), size) == expected(keys, order)[::-1]
