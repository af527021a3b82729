"""How people sign in: the identity providers, the links between a person and a NameID, and the open sessions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.models.periods import Period, PeriodQuerySet
from gatekeeper.directory.models.users import User


class IdentityProviderQuerySet(PeriodQuerySet["IdentityProvider"]):
    def trusted(self) -> Self:
        """Those through which people may sign in; not those that are only being tried out."""
        return self.filter(test_only=False)


class IdentityProvider(Period):
    """An identity provider that the site trusts. The settings of its protocol are kept by the SAML endpoint."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=200)
    test_only = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Not trusted with people yet: only test sign-ins are answered. ``since`` is set when it is.",
    )

    objects = IdentityProviderQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class ProviderDomain(Period):
    """An e-mail domain whose people one identity provider alone may name.

    Written by ``directory/identity_linking/domains.py``.

    ``domain`` is folded, in Unicode; ``ascii`` is its A-label form (RFC 5890), for addresses that are written so.
    """

    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=253)
    ascii = models.CharField(max_length=253)

    objects = PeriodQuerySet["ProviderDomain"].as_manager()

    class Meta:
        ordering = ("domain", "id")
        constraints = (
            models.UniqueConstraint(fields=("domain",), condition=Q(until=None), name="domain_of_one_live_provider"),
        )

    def __str__(self) -> str:
        return self.domain


class SignInIdentity(Period):
    """The link between a user and a NameID. The SAML user sync makes it (``directory/identity_linking/linking.py``).

    It lets the user in only while ``name_id_folded`` equals their work e-mail, so a changed e-mail stops it at once.
    ``object_id`` is the immutable id that the identity provider stated at the first sign-in; ``persistent_id`` the
    persistent NameID, where no such id was stated. ``stated`` is what the last sign-in said about the profile
    (field -> value), and only fields that SCIM had not stated.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="identities")
    name_id = models.CharField(max_length=512)
    name_id_folded = models.CharField(max_length=1024)
    object_id = models.CharField(max_length=200, blank=True)
    persistent_id = models.CharField(max_length=300, blank=True, default="")
    remembered_at = models.DateTimeField(null=True, blank=True, help_text="When either id was remembered.")
    stated = models.JSONField(default=dict, blank=True)

    objects = PeriodQuerySet["SignInIdentity"].as_manager()

    class Meta:
        verbose_name = "sign-in identity"
        verbose_name_plural = "sign-in identities"
        constraints = (
            models.UniqueConstraint(
                fields=("provider", "name_id_folded"), condition=Q(until=None), name="identity_one_person_per_name_id"
            ),
            models.UniqueConstraint(
                fields=("user", "provider"), condition=Q(until=None), name="identity_one_live_per_provider"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name_id} at {self.provider_id}"


class SessionEnd(models.TextChoices):
    """Why a browser session ended; the label is what pages say after "ended:"."""

    SIGNED_OUT = "signed_out", _("signed out")
    SIGNED_OUT_ELSEWHERE = "signed_out_elsewhere", _("signed out from another browser")
    REPLACED = "replaced", _("signed in again in the same browser")
    MAX_AGE = "max_age", _("it had lasted as long as a session may")
    IDLE = "idle", _("nothing was done in it for too long")
    IDP_SESSION_END = "idp_session_end", _("the identity provider's session was over")
    IDP_COMMAND = "idp_command", _("the identity provider asked for it")
    REVOKED_BY_ADMIN = "revoked_by_admin", _("an administrator ended it")
    CREDENTIAL_CHANGED = "credential_changed", _("the password or the second factor was changed")
    LOST_ACCESS = "lost_access", _("the access ended")


class SignInQuerySet(PeriodQuerySet["SignIn"]):
    def open(self) -> SignInQuerySet:
        """The live ones that no limit has ended yet."""
        return self.live().exclude(_is_overdue(timezone.now()))

    def over(self) -> SignInQuerySet:
        """The others: ended, or overdue."""
        return self.filter(Q(until__isnull=False) | _is_overdue(timezone.now()))

    def overdue(self, now: datetime) -> SignInQuerySet:
        """The live ones that a limit has ended, and nobody has noticed so far."""
        return self.live().filter(_is_overdue(now))


def _is_overdue(now: datetime) -> Q:
    """``directory/sessions/limits.py`` as a condition over rows."""
    overdue = Q(since__lte=now - timedelta(hours=settings.SESSION_MAX_HOURS)) | Q(session_not_on_or_after__lte=now)
    if settings.SESSION_IDLE_MINUTES:
        overdue |= Q(last_seen_at__lte=now - timedelta(minutes=settings.SESSION_IDLE_MINUTES))
    return overdue


class SignIn(Period):
    """One browser session of one person.

    It ends by ``until``, or earlier by a limit (``directory/sessions/limits.py``).

    ``authenticated_at`` is when the person last proved who they are; null while that was when the session was opened.
    ``session_not_on_or_after`` is what the identity provider stated about the end of the session (SAML core 2.7.2).
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(User, db_index=False, on_delete=models.CASCADE, related_name="sign_ins")
    provider = models.ForeignKey(
        IdentityProvider, db_index=False, null=True, on_delete=models.SET_NULL, related_name="sign_ins"
    )
    name_id = models.CharField(max_length=512, blank=True)
    session_index = models.CharField(max_length=300, blank=True)
    authenticated_at = models.DateTimeField(null=True, blank=True)
    session_not_on_or_after = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=20, choices=SessionEnd.choices, blank=True, default="", db_default="")
    last_seen_at = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)

    objects = SignInQuerySet.as_manager()

    class Meta:
        ordering = ("-since",)
        indexes = (
            models.Index(fields=("user", "until"), name="sign_in_by_user"),
            models.Index(fields=("user", "-since"), name="sign_in_last_of_user"),
            models.Index(fields=("provider", "session_index"), name="sign_in_by_session_index"),
            models.Index(fields=("until",), condition=Q(until__isnull=False), name="sign_in_by_end"),  # for retention
        )

    def __str__(self) -> str:
        return f"{self.user_id} since {self.since}"

    @property
    def proven_at(self) -> datetime:
        """When the person last proved who they are."""
        return self.authenticated_at or self.since
