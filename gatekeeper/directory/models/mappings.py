"""Mappings, and the site's two choices; each change is a new version."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import LEVEL_LABELS, Level
from gatekeeper.directory.models.groups import IdpGroup
from gatekeeper.directory.models.periods import NEVER, Period, PeriodQuerySet
from gatekeeper.directory.models.teams import Team
from gatekeeper.directory.permissions import Permission


class MappingVersion(Period):
    """A mapping as it stood for a while. ``group`` is null in the versions of the Default Mapping.

    ``team_ids`` may name teams that were deleted since; readers drop them.
    """

    group = models.ForeignKey(IdpGroup, null=True, on_delete=models.CASCADE, related_name="mapping_versions")
    level = models.PositiveSmallIntegerField(choices=[(level.value, LEVEL_LABELS[level]) for level in Level])
    permissions = models.JSONField(default=list)
    team_ids = models.JSONField(default=list)
    made_by = models.CharField(max_length=300, blank=True)

    objects = PeriodQuerySet["MappingVersion"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("group",), condition=Q(until=None, group__isnull=False), name="mapping_one_live_per_group"
            ),
            # Null never equals null in a unique index, so the Default Mapping needs one of its own.
            models.UniqueConstraint(
                Coalesce("group", Value(UUID(int=0), output_field=models.UUIDField())),
                condition=Q(until=None, group=None),
                name="default_mapping_one_live",
            ),
        )

    def __str__(self) -> str:
        return f"{self.group or 'Default Mapping'}: {Level(self.level).label}"

    def record(self) -> MappingRecord:
        return MappingRecord(
            level=Level(self.level),
            permissions=frozenset(Permission(name) for name in self.permissions),
            team_ids=frozenset(UUID(team_id) for team_id in self.team_ids),
        )


class LastGroupPolicy(models.TextChoices):
    """What is left to somebody who was removed from their last group."""

    REVOKE = "revoke", _("Revoke access")
    FALLBACK = "fallback", _("Fall back to the Default Mapping")


class SiteChoice(Period):
    """What the administrators chose for the whole site, as it stood for a while."""

    fallback_team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    last_group_policy = models.CharField(max_length=10, choices=LastGroupPolicy.choices, default=LastGroupPolicy.REVOKE)

    objects = PeriodQuerySet["SiteChoice"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                Coalesce("until", Value(NEVER, output_field=models.DateTimeField())),
                condition=Q(until=None),
                name="site_choice_one_live",
            ),
        )

    def __str__(self) -> str:
        return f"{self.fallback_team or 'no fallback team'}, {self.last_group_policy}"
