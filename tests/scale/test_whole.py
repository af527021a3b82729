"""Everything at 100,000 people, with its processor time: ``make test-scale``, for whoever changes a query.

Python and PostgreSQL together take half a second of processor time at the most for a page, and two for what asks about
everybody. That is time, which no other test measures: on a busy machine it hardly differs, on a slow one it does.
"""

import os
import sys

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from tests.scale.databases import filled_database
from tests.scale.measure import everything, line
from tests.scale.measuring import Measured

PEOPLE = int(os.environ.get("SCALE_PEOPLE", "0"))
MOST_SECONDS, MOST_FOR_EVERYBODY = 0.5, 2.0
MOST_BYTES = 150_000

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the plans are PostgreSQL's"),
    pytest.mark.skipif(not PEOPLE, reason="it takes minutes: make test-scale"),
]


@pytest.fixture(scope="module")
def opened(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> list[Measured]:
    with django_db_blocker.unblock(), filled_database(PEOPLE, forbids_scans=False):
        found = everything(PEOPLE)
    for each in sorted(found, key=lambda measured: -measured.seconds):
        sys.stderr.write(f"{line(each)}\n")
    return found


def test_no_page_takes_longer_than_it_may(opened: list[Measured]) -> None:
    def most(each: Measured) -> float:
        return MOST_FOR_EVERYBODY if each.opening.touches_everybody else MOST_SECONDS

    slow = [line(each) for each in opened if each.seconds > most(each) and "/csv/" not in each.opening.address]
    assert not slow, "\n".join(["", *slow])


def test_no_page_is_larger_than_a_bound(opened: list[Measured]) -> None:
    large = [line(each) for each in opened if each.is_html and each.size > MOST_BYTES]
    assert not large, "\n".join(["", *large])


def test_nothing_fails(opened: list[Measured]) -> None:
    failed = [line(each) for each in opened if each.status >= 500 and each.status != 501]
    assert not failed, "\n".join(["", *failed])
