"""When what happens in two weeks: pure, and the same for the same end and seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto

DAYS = 14
CYCLE = timedelta(minutes=40)  # as Entra's
SYNC_MINUTE = 45
SATURDAY = 5
# Of a hundred sign-ins of a working day, how many come in which hour.
BY_HOUR = (0, 0, 0, 0, 0, 1, 3, 9, 19, 16, 9, 6, 5, 9, 8, 6, 4, 2, 1, 1, 1, 0, 0, 0)
ON_A_WORKING_DAY, ON_ANOTHER = 40, 5  # sign-ins
REFUSED = 0.09  # of all sign-ins


class Kind(StrEnum):
    """What happens."""

    CYCLE = auto()
    SYNC = auto()
    ACCEPTED = auto()
    REFUSED = auto()
    END_OF_DAY = auto()
    JOINER = auto()
    MOVER = auto()
    LEAVER = auto()
    RENAME = auto()
    TWIN = auto()
    DUPLICATE = auto()
    UNREADABLE = auto()


@dataclass(frozen=True, order=True, slots=True)
class Happening:
    """Something at a moment; in one list they are in the order of time."""

    at: datetime
    kind: Kind


def first_moment(now: datetime) -> datetime:
    """When the site was set up: at nine in the morning, so many days ago."""
    return (now - timedelta(days=DAYS)).replace(hour=9, minute=0, second=0, microsecond=0)


def happenings(now: datetime, seed: int = 1) -> list[Happening]:
    """Everything after the first cycle and before ``now``."""
    dice = random.Random(seed)  # noqa: S311 -- believable and the same each time is what is wanted
    begin = first_moment(now) + timedelta(hours=2)
    found = [*_regular(begin, now)]
    for number in range(DAYS + 1):
        day = begin.replace(hour=0) + timedelta(days=number)
        found += _sign_ins(day, dice)
        if is_working_day(day):
            found += _changes(day, number, dice)
        found.append(Happening(day + timedelta(hours=23, minutes=50), Kind.END_OF_DAY))
    return sorted(each for each in found if begin < each.at < now)


def is_working_day(day: datetime) -> bool:
    """Monday to Friday."""
    return day.weekday() < SATURDAY


def _regular(begin: datetime, now: datetime) -> Iterator[Happening]:
    at = begin
    while at < now:
        yield Happening(at, Kind.CYCLE)
        at += CYCLE
    at = begin.replace(minute=SYNC_MINUTE)
    while at < now:
        yield Happening(at, Kind.SYNC)
        at += timedelta(hours=1)


def _sign_ins(day: datetime, dice: random.Random) -> Iterator[Happening]:
    usual = ON_A_WORKING_DAY if is_working_day(day) else ON_ANOTHER
    for _ in range(usual + dice.randrange(-usual // 5, usual // 5 + 1)):
        [hour] = dice.choices(range(24), BY_HOUR)
        at = day + timedelta(hours=hour, seconds=dice.randrange(3600))
        yield Happening(at, Kind.REFUSED if dice.random() < REFUSED else Kind.ACCEPTED)


def _changes(day: datetime, number: int, dice: random.Random) -> Iterator[Happening]:
    """What the directory's administrators and the personnel department do in a day."""
    wanted = [Kind.MOVER] * dice.randrange(2, 6) + [Kind.JOINER] * dice.randrange(0, 3)
    wanted += [Kind.LEAVER] * dice.randrange(0, 2) + [Kind.DUPLICATE] * dice.randrange(0, 2)
    wanted += [Kind.UNREADABLE] * (number % 3 == 1) + [Kind.RENAME] * (number % 4 == 2)
    wanted += [Kind.TWIN] * (number in (4, 5, 6))
    for kind in wanted:
        yield Happening(day + timedelta(hours=8, seconds=dice.randrange(9 * 3600)), kind)
