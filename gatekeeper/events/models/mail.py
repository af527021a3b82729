"""E-mail: who is written to, what lasts until it is over, and which messages were sent, or have still to be."""

from __future__ import annotations

from typing import Self
from uuid import uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.events.models.outbox import KEY_LENGTH, OutboxEvent

LONGEST_ADDRESS = 254  # characters: RFC 5321 §4.5.3.1.3, with its erratum 1690


class MailPauseReason(models.TextChoices):
    """Why nothing is sent to somebody."""

    REFUSED = "refused", _("the mail server has refused five messages to it in a row")


class MailRecipient(models.Model):
    """An address with what it is sent: a message for each cause of ``events``, a digest each day, or both.

    ``refusals``: how many messages to it the mail server has refused for good since the last one that it took.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    address = models.CharField(max_length=LONGEST_ADDRESS)
    language = models.CharField(max_length=10, help_text="A code of LANGUAGES.")
    events = models.JSONField(default=list, help_text="Codes of events.")
    daily_digest = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=20, choices=MailPauseReason.choices, blank=True)
    refusals = models.PositiveIntegerField(default=0)
    last_success_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at", "id")
        constraints = (models.UniqueConstraint(Lower("address"), name="mail_recipient_once"),)

    def __str__(self) -> str:
        return self.address


class MailCauseQuerySet(models.QuerySet["MailCause"]):
    """Shared by whoever opens and ends causes."""

    def open(self) -> Self:
        """Those that are not over."""
        return self.filter(ended_at=None)


class MailCause(models.Model):
    """Something that recipients were written to about, from its first event until it is over.

    What it is about is read from ``event`` each time, so that erased data is not sent. ``times``: how many events it
    had, the first one included. ``is_superseded``: a worse event of the same object took its place.
    """

    id = models.BigAutoField(primary_key=True)
    # The database refuses to delete an event that a cause refers to; Django has nothing to follow.
    event = models.ForeignKey(OutboxEvent, on_delete=models.DO_NOTHING, related_name="mail_causes")
    key = models.CharField(max_length=KEY_LENGTH + 60)
    times = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    is_superseded = models.BooleanField(default=False)

    objects = MailCauseQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("key",), condition=Q(ended_at=None), name="mail_cause_open"),)

    def __str__(self) -> str:
        return self.key


class MailKind(models.TextChoices):
    OPENED = "opened", _("Something has happened")
    OVER = "over", _("It is over")
    SUMMARY = "summary", _("Several messages as one")
    DIGEST = "digest", _("Daily digest")
    TEST = "test", _("A test")


class MailState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    IN_SUMMARY = "in_summary", _("In a summary")


class MailMessageQuerySet(models.QuerySet["MailMessage"]):
    """Shared by whoever sends and counts."""

    def waiting(self) -> Self:
        """Those that have still to be sent, now or later."""
        return self.filter(state=MailState.WAITING)


class MailMessage(models.Model):
    """One message to one recipient. It stays, as the delivery log; its text is made when it is sent.

    ``facts``: the numbers of a digest. ``summary``: the message that said this one's content, too. ``problem`` and
    ``parameters`` are those of the last attempt.
    """

    id = models.BigAutoField(primary_key=True)
    recipient = models.ForeignKey(MailRecipient, on_delete=models.CASCADE, related_name="messages", db_index=False)
    kind = models.CharField(max_length=10, choices=MailKind.choices)
    cause = models.ForeignKey(MailCause, on_delete=models.CASCADE, related_name="messages", null=True, blank=True)
    summary = models.ForeignKey("self", on_delete=models.SET_NULL, related_name="parts", null=True, blank=True)
    message_id = models.UUIDField(default=uuid4, editable=False, help_text="In the header Message-ID.")
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.WAITING)
    facts = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=30, blank=True, help_text="A MailProblem.")
    parameters = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)

    objects = MailMessageQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            # At most one message when something begins, and one when it is over, for each recipient.
            models.UniqueConstraint(fields=("recipient", "cause", "kind"), name="mail_message_once"),
        )
        indexes = (
            models.Index(fields=("recipient", "id"), condition=Q(state="waiting"), name="mail_message_waiting"),
            models.Index(fields=("recipient", "-id"), name="mail_message_log"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id}"
