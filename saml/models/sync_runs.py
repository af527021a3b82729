"""The runs of the SAML user sync."""

from __future__ import annotations

from uuid import uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.identity_linking.conflicts import Conflict


class SyncState(models.TextChoices):
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")
    ABANDONED = "abandoned", _("Abandoned: the process ended before the run did")


class SyncRun(models.Model):
    """One run of the SAML user sync, with what it did and what it could not do."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    state = models.CharField(max_length=10, choices=SyncState.choices, default=SyncState.RUNNING)
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    linked = models.PositiveIntegerField(default=0)
    unlinked = models.PositiveIntegerField(default=0)
    conflicts = models.JSONField(default=list, blank=True, encoder=DjangoJSONEncoder)
    metadata = models.JSONField(
        default=list, blank=True, encoder=DjangoJSONEncoder
    )  # for each connection: its name, a RefreshCode and parameters
    error = models.CharField(max_length=500, blank=True)  # a SyncError
    error_parameters = models.JSONField(
        blank=True, null=True, encoder=DjangoJSONEncoder, help_text="The values for the error's text."
    )
    actor_kind = models.CharField(max_length=30)
    actor_name = models.CharField(max_length=300)

    class Meta:
        verbose_name = "sync run"
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.started_at} {self.state}"

    @property
    def found_conflicts(self) -> list[Conflict]:
        """The stored conflicts, with their texts."""
        return [Conflict.from_document(each) for each in self.conflicts]
