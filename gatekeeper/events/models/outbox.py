"""The outbox: what happened, and to which subscribers it has still to be delivered."""

from typing import Self
from uuid import uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

KEY_LENGTH = 100  # characters of "kind:id"


class OutboxEvent(models.Model):
    """One thing that happened, written in the transaction of the change. ``data`` holds codes, ids and names only.

    ``object_key`` ("kind:id") names the object within which order is kept. ``is_queued``: its deliveries exist.
    """

    id = models.BigAutoField(primary_key=True)
    # For the outside: a number would start again in a restored database. Nothing looks it up, so it has no index.
    public_id = models.UUIDField(default=uuid4, editable=False)
    code = models.CharField(max_length=40)
    occurred_at = models.DateTimeField(default=timezone.now)
    object_key = models.CharField(max_length=KEY_LENGTH)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    is_queued = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("id",), condition=Q(is_queued=False), name="outbox_not_queued_yet"),
            models.Index(fields=("object_key",), name="outbox_by_object"),  # for the erasure of a person
        )

    def __str__(self) -> str:
        return f"{self.code} {self.object_key}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Shared by whoever delivers, counts or retries."""

    def waiting(self) -> Self:
        """Those that are still tried."""
        return self.filter(parked_at=None)

    def parked(self) -> Self:
        """Those that were given up, until somebody asks for another try."""
        return self.exclude(parked_at=None)


class Delivery(models.Model):
    """What one subscriber has still to be given: the row is deleted once it was.

    ``due_at``: not to be tried before; whoever takes it moves that ahead, so that nobody else does meanwhile.
    """

    id = models.BigAutoField(primary_key=True)
    # The database refuses to delete an event that is still to be delivered; Django has nothing to follow.
    event = models.ForeignKey(OutboxEvent, on_delete=models.DO_NOTHING, related_name="deliveries", db_index=False)
    subscriber = models.CharField(max_length=60)
    object_key = models.CharField(max_length=KEY_LENGTH)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=100, blank=True, help_text="A code, such as TimeoutError.")
    parked_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("event", "subscriber"), name="delivery_one_for_each_subscriber"),
        )
        indexes = (
            models.Index(
                fields=("subscriber", "object_key", "id"), condition=Q(parked_at=None), name="delivery_in_order"
            ),
            models.Index(fields=("subscriber", "id"), condition=Q(parked_at=None), name="delivery_by_subscriber"),
        )

    def __str__(self) -> str:
        return f"{self.event_id} to {self.subscriber}"
