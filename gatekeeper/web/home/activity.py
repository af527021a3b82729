"""What happened in the last 24 hours and 30 days: sign-ins and SCIM requests, counted by hour and by day."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Case, CharField, Count, F, QuerySet, Sum, Value, When
from django.db.models.functions import TruncDay, TruncHour
from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.audit.models import Outcome, ProvisioningEntry, RequestCount
from gatekeeper.runtime.statements.unions import union_all
from gatekeeper.web.plots.looks import Look
from gatekeeper.web.plots.plot import Plot, Words
from gatekeeper.web.plots.scales import Label, day_label, hour_label
from gatekeeper.web.plots.stacked_bars import Series, stacked_bars
from saml.debugger.failed_checks import fact_of
from saml.models import SignInAttempt
from saml.refusals.causes import Cause

HOURS, DAYS = 24, 30
DAYS_KEPT = 3600  # seconds: days that are over do not change
NEWEST = 1_000  # requests among which the last cycle is looked for
PAUSE = timedelta(minutes=15)  # between two cycles; within one, requests follow each other
MOST_REASONS = 3

SIGN_IN, CHANGE, REQUEST = "sign-in", "change", "request"
ACCEPTED, SERVED, REFUSED = "accepted", "served", "refused"
_WELL = frozenset({ACCEPTED, SERVED, Outcome.CHANGED.value, Outcome.UNCHANGED.value})

Rows = Iterable[tuple[str, datetime, str, int]]  # what, when, what came of it, how many
Counts = Mapping[Any, Counter[tuple[str, bool]]]  # by hour or day: how many of a kind went well, or did not


@dataclass(frozen=True, slots=True)
class Reason:
    """Why sign-ins were refused: as a sentence, with its check, and how many were."""

    text: str
    check: str
    number: int


@dataclass(frozen=True, slots=True)
class SignInsToday:
    """Since midnight of the site. ``reasons``: the most frequent ones; ``others``: refused for another one."""

    accepted: int
    refused: int
    reasons: list[Reason]
    others: int


@dataclass(frozen=True, slots=True)
class Cycle:
    """The last run of SCIM requests without a pause; ``is_longer``: it began before the requests that were read."""

    ended: datetime
    changed: int
    unchanged: int
    trouble: int
    is_longer: bool


@dataclass(frozen=True, slots=True)
class Activity:
    """The numbers of a tile, and the plots."""

    today: SignInsToday
    plots: list[Plot]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw at all."""
        return all(each.is_empty for each in self.plots)


def activity(now: datetime) -> Activity:
    """Two statements; one while the days before are remembered."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    first = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    rows = list(_since(min(first, midnight)))
    hours: dict[Any, Counter[tuple[str, bool]]] = {first + timedelta(hours=each): Counter() for each in range(HOURS)}
    for kind, hour, result, number in rows:
        if hour in hours:
            hours[hour][kind, result in _WELL] += number
    today = [row for row in rows if row[1] >= midnight]
    days = {**_days_before(midnight), midnight.date(): _counted(today)}
    by_hour, by_day = ([hour_label(each) for each in hours], hours), ([day_label(each) for each in days], days)
    return Activity(
        _sign_ins(today),
        [
            _plot(Words("sign-ins-by-hour", _("Sign-ins by hour"), _("Hour")), *by_hour, SIGN_IN),
            _plot(Words("sign-ins-by-day", _("Sign-ins by day"), _("Day")), *by_day, SIGN_IN),
            _plot(Words("changes-by-hour", _("SCIM changes by hour"), _("Hour")), *by_hour, CHANGE),
            _plot(Words("requests-by-day", _("SCIM requests by day"), _("Day")), *by_day, REQUEST),
        ],
    )


def last_cycle(now: datetime) -> Cycle | None:
    """What the last cycle did, of the newest requests; None where there was none within the month. One statement."""
    entries = ProvisioningEntry.objects.filter(at__gte=now - timedelta(days=DAYS)).exclude(outcome=Outcome.READ)
    entries = entries.exclude(key_id="")  # asked by nobody who is known
    rows = list(entries.order_by("-at").values_list("at", "outcome")[: NEWEST + 1])
    if not rows:
        return None
    counts, before = Counter[str](), rows[0][0]
    for at, outcome in rows:
        if before - at > PAUSE:
            break
        counts[outcome] += 1
        before = at
    changed, unchanged = counts[Outcome.CHANGED], counts[Outcome.UNCHANGED]
    total = counts.total()
    return Cycle(rows[0][0], changed, unchanged, total - changed - unchanged, is_longer=total > NEWEST)


def _since(start: datetime) -> Rows:
    """By hour, with every result of its own."""
    result = Case(When(accepted=True, then=Value(ACCEPTED)), default=F("failed_check"), output_field=CharField())
    slot = {name: TruncHour(name, tzinfo=UTC) for name in ("at", "minute")}
    entries = ProvisioningEntry.objects.filter(at__gte=start).exclude(outcome=Outcome.READ)
    requests = RequestCount.objects.filter(minute__gte=start)
    arms = [
        _arm(_attempts().filter(at__gte=start), SIGN_IN, slot["at"], result, Count("pk")),
        _arm(entries, CHANGE, slot["at"], F("outcome"), Count("pk")),
        _arm(requests, REQUEST, slot["minute"], Value(SERVED), Sum("requests")),
        _arm(requests, REQUEST, slot["minute"], Value(REFUSED), Sum(F("throttled") + F("refused_address"))),
    ]
    return union_all(arms)


def _days_before(midnight: datetime) -> Counts:
    """The days before today. They are remembered: half a million sign-ins take a moment to count."""
    first = midnight.date() - timedelta(days=DAYS - 1)
    known = f"home:days:{midnight.isoformat()}"
    rows: list[tuple[str, datetime, str, int]] | None = cache.get(known)
    if rows is None:
        rows = list(_by_day(midnight - timedelta(days=DAYS - 1), midnight))
        cache.set(known, rows, DAYS_KEPT)
    days = {first + timedelta(days=each): Counter[tuple[str, bool]]() for each in range(DAYS - 1)}
    for kind, day, result, number in rows:
        days.setdefault(_day(day), Counter())[kind, result in _WELL] += number
    return dict(sorted(days.items()))


def _by_day(start: datetime, end: datetime) -> Rows:
    result = Case(When(accepted=True, then=Value(ACCEPTED)), default=Value(REFUSED), output_field=CharField())
    requests = RequestCount.objects.filter(minute__gte=start, minute__lt=end)
    arms = [
        _arm(_attempts().filter(at__gte=start, at__lt=end), SIGN_IN, TruncDay("at"), result, Count("pk")),
        _arm(requests, REQUEST, TruncDay("minute"), Value(SERVED), Sum("requests")),
        _arm(requests, REQUEST, TruncDay("minute"), Value(REFUSED), Sum(F("throttled") + F("refused_address"))),
    ]
    return union_all(arms)


def _attempts() -> QuerySet[SignInAttempt]:
    """Those that decided something: no tests, and none that was begun here in its place."""
    return SignInAttempt.objects.filter(is_test=False).exclude(cause=Cause.BEGUN_HERE)


def _arm(rows: QuerySet[Any], kind: str, slot: Any, result: Any, number: Any) -> QuerySet[Any]:
    named = rows.order_by().annotate(kind=Value(kind, output_field=CharField()), slot=slot, result=result)
    counted: QuerySet[Any, Any] = named.values("kind", "slot", "result").annotate(number=number)
    return counted.values_list("kind", "slot", "result", "number")


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()


def _counted(rows: Rows) -> Counter[tuple[str, bool]]:
    counts = Counter[tuple[str, bool]]()
    for kind, _slot, result, number in rows:
        counts[kind, result in _WELL] += number
    return counts


def _plot(words: Words, labels: Sequence[Label], counts: Counts, kind: str) -> Plot:
    """What went well, and upon it what did not."""
    well, badly = ([each[kind, is_well] for each in counts.values()] for is_well in (True, False))
    good, bad = {
        SIGN_IN: (_("Accepted"), _("Refused")),
        CHANGE: (_("Went well"), _("Refused or failed")),
        REQUEST: (_("Answered"), _("Beyond its limit or network")),
    }[kind]
    return stacked_bars(words, labels, [Series(good, well, Look.GOOD), Series(bad, badly, Look.BAD)])


def _sign_ins(rows: Rows) -> SignInsToday:
    results = Counter[str]()
    for kind, _slot, result, number in rows:
        if kind == SIGN_IN:
            results[result] += number
    accepted = results.pop(ACCEPTED, 0)
    reasons = [Reason(fact_of(check), check, number) for check, number in results.most_common(MOST_REASONS)]
    refused = results.total()
    return SignInsToday(accepted, refused, reasons, refused - sum(each.number for each in reasons))
