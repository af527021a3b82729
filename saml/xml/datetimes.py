"""Times in SAML messages (xs:dateTime), read and moved without ever leaving the calendar. The only place that does.

.NET writes seven digits of a second, year 0001 for "always" and 9999 for "never"; Python's calendar ends at both. So
moments are kept a day away from the ends, where no time zone and no clock skew can push them over.
"""

import re
from datetime import UTC, datetime, timedelta

from saml.errors import UnreadableTime
from saml.refusals.reasons import Reason

SKEW = timedelta(seconds=120)  # Between the identity provider's clock and ours; Entra asks for at most 5 minutes.
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)
_DATE_TIME = re.compile(
    r"(-?\d{4,9})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,50}))?(Z|[+-]\d\d:\d\d)?", flags=re.ASCII
)
_WHITE_SPACE = " \t\r\n"  # which xs:dateTime does not count
_WIDEST_OFFSET = timedelta(hours=14)
_MIDNIGHT = "240000"


def read_moment(stated: str) -> datetime:
    """The moment in UTC, an offset applied. Raises: UnreadableTime.

    SAML wants UTC (core 1.3.3); an offset says the same moment and is taken, no zone at all could be any and is not.
    """
    found = _DATE_TIME.fullmatch(stated.strip(_WHITE_SPACE))
    if found is None:
        raise UnreadableTime(Reason.NOT_A_TIME)
    year, zone = int(found[1]), found[8]
    if not 1 <= year <= 9999:
        raise UnreadableTime(Reason.YEAR_OUT_OF_RANGE)
    if zone is None:
        raise UnreadableTime(Reason.NO_TIME_ZONE)
    if found[6] == "60":
        raise UnreadableTime(Reason.LEAP_SECOND)
    return shifted(_of_parts(found, year), -_offset(zone))


def shifted(moment: datetime, by: timedelta) -> datetime:
    """``moment + by``, or the end of the calendar that is in the way."""
    try:
        return within_calendar(moment + by)
    except OverflowError:
        return EARLIEST if by < timedelta(0) else LATEST


def within_calendar(moment: datetime) -> datetime:
    """The moment itself, or the end of the calendar that it is too close to."""
    return min(max(moment, EARLIEST), LATEST)


def as_stated(moment: datetime) -> str:
    """The moment as an xs:dateTime in whole seconds, as python3-saml reads it."""
    return f"{moment.year:04}{moment:-%m-%dT%H:%M:%SZ}"


def shown_moment(moment: datetime) -> str:
    """The moment for administrators, to the minute: "2026-11-28 12:00 UTC"."""
    return f"{as_stated(moment)[:16].replace('T', ' ')} UTC"


def _of_parts(found: re.Match[str], year: int) -> datetime:
    month, day, hour, minute, second = (int(found[place]) for place in range(2, 7))
    microsecond = int((found[7] or "")[:6].ljust(6, "0"))
    ends_the_day = f"{found[4]}{found[5]}{found[6]}" == _MIDNIGHT and not microsecond
    try:
        moment = datetime(year, month, day, 0 if ends_the_day else hour, minute, second, microsecond, tzinfo=UTC)
    except ValueError:
        raise UnreadableTime(Reason.NOT_IN_CALENDAR) from None
    return shifted(moment, timedelta(days=1)) if ends_the_day else moment


def _offset(zone: str) -> timedelta:
    if zone == "Z":
        return timedelta(0)
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    if offset > _WIDEST_OFFSET or int(zone[4:6]) > 59:
        raise UnreadableTime(Reason.NO_SUCH_TIME_ZONE)
    return -offset if zone[0] == "-" else offset
