"""No address open to unauthenticated clients costs more than three times what a plain message of that size costs there.

Processor time of this process, as a ratio within the same run; a busy machine slows both.
"""

import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.saml.hostile.addresses import SIZE, Cost, cases, measure
from tests.saml.hostile.shapes import FILLINGS, plain, response

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_heap")]
BUDGET = 3.0


def at_depth(frames: int, call: Callable[[], Cost]) -> Cost:
    """The result of ``call``, made that many frames deeper.

    CPython 3.11 maps and unmaps memory at each call that crosses the end of a chunk of its stack. Which loop meets that
    depends on how deep the test runner is, and has nothing to do with the message.
    """
    return at_depth(frames - 1, call) if frames else call()


def test_no_hostile_message_costs_more_than_three_plain_ones_or_breaks_anything(connection):
    dear, statuses, controls = {}, set(), {}
    for case in cases(connection):
        if case.control not in controls:
            controls[case.control] = measure(case, 3).control
        began = time.process_time()
        statuses.add(case.send().status_code)  # what the site would answer with 500 is raised here
        if time.process_time() - began > BUDGET * controls[case.control]:
            dear[case] = min(at_depth(depth, partial(measure, case, 7)).ratio for depth in (0, 12, 30))

    assert {f"{case.address}: {case.name}": ratio for case, ratio in dear.items() if ratio > BUDGET} == {}
    assert statuses <= {200, 302, 400, 403, 405, 413, 422}


@pytest.mark.parametrize("shape", FILLINGS)
def test_the_shapes_have_the_size_of_their_control(shape):
    size = len(response(FILLINGS[shape](SIZE)))

    assert 0.45 < size / len(response(plain(SIZE))) < 1.2
