"""The outcome of each SAML response, and the number of unsigned ones that were only counted."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from gatekeeper.directory.models import User
from gatekeeper.secrets.sealing import SealedField
from saml.models.connections import Connection
from saml.refusals.causes import Cause

SIGN_IN_MESSAGE_PURPOSE = "sign-in message"


class SignInAttemptQuerySet(models.QuerySet["SignInAttempt"]):
    def believed(self) -> SignInAttemptQuerySet:
        """Those whose message was believed, whether or not the person may sign in: it named somebody, and was signed.

        A name is kept of a message only after every check of it (``saml/debugger/attempts.py``).
        """
        return self.filter(Q(accepted=True) | ~Q(name_key=""))


class SignInAttempt(models.Model):
    """The outcome of one SAML response, for the administrator who has to find out why.

    ``name_id`` and ``statement`` are masked. ``name_key`` is a keyed digest of who was named, to find it again without
    keeping it. The unmasked values are sealed, and removed earlier than the rest (``saml/debugger/attempts.py``).
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="attempts")
    request_id = models.CharField(max_length=60, blank=True, db_index=True)
    accepted = models.BooleanField()
    is_test = models.BooleanField(default=False)
    failed_check = models.CharField(max_length=60, blank=True)
    reason = models.CharField(
        max_length=1000,
        blank=True,
        help_text="Why the check failed: a code, or a sentence that a former version wrote.",
    )
    parameters = models.JSONField(
        null=True, blank=True, encoder=DjangoJSONEncoder, help_text="The values for the reason's text."
    )
    cause = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="Why the check failed, where it has several."
    )
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="sign_in_attempts", db_index=True
    )
    user_by = models.CharField(max_length=20, blank=True, help_text="How the user was found; empty: by the name.")
    name_id = models.CharField(max_length=512, blank=True)
    name_key = models.CharField(max_length=64, blank=True, default="", db_index=True)
    statement = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    sealed_message = SealedField(purpose=SIGN_IN_MESSAGE_PURPOSE, null=True, blank=True)
    address = models.CharField(max_length=45, blank=True)
    milliseconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="From the arrival of the response until this was written; null: not known."
    )

    objects = SignInAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = "sign-in attempt"
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("user",), condition=Q(accepted=False), name="attempt_refused_by_user"),
            # Of the commonest refusals the newest attempts have enough, and a person's own are found by ``user``.
            models.Index(
                fields=("failed_check", "-id"),
                condition=~Q(failed_check__in=("", "unknown_person")),
                name="attempt_by_failed_check",
            ),
        )

    def __str__(self) -> str:
        return f"{self.at} {'accepted' if self.accepted else self.failed_check}"

    @property
    def begun_here(self) -> bool:
        """Whether it began at the identity provider, and an ordinary sign-on was begun here in its place."""
        return self.cause == Cause.BEGUN_HERE


class RefusalCount(models.Model):
    """How many unsigned messages failed a check at a connection within an hour.

    ``failed_check`` "" counts those of all checks. ``listed``: how many of them are among the sign-in attempts.
    """

    connection = models.ForeignKey(Connection, db_index=False, on_delete=models.CASCADE, related_name="refusal_counts")
    hour = models.DateTimeField()
    failed_check = models.CharField(max_length=60, blank=True)
    count = models.PositiveIntegerField(default=0)
    listed = models.PositiveIntegerField(default=0)
    announced = models.BooleanField(default=False, help_text="Whether the audit trail has the numbers of this hour.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "hour", "failed_check"), name="refusal_count_one_an_hour_and_check"
            ),
        )

    def __str__(self) -> str:
        return f"{self.count} in {self.hour}"
