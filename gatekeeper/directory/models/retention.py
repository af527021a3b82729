"""How long personal data of deleted people is kept."""

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from gatekeeper.directory.models.periods import NEVER, Period, PeriodQuerySet

DEFAULT_DAYS = 1095  # three years: what an auditor asks about


class RetentionSetting(Period):
    """The choice as it stood for a while; the product's default while nobody has chosen."""

    days = models.PositiveIntegerField(default=DEFAULT_DAYS, help_text="after the deletion of a person")

    objects = PeriodQuerySet["RetentionSetting"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                Coalesce("until", Value(NEVER, output_field=models.DateTimeField())),
                condition=Q(until=None),
                name="retention_setting_one_live",
            ),
        )

    def __str__(self) -> str:
        return f"{self.days} days"
