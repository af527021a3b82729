"""The second factor of local administrators: an authenticator app (TOTP, RFC 6238), and codes for when it is lost."""

import base64
import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.db import IntegrityError
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.models import RecoveryCode, SecondFactor, SessionEnd, User
from gatekeeper.directory.models.local_credentials import SECOND_FACTOR_PURPOSE
from gatekeeper.directory.sessions.open_sessions import end_sign_ins
from gatekeeper.errors import SecondFactorExists, SecondFactorMissing, UserNotFound, WrongCode
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.sealing import seal, unseal

ISSUER = "Gatekeeper"  # what the app shows above the code
STEP = 30  # seconds; with six digits and SHA-1 the one combination that every app knows
DIGITS = 6
TOLERANCE = 1  # steps that the phone's clock may be off, in either direction
SECRET_BYTES = 20  # RFC 4226 §4, R6
RECOVERY_CODES = 10
RECOVERY_DIGITS = 20  # 66 random bits: nobody finds the code to a stolen SHA-256; digits suit a phone's keypad


def new_secret() -> bytes:
    """A secret for an authenticator app, which holds once ``add_second_factor`` has seen a code of it."""
    return secrets.token_bytes(SECRET_BYTES)


def as_text(secret: bytes) -> str:
    """The secret for typing: base32 in groups of four."""
    return _in_groups(base64.b32encode(secret).decode(), 4)


def as_uri(secret: bytes, account: str) -> str:
    """The ``otpauth:`` address that a QR code carries into the app."""
    return TOTP(secret, DIGITS, SHA1(), STEP).get_provisioning_uri(account, ISSUER)  # noqa: S303 - RFC 6238's own


def second_factor_of(user: User) -> SecondFactor | None:
    """The authenticator app that holds now; None for who has none."""
    return SecondFactor.objects.live().filter(user=user).first()


def recovery_codes_left(factor: SecondFactor) -> int:
    """How many of them were not used yet."""
    return RecoveryCode.objects.filter(factor=factor, used_at=None).count()


@one_transaction()
def add_second_factor(
    user_id: UUID, secret: bytes, code: str, *, actor: Actor, keep: UUID | None = None
) -> tuple[str, ...]:
    """Ask for a code at every sign-in of this local administrator from now on, if ``code`` shows that the app works.

    Returns: the recovery codes, which nobody can show again.
    Effect:  sessions that were opened with the password alone end, except ``keep``.
    Raises:  UserNotFound unless they are a local administrator; WrongCode; SecondFactorExists.
    """
    user = User.objects.local().filter(pk=user_id).first()
    if user is None:
        raise UserNotFound(user_id)
    step = _step_of(secret, _digits(code), after=-1, now=timezone.now())
    if step is None:
        raise WrongCode
    try:
        factor = SecondFactor.objects.create(
            user=user, sealed_secret=seal(secret, purpose=SECOND_FACTOR_PURPOSE), last_step=step
        )
    except IntegrityError:
        raise SecondFactorExists(user.label) from None
    codes = tuple(_new_recovery_code() for _ in range(RECOVERY_CODES))
    RecoveryCode.objects.bulk_create(RecoveryCode(factor=factor, digest=_digest(each)) for each in codes)
    record(Event.SECOND_FACTOR_ADDED, actor=actor, kind="user", object_id=user.id, label=user.label)
    end_sign_ins([user.id], actor=actor, because=SessionEnd.CREDENTIAL_CHANGED, keep=keep)
    return codes


@one_transaction()
def remove_second_factor(user_id: UUID, *, actor: Actor) -> None:
    """Let this local administrator sign in with the password alone again. Raises: UserNotFound, SecondFactorMissing."""
    user = User.objects.local().filter(pk=user_id).first()
    if user is None:
        raise UserNotFound(user_id)
    if not SecondFactor.objects.filter(user=user).end(timezone.now()):
        raise SecondFactorMissing(user.label)
    record(Event.SECOND_FACTOR_REMOVED, actor=actor, kind="user", object_id=user.id, label=user.label)


@one_transaction()
def take_code(user: User, code: str, *, actor: Actor) -> int | None:
    """Take a code of the app, or a recovery code, so that it cannot be used a second time.

    Returns: None for the app's; for a recovery code how many are left.
    Raises:  WrongCode; SecondFactorMissing; SealBroken when SECRET_KEY is another one than at the enrolment.
    """
    factor = second_factor_of(user)
    if factor is None:
        raise SecondFactorMissing(user.label)
    digits = _digits(code)
    if len(digits) == RECOVERY_DIGITS:
        return _take_recovery_code(factor, digits, user, actor=actor)
    secret = unseal(bytes(factor.sealed_secret), purpose=SECOND_FACTOR_PURPOSE)
    step = _step_of(secret, digits, after=factor.last_step, now=timezone.now())
    # The condition is in the statement, so that of two processes with the same code only one takes it.
    if step is None or not SecondFactor.objects.live().filter(pk=factor.pk, last_step__lt=step).update(last_step=step):
        raise WrongCode
    return None


def _take_recovery_code(factor: SecondFactor, digits: str, user: User, *, actor: Actor) -> int:
    unused = RecoveryCode.objects.filter(factor=factor, digest=_digest(digits), used_at=None)
    if not unused.update(used_at=timezone.now()):
        raise WrongCode
    left = recovery_codes_left(factor)
    record(
        Event.RECOVERY_CODE_USED,
        actor=actor,
        kind="user",
        object_id=user.id,
        label=user.label,
        after={"codes_left": left},
    )
    return left


def _step_of(secret: bytes, digits: str, *, after: int, now: datetime) -> int | None:
    """The time step that a code belongs to, if it is near ``now`` and later than ``after``; RFC 6238 §5.2."""
    hotp = HOTP(secret, DIGITS, SHA1())  # noqa: S303 - RFC 6238's own
    present = int(now.timestamp()) // STEP
    for step in range(max(after + 1, present - TOLERANCE), present + TOLERANCE + 1):
        if constant_time_compare(hotp.generate(step), digits):
            return step
    return None


def _digits(code: str) -> str:
    """The digits of what was typed: apps and our own lists show them in groups."""
    return "".join(character for character in code if character in "0123456789")


def _new_recovery_code() -> str:
    return _in_groups("".join(secrets.choice("0123456789") for _ in range(RECOVERY_DIGITS)), 5)


def _digest(code: str) -> str:
    return hashlib.sha256(_digits(code).encode()).hexdigest()


def _in_groups(text: str, size: int) -> str:
    return " ".join(text[start : start + size] for start in range(0, len(text), size))
