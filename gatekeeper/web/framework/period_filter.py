"""The period of a log: the last hour to month, or from one moment to another."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.admin import ListFilter
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gatekeeper.directory.moment_texts import read_moment
from gatekeeper.errors import InvalidValue

TIME, FROM, TO = "time", "from", "to"
PERIODS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}


class PeriodFilter(ListFilter):
    """``?time=hour`` (day, week, month), ``?from=`` and ``?to=``, each as people type a moment; ``to`` includes it.

    ``field`` is the moment that entries are about. With a text that is no moment no entry is shown, and ``faults``
    says of which parameter why.
    """

    title = gettext_lazy("time")
    parameter_name = TIME
    parameters = (TIME, FROM, TO)
    template = "admin/filter_period.html"
    field: ClassVar[str] = "at"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[models.Model], model_admin: Any):
        super().__init__(request, params, model, model_admin)
        self.stated = {name: str(params.pop(name)[-1]).strip() for name in (TIME, FROM, TO) if name in params}
        self.faults: dict[str, str] = {}
        self.start, self.end = self._bounds()

    def expected_parameters(self) -> list[str | None]:
        return [*self.parameters]

    def has_output(self) -> bool:
        return True

    @property
    def is_in_force(self) -> bool:
        """Whether the entries are limited to a period."""
        return self.start is not None or self.end is not None

    def in_force(self) -> dict[str, tuple[str, str]]:
        """Of each parameter that narrows the list, what it is called and its value in words."""
        titles = {TIME: str(self.title), FROM: _("From"), TO: _("To")}
        return {name: (titles[name], _periods().get(text, text)) for name, text in self.stated.items() if text}

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The choices of the select; the fields beside it are ``fields``."""
        for value, label in {"": _("Any time"), **_periods()}.items():
            yield {"value": value, "display": label, "selected": self.stated.get(TIME, "") == value}

    @property
    def fields(self) -> list[dict[str, str]]:
        """Name, label, text and fault of each field for a moment."""
        labels = {FROM: _("From"), TO: _("To")}
        return [
            {
                "id": f"filter-{name}",
                "name": name,
                "label": label,
                "value": self.stated.get(name, ""),
                "fault": self.faults.get(name, ""),
            }
            for name, label in labels.items()
        ]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        if self.faults:
            return queryset.none()
        if self.start is not None:
            queryset = queryset.filter(**{f"{self.field}__gte": self.start})
        if self.end is not None:
            queryset = queryset.filter(**{f"{self.field}__lt": self.end})
        return queryset

    def _bounds(self) -> tuple[datetime | None, datetime | None]:
        """From when on, and before when."""
        start, end = self._read(FROM), self._read(TO)
        if period := PERIODS.get(self.stated.get(TIME, "")):
            last = timezone.now() - period
            return (max(start[0], last) if start else last), end[1] if end else None
        return start[0] if start else None, end[1] if end else None

    def _read(self, name: str) -> tuple[datetime, datetime] | None:
        text = self.stated.get(name, "")
        if not text:
            return None
        try:
            moment = read_moment(text)
        except InvalidValue as refusal:
            self.faults[name] = refusal.on_page
            return None
        return moment.at, moment.end


def _periods() -> dict[str, str]:
    return {
        "hour": _("Last hour"),
        "day": _("Last 24 hours"),
        "week": _("Last 7 days"),
        "month": _("Last 30 days"),
    }
