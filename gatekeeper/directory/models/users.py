"""People: those whom the identity provider provisioned, and the local administrators."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Lower, NullIf
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.changes import UserRecord
from gatekeeper.directory.models.periods import Period, PeriodQuerySet

# What lists of people are sorted by besides columns; each has an index, which is found by the same expression.
LABEL_FOLDED = Lower(Coalesce(NullIf("display_name", Value("")), "user_name"))  # of ``label_of``
EMAIL_OR_EMPTY = Coalesce("work_email_folded", Value(""))  # whoever has none stands together


class Origin(models.TextChoices):
    SCIM = "scim", _("Identity provider")
    LOCAL = "local", _("Local administrator")


class UserManager(models.Manager["User"]):
    def live(self) -> models.QuerySet[User]:
        return self.filter(deleted_at=None)

    def provisioned(self) -> models.QuerySet[User]:
        """Whom SCIM sees: every person from the identity provider that was not deleted, active or not."""
        return self.filter(deleted_at=None, origin=Origin.SCIM)

    def local(self) -> models.QuerySet[User]:
        return self.filter(deleted_at=None, origin=Origin.LOCAL)

    def get_by_natural_key(self, key: str) -> User:
        """Django's hook for authentication by ``USERNAME_FIELD``."""
        return self.get(pk=key)


class User(AbstractBaseUser):
    """A person. ``active`` says what holds now; ``ActivePeriod`` says what held when.

    The folded columns are the comparison form of the name beside them, written together with it and never shown.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    origin = models.CharField(max_length=5, choices=Origin.choices, default=Origin.SCIM)
    user_name = models.CharField("userName", max_length=512)
    user_name_folded = models.CharField(max_length=1024, editable=False)
    work_email = models.CharField("work e-mail", max_length=512, null=True, blank=True)
    work_email_folded = models.CharField(max_length=1024, null=True, editable=False)
    external_id = models.CharField("externalId", max_length=512, null=True, blank=True)
    display_name = models.CharField(max_length=512, null=True, blank=True)
    active = models.BooleanField(default=True)
    attributes = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    language = models.CharField(
        max_length=10, default="", db_default="", blank=True, help_text="Of the pages; empty: as the browser prefers."
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True, help_text="Personal data was removed (retention).")

    last_login = None
    objects = UserManager()

    USERNAME_FIELD = "id"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = "user"
        ordering = ("user_name_folded", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("user_name_folded", "origin"),  # in the order of lists of everybody
                condition=Q(deleted_at=None),
                name="user_name_unique_while_live",
            ),
        )
        indexes = (
            models.Index(fields=("work_email_folded",), name="user_by_work_email"),
            models.Index(fields=("external_id",), name="user_by_external_id"),
            models.Index(LABEL_FOLDED, "id", name="user_by_label"),
            models.Index(EMAIL_OR_EMPTY, "id", name="user_by_email_in_order"),
            models.Index(fields=("created_at", "id"), name="user_by_creation"),
            models.Index(fields=("updated_at", "id"), name="user_by_change"),
            models.Index(fields=("deleted_at",), condition=Q(erased_at=None), name="user_to_be_erased"),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How pages and logs name the person."""
        return label_of(self.display_name, self.user_name)

    @property
    def is_local(self) -> bool:
        return self.origin == Origin.LOCAL

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Django's name for it."""
        return self.active and self.deleted_at is None

    @property
    def is_staff(self) -> bool:
        """Django's admin asks; who may open which page is decided from effective access instead."""
        return self.is_active

    def get_session_auth_hash(self) -> str:
        """Ends a person's sessions when their password changes. It stands in sessions only, which are signed.

        It is not keyed with SECRET_KEY, as Django's is: when that changes, Django would give each session another
        name at its first request, and the browser's requests beside that one would find it gone.
        """
        return hashlib.sha256(f"gatekeeper session:{self.password}".encode()).hexdigest()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """What sessions of an earlier version hold."""
        yield super().get_session_auth_hash()
        yield from super().get_session_auth_fallback_hash()

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's own permissions grant nothing here."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False

    def record(self) -> UserRecord:
        return UserRecord(
            user_name=self.user_name,
            active=self.active,
            external_id=self.external_id,
            display_name=self.display_name,
            work_email=self.work_email,
            attributes=self.attributes,
        )


def label_of(display_name: str | None, user_name: str) -> str:
    """How a person with these names is shown."""
    return display_name or user_name


class ActivePeriod(Period):
    """A user was active from ``since`` until ``until``."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="active_periods")

    objects = PeriodQuerySet["ActivePeriod"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user",), condition=Q(until=None), name="active_period_one_live"),
        )
        indexes = (models.Index(fields=("until",), name="active_period_by_end"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.since}–{self.until or ''}"
