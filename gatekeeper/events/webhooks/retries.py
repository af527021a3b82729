"""When a delivery that failed is tried again, and when a webhook is given up. Pure."""

import random
from datetime import datetime, timedelta
from typing import Final

# After the first failure, the second, and so on; a tenth less at most, so that what failed together comes spread.
RETRY_AFTER: Final = (
    timedelta(seconds=30),
    timedelta(minutes=3, seconds=30),  # with the scheduler's minute at most five
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=16),
    timedelta(hours=22),
    timedelta(hours=26),
)
MOST_ATTEMPTS: Final = len(RETRY_AFTER) + 1
SPREAD: Final = 0.1
DEAD_AFTER: Final = timedelta(days=3)  # of failures only; less than all retries of one delivery take


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """After ``attempts`` that failed; None: no more."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return now + RETRY_AFTER[attempts - 1] * (1 - SPREAD * random.random())  # noqa: S311 - no secret


def is_dead(failing_since: datetime, now: datetime) -> bool:
    """Whether a webhook that has accepted nothing since then is paused."""
    return now - failing_since >= DEAD_AFTER
