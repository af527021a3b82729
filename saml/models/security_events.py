"""Who may send security commands to a connection, and the commands that were received."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.models import User


class SourceKind(models.TextChoices):
    REVOCATION = "revocation", _("Universal Logout")
    EVENTS = "events", _("Shared signals")


class EventSource(models.Model):
    """Who may send commands of one kind: the issuer of their tokens, and where its keys are published.

    An empty ``issuer`` says that nobody may, whatever the metadata says. ``audience`` is empty for the connection's own
    address. ``secret_digest``: SHA-256 of what has to stand in the Authorization header, where that is wanted.
    """

    connection = models.ForeignKey(
        "saml.Connection", db_index=False, on_delete=models.CASCADE, related_name="event_sources"
    )
    kind = models.CharField(max_length=10, choices=SourceKind.choices)
    issuer = models.CharField(max_length=1000, blank=True, default="")
    jwks_url = models.CharField(max_length=1000, blank=True, default="")
    audience = models.CharField(max_length=1000, blank=True, default="")
    secret_digest = models.CharField(max_length=64, blank=True, default="")

    objects: models.Manager[EventSource] = models.Manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("connection", "kind"), name="event_source_one_of_a_kind_per_connection"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.issuer}"


class ReceivedEvent(models.Model):
    """One command of an identity provider, or ``count`` unauthenticated ones of an hour that failed the same check.

    Who was named is masked; ``user`` is whom it was about.
    """

    at = models.DateTimeField(default=timezone.now)
    connection = models.ForeignKey(
        "saml.Connection", db_index=False, on_delete=models.CASCADE, related_name="received_events"
    )
    kind = models.CharField(max_length=10, choices=SourceKind.choices)
    authentic = models.BooleanField(help_text="Whether the token was the identity provider's.")
    accepted = models.BooleanField()
    failed_check = models.CharField(max_length=60, blank=True, default="")
    reason = models.CharField(max_length=500, blank=True, default="")  # a TokenReason or CommandReason
    parameters = models.JSONField(
        blank=True, null=True, encoder=DjangoJSONEncoder, help_text="The values for the reason's text."
    )
    event = models.CharField(max_length=200, blank=True, default="")
    subject = models.CharField(max_length=300, blank=True, default="")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="received_events")
    sessions = models.PositiveIntegerField(default=0)
    api_tokens = models.PositiveIntegerField(default=0)
    address = models.CharField(max_length=45, blank=True, default="")
    request_id = models.CharField(max_length=60, blank=True, default="")
    count = models.PositiveIntegerField(default=1)

    objects: models.Manager[ReceivedEvent] = models.Manager()

    class Meta:
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=("connection", "at"), name="received_event_by_time"),
            models.Index(fields=("connection", "at"), condition=Q(authentic=False), name="received_event_of_strangers"),
        )

    def __str__(self) -> str:
        return f"{self.at} {self.kind} {'accepted' if self.accepted else self.failed_check}"
