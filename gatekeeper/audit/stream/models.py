"""SIEM streams: receivers that every linked entry of the audit trail is sent to, in the order of the chain."""

from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from gatekeeper.outbound.public_addresses import LONGEST_URL
from gatekeeper.secrets.sealing import SealedField

AUTHORIZATION_PURPOSE: Final = "stream authorization"
LONGEST_NAME: Final = 100


class Stream(models.Model):
    """A receiver, and where it stands.

    ``position`` is the place in the chain of the last entry that it accepted, its cursor, and ``digest`` that link's.
    ``sealed_authorization`` is the value of the header Authorization, empty for none; ``ca_certificates`` are PEM, and
    empty for those that the system trusts. ``failures``: attempts since the last one that was accepted, the first of
    them at ``failing_since``; ``problem`` and ``parameters`` are of the last one. ``run`` and ``run_until``: which run
    sends to it now, so that no other one does.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=LONGEST_NAME)
    url = models.CharField(max_length=LONGEST_URL)
    sealed_authorization = SealedField(purpose=AUTHORIZATION_PURPOSE, default=b"", blank=True)
    ca_certificates = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    position = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=30, blank=True, help_text="A FetchProblem, or secret_unreadable.")
    parameters = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    run = models.UUIDField(null=True, blank=True, editable=False)
    run_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "SIEM stream"
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("name",), name="stream_name_is_unique"),)

    def __str__(self) -> str:
        """For logs and the audit trail: the path and the query of an address may hold a token."""
        parts = urlsplit(self.url)
        return f"{self.name} ({parts.scheme}://{parts.netloc})"

    @property
    def is_syslog(self) -> bool:
        """Syslog over TLS, TCP or UDP; otherwise OCSF over HTTP."""
        return not self.url.startswith("http")
