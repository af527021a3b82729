"""Gatekeeper's own grouping of users."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone


class TeamQuerySet(models.QuerySet["Team"]):
    def live(self) -> TeamQuerySet:
        return self.filter(deleted_at=None)

    def at(self, moment: datetime | None) -> TeamQuerySet:
        if moment is None:
            return self.live()
        return self.filter(created_at__lte=moment).filter(Q(deleted_at=None) | Q(deleted_at__gt=moment))


class Team(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=120)
    name_folded = models.CharField(max_length=240, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ("name_folded",)
        constraints = (
            models.UniqueConstraint(
                fields=("name_folded",), condition=Q(deleted_at=None), name="team_name_unique_while_live"
            ),
        )

    def __str__(self) -> str:
        return self.name
