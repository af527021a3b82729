"""What the SCIM door keeps for itself: its keys, and the index through which profiles are searched."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

PREFIX_LENGTH = 100  # Characters. Long values (certificates) would not fit into an index row of PostgreSQL.


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def active(self) -> "ApiKeyQuerySet":
        """Keys that open the door now."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


class ApiKey(models.Model):
    """A bearer key. Only its SHA-256 is stored: it is random enough that a fast digest is right."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=16, help_text="The first characters, to tell keys apart.")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="Exact to a minute.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class AttributeValue(models.Model):
    """One value of a profile, so that filters and sorting find it. Derived: ``scim/index.py`` writes it.

    ``path`` is the attribute's full name; ``element`` the position in a multi-valued attribute, whose elements also
    have a row with the attribute's own name and no text. ``prefix`` is the start of ``folded``.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=120)
    element = models.PositiveIntegerField()
    text = models.TextField()
    folded = models.TextField()
    prefix = models.CharField(max_length=PREFIX_LENGTH)

    class Meta:
        indexes = (models.Index(fields=("path", "prefix", "user"), name="attribute_value_by_text"),)

    def __str__(self) -> str:
        return f"{self.path} of {self.user_id}"
