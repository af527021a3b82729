"""Set-up links: for a person without an account, who connects the identity provider on the other side."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gatekeeper.directory.people.retention import user_erased
from gatekeeper.secrets.bearer_keys import HashedSecret
from saml.models import Connection
from scim.models import ApiKey

LONGEST_RECIPIENT = 200  # characters


class Scope(models.TextChoices):
    """What the bearer of a link may do."""

    SAML = "saml", gettext_lazy("Single sign-on (SAML)")
    SCIM = "scim", gettext_lazy("Provisioning (SCIM)")
    BOTH = "both", gettext_lazy("Single sign-on and provisioning")
    CERTIFICATE = "certificate", gettext_lazy("Certificate renewal")


class Part(StrEnum):
    """One of the things that a scope is made of; each has its page."""

    SIGN_ON = "sign_on"
    PROVISIONING = "provisioning"
    CERTIFICATE = "certificate"


PARTS = {
    Scope.SAML: (Part.SIGN_ON,),
    Scope.SCIM: (Part.PROVISIONING,),
    Scope.BOTH: (Part.SIGN_ON, Part.PROVISIONING),
    Scope.CERTIFICATE: (Part.CERTIFICATE,),
}


class ProductName(models.TextChoices):
    """The products that the wizard has steps for, by the keys of ``saml.metadata.products``."""

    ENTRA = "entra", "Microsoft Entra"
    OKTA = "okta", "Okta"
    GOOGLE = "google", "Google Workspace"
    KEYCLOAK = "keycloak", "Keycloak"
    OTHER = "other", gettext_lazy("Another product")


class SetupLinkQuerySet(models.QuerySet["SetupLink"]):
    def with_parts(self) -> SetupLinkQuerySet:
        """With everything that its pages and its state are about, in one statement. The newest first."""
        return self.select_related("made_by", "connection__provider", "api_key").order_by("-created_at", "pk")


class SetupLink(HashedSecret):
    """A link that is shown once and opened in one browser; ``digest`` is that of the token in its address.

    ``browser`` is the digest of the cookie of the browser that opened it. ``made_by`` is None for a link that the
    command made. ``connection`` and ``api_key`` are what the bearer made; for a certificate it is the one renewed.
    """

    scope = models.CharField(max_length=20, choices=Scope.choices)
    recipient = models.CharField(max_length=LONGEST_RECIPIENT, help_text="Who it is for: a name, an e-mail address.")
    product = models.CharField(max_length=20, choices=ProductName.choices, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    expires_at = models.DateTimeField(db_index=True)
    browser = models.CharField(max_length=64, blank=True, editable=False)
    opened_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    new_link_asked_at = models.DateTimeField(null=True, blank=True, help_text="When its bearer asked for another one.")
    connection = models.ForeignKey(Connection, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    api_key = models.ForeignKey(ApiKey, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = SetupLinkQuerySet.as_manager()

    class Meta(HashedSecret.Meta):
        verbose_name = "set-up link"

    def __str__(self) -> str:
        return self.recipient

    @property
    def maker(self) -> str:
        """Who made it, in words."""
        return self.made_by.label if self.made_by else _("the command line")

    @property
    def parts(self) -> tuple[Part, ...]:
        return PARTS[Scope(self.scope)]

    @property
    def live_connection(self) -> Connection | None:
        """Its connection; None before there is one, and after an administrator deleted it."""
        return self.connection if self.connection and self.connection.provider.until is None else None

    @property
    def connection_is_gone(self) -> bool:
        return self.connection is not None and self.live_connection is None

    @property
    def ended_at(self) -> datetime | None:
        """When it was revoked or finished, or expired; None while none of them is so."""
        over = [each for each in (self.revoked_at, self.finished_at) if each]
        if over:
            return min(over)
        return self.expires_at if self.expires_at <= timezone.now() else None


@receiver(user_erased)
def forget_links(user_id: UUID, **_: Any) -> None:
    """Whoever is erased leaves no link, and no name of those whom they made one for."""
    SetupLink.objects.filter(made_by=user_id).delete()
