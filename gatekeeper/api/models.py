"""The personal tokens with which people's programs call the management API."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.dispatch import receiver
from django.utils import timezone

from gatekeeper.directory.people.retention import user_erased
from gatekeeper.secrets.bearer_keys import BearerKey, BearerKeyQuerySet


class ApiTokenQuerySet(BearerKeyQuerySet["ApiToken"]):
    """Of a class of its own: the type checker finds no manager of a generic one across modules."""


class ApiToken(BearerKey):
    """A personal token. It opens what its person may open at that moment, so nothing of their access is stored here."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    expires_at = models.DateTimeField()

    objects = ApiTokenQuerySet.as_manager()

    class Meta(BearerKey.Meta):
        verbose_name = "API token"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


@receiver(user_erased)
def forget_names(user_id: UUID, **_: Any) -> None:
    """People name tokens after themselves and their machines; whoever is erased leaves no such name."""
    ApiToken.objects.filter(user=user_id).update(name="")
