"""Deprovisioning limits, approvals of held changes, and privilege gains."""

from typing import Any

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from gatekeeper.directory.models.periods import NEVER, Period, PeriodQuerySet
from gatekeeper.directory.models.users import User


class DeprovisioningLimit(Period):
    """The limits as they stood for a while; product defaults while nobody has chosen any."""

    share = models.PositiveSmallIntegerField(default=30, help_text="percent of the active users")
    minimum = models.PositiveIntegerField(default=20, help_text="users; fewer never reach the limit")
    minutes = models.PositiveSmallIntegerField(default=60, help_text="length of the window")
    hold = models.BooleanField(default=False, help_text="Further losses wait for an administrator's approval.")

    objects = PeriodQuerySet["DeprovisioningLimit"].as_manager()

    class Meta:
        db_table = "directory_brakesetting"  # named before the class was; renaming it would stop a live site
        constraints = (
            models.UniqueConstraint(
                Coalesce("until", Value(NEVER, output_field=models.DateTimeField())),
                condition=Q(until=None),
                name="brake_setting_one_live",
            ),
        )

    def __str__(self) -> str:
        return f"{self.share} % of at least {self.minimum} within {self.minutes} minutes"

    def as_document(self) -> dict[str, Any]:
        return {"share": self.share, "minimum": self.minimum, "minutes": self.minutes, "hold": self.hold}


class HeldChangesApproval(Period):
    """An administrator's approval: held changes are let through from ``since`` to ``until``."""

    made_by = models.CharField(max_length=300, blank=True)

    objects = PeriodQuerySet["HeldChangesApproval"].as_manager()

    class Meta:
        db_table = "directory_brakerelease"  # named before the class was; renaming it would stop a live site

    def __str__(self) -> str:
        return f"{self.made_by} until {self.until}"


class PrivilegeGain(models.Model):
    """Somebody became Global Administrator at this moment. Whether they still are follows from the other facts."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    made_by = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = (models.Index(fields=("at",), name="privilege_gain_by_time"),)

    def __str__(self) -> str:
        return f"{self.user_id} at {self.at}"
