"""Tables of the SCIM endpoints: API keys, and the search index over users' profiles."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from gatekeeper.secrets.bearer_keys import BearerKey, BearerKeyQuerySet

PREFIX_LENGTH = 100  # Characters. Long values (certificates) would not fit into an index row of PostgreSQL.


class ApiKeyQuerySet(BearerKeyQuerySet["ApiKey"]):
    """A class of its own, since the type checker finds no manager of a generic class across modules."""


class ApiKey(BearerKey):
    """A bearer key of an identity provider."""

    expires_at = models.DateTimeField(null=True, blank=True)

    is_traced = False  # whether reads are listed at the moment; the statement that finds a key says so

    objects = ApiKeyQuerySet.as_manager()

    class Meta(BearerKey.Meta):
        verbose_name = "API key"

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class UnauthenticatedRequestCount(models.Model):
    """How many requests without a valid key the provisioning log lists of one minute."""

    minute = models.DateTimeField(unique=True)
    listed = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.listed} in {self.minute}"


class AttributeValue(models.Model):
    """One value of a profile, so that filters and sorting find it. Derived: ``scim/query/search_index.py`` writes it.

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
