"""Credentials of local administrators besides the password, and failed attempts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from gatekeeper.directory.models.periods import NEVER, Period, PeriodQuerySet
from gatekeeper.directory.models.users import User
from gatekeeper.secrets.sealing import SealedField

SECOND_FACTOR_PURPOSE = "second factor"


class SecondFactor(Period):
    """An authenticator app of one local administrator, from its enrolment until it was removed.

    ``last_step`` is the time step of the last code that was taken: no code of that step or an earlier one is taken
    again, on any process.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="second_factors")
    sealed_secret = SealedField(purpose=SECOND_FACTOR_PURPOSE)
    last_step = models.BigIntegerField()

    objects = PeriodQuerySet["SecondFactor"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user",), condition=Q(until=None), name="second_factor_one_live"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} since {self.since}"


class RecoveryCode(models.Model):
    """One of the codes for when the phone is lost. Taken once; only its SHA-256 is kept."""

    factor = models.ForeignKey(SecondFactor, db_index=False, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("factor", "digest"), name="recovery_code_once_per_factor"),)

    def __str__(self) -> str:
        return f"{self.factor_id} {'used' if self.used_at else 'unused'}"


class FailedAttempt(models.Model):
    """A password or code that was wrong, or is being compared just now. Rows that no limit counts any more are dropped.

    ``account`` is a digest of whatever was typed as the e-mail, ``network`` the address (IPv6: its /64), ``browser``
    a digest of the cookie by which a browser is known to belong to the account, empty for one that is not known.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    account = models.CharField(max_length=64)
    network = models.CharField(max_length=45)
    browser = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=("account", "at"), name="failed_attempt_by_account"),
            models.Index(fields=("network", "at"), name="failed_attempt_by_network"),
        )

    def __str__(self) -> str:
        return f"{self.at} from {self.network}"


class OneTimePassword(models.Model):
    """Says that an account's password only opens the page on which another one is chosen, and until when.

    Gone as soon as another password is set.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="one_time_password")
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} until {self.expires_at}"


class Passkey(Period):
    """A WebAuthn credential of one local administrator (WebAuthn Level 3 §4), from its registration until its removal.

    ``sign_count`` is the authenticator's counter at its last use; 0 for one that does not count.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=60)
    credential_id = models.CharField(max_length=1400, help_text="base64url without padding")
    public_key = models.BinaryField(help_text="COSE_Key (RFC 9052)")
    sign_count = models.BigIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = PeriodQuerySet["Passkey"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("credential_id",), condition=Q(until=None), name="passkey_one_live"),
        )

    def __str__(self) -> str:
        return self.name


class LocalAccountRule(Period):
    """What local accounts have to bring, as it stood for a while; nothing is demanded while nobody has chosen."""

    second_factor = models.BooleanField(default=False, help_text="Each local account needs a second factor.")

    objects = PeriodQuerySet["LocalAccountRule"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                Coalesce("until", Value(NEVER, output_field=models.DateTimeField())),
                condition=Q(until=None),
                name="local_account_rule_one_live",
            ),
        )

    def __str__(self) -> str:
        return "second factor" if self.second_factor else "password"
