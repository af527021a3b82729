"""The sign-ins of the last 24 hours or 7 days as bars, stacked by what came of them: each part leads to its entries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Case, CharField, Count, F, Q, Value, When
from django.db.models.functions import TruncHour
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from gatekeeper.language_forms import day_and_month, short_moment
from gatekeeper.web.framework.period_filter import FROM, TO
from gatekeeper.web.plots.looks import Look, looks_of_reasons
from gatekeeper.web.plots.plot import Plot, Words
from gatekeeper.web.plots.scales import Label, hour_label
from gatekeeper.web.plots.stacked_bars import Series, stacked_bars
from saml.debugger.failed_checks import LOGOUT, fact_of
from saml.models import SignInAttempt
from saml.refusals.causes import Cause

ACCEPTED, BEGUN, OTHERS = "accepted", "begun", "others"  # beside the checks that failed
MOST_REASONS = 5  # that have a colour of their own
_SPANS: Final[Mapping[str, tuple[int, timedelta]]] = {  # how many bars, and how long each
    "day": (24, timedelta(hours=1)),
    "week": (28, timedelta(hours=6)),
}
_MINUTE = timedelta(minutes=1)

_Counts = Sequence[Counter[str]]


def span_of(period: str) -> str:
    """The span of the plot: "week" for a list of a week or a month, else "day"."""
    return "week" if period in ("week", "month") else "day"


def sign_ins_by_reason(span: str, now: datetime | None = None) -> Plot:
    """Of 7 days where ``span`` is "week", else of 24 hours. One statement."""
    number, length = _SPANS[span]
    last = (now or timezone.now()).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    last -= timedelta(hours=last.hour % (length // timedelta(hours=1)))
    starts = [last - length * back for back in reversed(range(number))]
    counts = _counts(starts, length)
    words = {
        "day": Words("sign-ins-by-reason", _("Sign-ins of the last 24 hours"), _("Hour")),
        "week": Words("sign-ins-by-reason", _("Sign-ins of the last 7 days"), _("From")),
    }
    labels = [hour_label(start) if span == "day" else _day_and_hour(start) for start in starts]
    return stacked_bars(words[span], labels, _series(counts, [_period(span, each, length) for each in starts]))


def _counts(starts: Sequence[datetime], length: timedelta) -> _Counts:
    result = Case(
        When(accepted=True, then=Value(ACCEPTED)),
        When(cause=Cause.BEGUN_HERE, then=Value(BEGUN)),
        When(Q(failed_check__startswith=LOGOUT), then=Value(LOGOUT)),
        default=F("failed_check"),
        output_field=CharField(),
    )
    rows = SignInAttempt.objects.filter(at__gte=starts[0]).order_by()
    grouped = rows.annotate(hour=TruncHour("at", tzinfo=UTC), result=result).values_list("hour", "result")
    counts = [Counter[str]() for _ in starts]
    for hour, found, number in grouped.annotate(number=Count("pk")):
        index = int((hour - starts[0]) // length)
        if 0 <= index < len(counts):
            counts[index][found] += number
    return counts


def _series(counts: _Counts, periods: Sequence[dict[str, str]]) -> list[Series]:
    """Accepted first, then the most frequent reasons, and the others as one."""
    total = sum(counts, Counter[str]())
    reasons = [reason for reason, _ in total.most_common() if reason not in (ACCEPTED, BEGUN)]
    own, others = reasons[:MOST_REASONS], reasons[MOST_REASONS:]
    filters = {ACCEPTED: {"result": ACCEPTED}, BEGUN: {"result": BEGUN}, OTHERS: {"result": "refused"}}
    names = {ACCEPTED: _("Accepted"), BEGUN: _("Begun here instead"), OTHERS: _("Other reasons")}
    looks = {ACCEPTED: Look.GOOD, BEGUN: Look.QUIET, **dict(zip(own, _looks(own), strict=True)), OTHERS: Look.INFO_TOO}

    def series(code: str, *codes: str) -> Series:
        return Series(
            names.get(code) or fact_of(code),
            [sum(each[one] for one in codes or (code,)) for each in counts],
            looks[code],
            [f"?{urlencode({**filters.get(code, {'check': code}), **period})}" for period in periods],
        )

    begun = [series(BEGUN)] if total[BEGUN] else []
    rest = [series(OTHERS, *others)] if others else []
    return [series(ACCEPTED), *begun, *(series(reason) for reason in own), *rest]


def _looks(reasons: Sequence[str]) -> Sequence[Look]:
    """Without the one that stands for what was begun here."""
    return [look for look in looks_of_reasons(len(reasons) + 2) if look is not Look.QUIET][: len(reasons)]


def _period(span: str, start: datetime, length: timedelta) -> dict[str, str]:
    """The entries of one bar; what is typed as a minute includes it."""
    last = start + length - _MINUTE
    kept = {"time": "week"} if span == "week" else {}
    return {**kept, FROM: _typed(start), TO: _typed(last)}


def _typed(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes")


def _day_and_hour(moment: datetime) -> Label:
    local = timezone.localtime(moment)
    return Label(short_moment(local), day_and_month(local.date()))
