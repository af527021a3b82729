"""The groups that the identity provider pushed, and their members over time."""

from __future__ import annotations

from uuid import uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.lookups import IsNull
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.changes import GroupRecord
from gatekeeper.directory.models.periods import Period, PeriodQuerySet
from gatekeeper.directory.models.users import User


class GroupQuerySet(models.QuerySet["IdpGroup"]):
    def live(self) -> GroupQuerySet:
        return self.filter(deleted_at=None)

    def on_the_page(self) -> GroupQuerySet:
        """Groups that ever had a member: an admin sees a group from then on, also when it is empty again."""
        # Not EXISTS: PostgreSQL would read every membership to join a few thousand groups with them.
        first = Membership.objects.filter(group=OuterRef("pk")).order_by().values("group")[:1]
        return self.live().filter(IsNull(Subquery(first), False))


class IdpGroup(models.Model):
    """A group as the identity provider states it. What it grants is stored in its mapping."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    display_name = models.CharField("displayName", max_length=512)
    display_name_folded = models.CharField(max_length=1024, editable=False)
    external_id = models.CharField("externalId", max_length=512, null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = GroupQuerySet.as_manager()

    class Meta:
        verbose_name = "IdP group"
        ordering = ("display_name_folded", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("display_name_folded",), condition=Q(deleted_at=None), name="group_name_unique_while_live"
            ),
        )
        indexes = (
            models.Index(fields=("external_id",), name="group_by_external_id"),
            models.Index(fields=("created_at", "id"), name="group_by_creation"),
            models.Index(fields=("updated_at", "id"), name="group_by_change"),
        )

    def __str__(self) -> str:
        return self.display_name

    def record(self) -> GroupRecord:
        return GroupRecord(display_name=self.display_name, external_id=self.external_id, attributes=self.attributes)


class EndedBecause(models.TextChoices):
    """Why a membership ended. It decides what is left to somebody whose last membership it was."""

    REMOVED = "removed", _("Removed from the group")
    GROUP_DELETED = "group_deleted", _("The group was deleted")
    USER_DELETED = "user_deleted", _("The user was deleted")


class Membership(Period):
    user = models.ForeignKey(User, db_index=False, on_delete=models.CASCADE, related_name="memberships")
    group = models.ForeignKey(IdpGroup, on_delete=models.CASCADE, related_name="memberships")
    ended_because = models.CharField(max_length=15, choices=EndedBecause.choices, blank=True)

    objects = PeriodQuerySet["Membership"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("group", "user"), condition=Q(until=None), name="membership_one_live"),
        )
        indexes = (
            models.Index(fields=("user", "until", "group"), name="membership_of_user"),
            models.Index(fields=("until",), condition=Q(until__isnull=False), name="membership_ended"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id}"
