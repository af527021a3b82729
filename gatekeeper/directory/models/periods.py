"""Facts that hold from ``since`` until ``until`` (exclusive; null while they still hold)."""

from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

# Stands for "no end yet" where a unique index has to compare the ends of live facts.
NEVER = datetime.max.replace(tzinfo=UTC)


def holds_at(moment: datetime | None, prefix: str = "") -> Q:
    """The condition "held at ``moment``", or "holds now" when there is none; ``prefix`` leads to a related fact."""
    if moment is None:
        return Q(**{f"{prefix}until": None})
    return Q(**{f"{prefix}since__lte": moment}) & (Q(**{f"{prefix}until": None}) | Q(**{f"{prefix}until__gt": moment}))


M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class PeriodQuerySet(models.QuerySet[M_co]):
    """Shared by every fact with a period."""

    def live(self) -> Self:
        return self.filter(until=None)

    def at(self, moment: datetime | None) -> Self:
        """What held at ``moment``; what holds now when it is None."""
        return self.filter(holds_at(moment))

    def end(self, now: datetime, **how: Any) -> int:
        """End the live ones among these facts; returns how many there were."""
        return self.live().update(until=now, **how)


class Period(models.Model):
    """A fact with the period in which it held."""

    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
