"""Which causes of e-mail are over, read from the state of what they are about: no event says so of most of them.

It stands here, since it asks the directory, provisioning and sign-on, which stand above the events.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from gatekeeper.audit.chain.verification_runs import last_finished
from gatekeeper.directory.deprovisioning_limits.limits import deprovisioning_state
from gatekeeper.events.codes import EventCode
from gatekeeper.events.mail.causes import QUIET
from gatekeeper.events.mail.queueing import end_cause
from gatekeeper.events.models import MailCause, PauseReason, Webhook
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.expiry_steps import WARN_AT
from saml.models import Certificate, Connection, SyncRun, SyncState
from scim.models import ApiKey, ClientSecret
from scim.provisioning_silence import is_announced_silent

WARNED = timedelta(days=max(WARN_AT))  # before this nothing is said of a key or a certificate


def end_causes(now: datetime) -> int:
    """End those that are over; returns how many. One statement while there are none."""
    ended = 0
    for key in list(MailCause.objects.open().values_list("pk", flat=True)):
        ended += _end(key, now)
    return ended


@one_transaction()
def _end(key: int, now: datetime) -> bool:
    open_ones = MailCause.objects.open().select_for_update(of=("self",))
    cause = open_ones.filter(pk=key).select_related("event").first()
    if cause is None or not _IS_OVER[cause.event.code](cause, now):
        return False
    end_cause(cause, now)
    return True


def _is_quiet(cause: MailCause, now: datetime) -> bool:
    return now - cause.last_at >= QUIET


def _sync_works(cause: MailCause, _now: datetime) -> bool:
    if cause.event.data.get("scope") == "connection":
        failing = Connection.objects.live().filter(refresh_failed=True)
        return not failing.filter(pk=_id(cause.event.data, "connection")).exists()
    return SyncRun.objects.filter(state=SyncState.FINISHED, started_at__gte=cause.last_at).exists()


def _is_asked_again(_cause: MailCause, _now: datetime) -> bool:
    return not is_announced_silent()


def _key_is_replaced(cause: MailCause, now: datetime) -> bool:
    """Revoked, prolonged, or expired beside another one that goes on working."""
    key = _id(cause.event.data, "key")
    kind: Any = ClientSecret if cause.event.object_key.startswith("client_secret:") else ApiKey
    present = kind._default_manager.filter(pk=key, revoked_at=None).first()
    if present is None or present.expires_at is None or present.expires_at > now + WARNED:
        return True
    works = Q(expires_at=None) | Q(expires_at__gt=now)
    others = kind._default_manager.filter(works, revoked_at=None).exclude(pk=key)
    return bool(present.expires_at <= now and others.exists())


def _certificate_is_replaced(cause: MailCause, now: datetime) -> bool:
    """No longer in the metadata of a connection that is used, or beside one that is valid for longer."""
    live = Certificate.objects.live().filter(
        connection__in=Connection.objects.live(), connection=_id(cause.event.data, "connection")
    )
    present = live.filter(sha256=cause.event.data.get("sha256", "")).first()
    return present is None or live.filter(not_after__gt=max(now + WARNED, present.not_after)).exists()


def _is_calm(_cause: MailCause, now: datetime) -> bool:
    return not deprovisioning_state(now).alarming


def _is_sent_events(cause: MailCause, _now: datetime) -> bool:
    paused = Webhook.objects.exclude(paused_at=None).exclude(pause_reason=PauseReason.ADMINISTRATOR)
    return not paused.filter(pk=_id(cause.event.data, "webhook")).exists()


def _trail_is_intact(cause: MailCause, _now: datetime) -> bool:
    """So found the last verification of the whole, whoever asked for it."""
    last = last_finished()
    return last is not None and last.finished_at is not None and last.finished_at > cause.last_at and not last.problems


def _id(data: Mapping[str, Any], name: str) -> UUID:
    return UUID(str(data[name]["id"]))


_IS_OVER: Final[Mapping[str, Callable[[MailCause, datetime], bool]]] = {
    EventCode.SYNC_FAILED: _sync_works,
    EventCode.PROVISIONING_SILENT: _is_asked_again,
    EventCode.KEY_EXPIRING: _key_is_replaced,
    EventCode.CERTIFICATE_EXPIRING: _certificate_is_replaced,
    EventCode.DEPROVISIONING_ALERT: _is_calm,
    EventCode.PRIVILEGE_GAINED: _is_quiet,
    EventCode.BREAK_GLASS_USED: _is_quiet,
    EventCode.WEBHOOK_PAUSED: _is_sent_events,
    EventCode.AUDIT_TRAIL_DAMAGED: _trail_is_intact,
}
