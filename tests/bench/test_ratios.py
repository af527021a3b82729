"""Hot requests beside their twins and what was recorded: a warning, since a busy machine is no mistake of ours."""

import warnings

import pytest
from django.db import connection

from bench.gate import COMPARED, measured_ratios
from bench.recorded import SLACK, SlowerThanRecorded, recorded, slower


@pytest.mark.skipif(connection.vendor != "postgresql", reason="what is recorded is of PostgreSQL")
@pytest.mark.django_db(transaction=True)  # what a site remembers of what it committed is part of what a request costs
def test_hot_requests_cost_what_was_recorded():
    measured = measured_ratios()

    assert measured.keys() == set(COMPARED)
    for sentence in slower(measured, recorded("in_process")):
        warnings.warn(sentence, SlowerThanRecorded, stacklevel=1)


def test_more_than_the_slack_is_named_and_less_is_not():
    found = slower({"a": 2 * SLACK + 0.1, "b": 2 * SLACK - 0.1, "new": 9.0}, {"a": 2.0, "b": 2.0, "gone": 1.0})

    assert found == ["a costs 3.1 times its twin, and cost 2.0 when it was recorded (make bench)"]


def test_the_warning_is_shown_and_fails_nothing():
    with pytest.warns(SlowerThanRecorded):
        warnings.warn("a costs 3.1 times its twin", SlowerThanRecorded, stacklevel=1)
