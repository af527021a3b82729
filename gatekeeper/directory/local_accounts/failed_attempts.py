"""Limits on wrong passwords and codes of local accounts; docs/break-glass.md has the reasons for them.

An attempt is counted before anything is compared, and no longer counted when it was right: so concurrent attempts
reach no further than the same attempts one after the other.
"""

import hashlib
from datetime import timedelta
from ipaddress import ip_address, ip_network

import structlog
from django.db.models import Count, Q
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import FailedAttempt, User
from gatekeeper.errors import TooManyAttempts

SHORT = timedelta(minutes=15)
LONG = timedelta(hours=1)
OF_A_KNOWN_BROWSER = 10  # in SHORT; nothing that happens elsewhere counts against it
OF_AN_ACCOUNT_AND_NETWORK = 10  # in SHORT, and so are the two below: from browsers that are not known
OF_AN_ACCOUNT = 20  # in LONG
OF_A_NETWORK = 50  # in LONG

log = structlog.get_logger(__name__)


def account_key(email: str) -> str:
    """The digest by which an account is counted. It is no address: people type passwords into the wrong field."""
    return hashlib.sha256(fold(email).encode()).hexdigest()


def begin_attempt(email: str, *, address: str, browser: str) -> FailedAttempt:
    """Count one password or code that is about to be compared; ``browser`` is "" for one that is not known.

    Raises: TooManyAttempts, and then nothing was counted.
    """
    now = timezone.now()
    # Attempts that lie ahead are of a clock that was set back since: nobody is to be kept out for so long.
    FailedAttempt.objects.filter(Q(at__lt=now - LONG) | Q(at__gt=now + SHORT)).delete()
    attempt = FailedAttempt.objects.create(account=account_key(email), network=_network(address), browser=browser)
    limit = _limit_beyond(attempt, by=1)
    if limit:
        attempt.delete()
        log.warning("local_sign_in_paused", limit=limit, address=address)
        raise TooManyAttempts
    return attempt


def was_right(attempt: FailedAttempt) -> None:
    """Stop counting an attempt that was right."""
    attempt.delete()


def was_wrong(attempt: FailedAttempt, *, email: str, what: str, address: str, actor: Actor) -> None:
    """Keep counting an attempt that was wrong, and record it if the account exists. ``what``: "password" or "code".

    Raises: TooManyAttempts when it was the last one that is possible for now.
    """
    user = User.objects.local().filter(user_name_folded=fold(email)).first()
    if user is not None:
        record(
            Event.SIGN_IN_REFUSED,
            actor=actor,
            kind="user",
            object_id=user.id,
            label=user.label,
            after={"connection": "local password", "check": f"wrong_{what}", "address": address},
        )
    log.warning("local_sign_in_refused", check=f"wrong_{what}", account_exists=user is not None, address=address)
    if _limit_beyond(attempt, by=0):
        raise TooManyAttempts


def forget_attempts(email: str, *, address: str | None = None, browser: str = "") -> None:
    """Stop counting what this browser, or this network, got wrong; without an address all attempts at the account."""
    attempts = FailedAttempt.objects.filter(account=account_key(email))
    if address is not None:
        attempts = attempts.filter(browser=browser)
        attempts = attempts if browser else attempts.filter(network=_network(address))
    attempts.delete()


def _limit_beyond(attempt: FailedAttempt, *, by: int) -> str:
    """The name of a limit that this attempt and those before it exceed by ``by``, or "". One query."""
    now = timezone.now()
    short = Q(at__gt=now - SHORT)
    mine, near = Q(account=attempt.account), Q(network=attempt.network)
    if attempt.browser:
        limits = {"browser": (mine & short, OF_A_KNOWN_BROWSER)}
    else:
        limits = {
            "account_and_network": (mine & near & short, OF_AN_ACCOUNT_AND_NETWORK),
            "account": (mine, OF_AN_ACCOUNT),
            "network": (near, OF_A_NETWORK),
        }
    counted = FailedAttempt.objects.filter(mine | near, browser=attempt.browser, at__gt=now - LONG).aggregate(
        **{name: Count("pk", filter=which) for name, (which, _) in limits.items()}
    )
    return next((name for name, (_, most) in limits.items() if counted[name] >= most + by), "")


def _network(address: str) -> str:
    """The network of an address: itself, or its /64 for IPv6, which belongs to one customer."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:45]
    return str(ip_network(f"{address}/64", strict=False)) if parsed.version == 6 else address
