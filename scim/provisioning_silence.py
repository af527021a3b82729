"""Whether the identity provider still asks: an event when it has stopped, and another one when it comes again.

An idle cycle of Entra sends nothing at all, so a night or a weekend without a request may mean nothing. What is unusual
is learnt from the site itself: the longest pause of the last two weeks, and half as much again.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.db.models import Max, QuerySet
from django.db.models.functions import TruncHour

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry, RequestCount
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit
from gatekeeper.runtime.transactions import one_transaction
from scim.models import ApiKey, OAuthClient

SHORTEST = timedelta(hours=4)  # six cycles of Entra
LONGEST = timedelta(days=4)  # a long weekend; whoever asks more seldom is announced each time
LEARNT_FROM = timedelta(days=14)
FACTOR = 1.5
OBJECT = ("site", "provisioning")
CREDENTIALS = (ApiKey, OAuthClient)


@one_transaction()
def watch_provisioning(*, actor: Actor, now: datetime) -> EventCode | None:
    """Announce that provisioning fell silent, or that it resumed; returns which, None when nothing is new.

    The state is the newest entry of the audit trail about it, so nothing is announced twice. Nobody is waited for
    before the first request, nor once every credential is revoked; an expired one is a reason to announce, and no
    excuse.
    """
    lock_site()  # of two runs at once one announces it
    used = [kind._default_manager.aggregate(last=Max("last_used_at"))["last"] for kind in CREDENTIALS]
    last: datetime | None = max(filter(None, used), default=None)
    if last is None:
        return None
    silent_since = _announced_silence()
    if silent_since is not None:
        return _announce(EventCode.PROVISIONING_RESUMED, last, actor) if last > silent_since else None
    is_expected = any(kind._default_manager.filter(revoked_at=None).exists() for kind in CREDENTIALS)
    if is_expected and now - last >= SHORTEST and now - last >= patience(last):
        return _announce(EventCode.PROVISIONING_SILENT, last, actor)
    return None


def patience(last: datetime) -> timedelta:
    """How long nobody asks before that is unusual here, as it was in the two weeks up to the last request."""
    hours = sorted({*_hours_of_reads(last - LEARNT_FROM), *_hours_of_writes(last - LEARNT_FROM), _hour(last)})
    longest = max((later - earlier for earlier, later in pairwise(hours)), default=timedelta())
    return min(max(SHORTEST, longest * FACTOR), LONGEST)


def _hours_of_reads(start: datetime) -> list[datetime]:
    counts = RequestCount.objects.filter(minute__gte=start).annotate(hour=TruncHour("minute", tzinfo=UTC))
    return list(counts.order_by().values_list("hour", flat=True).distinct())


def _hours_of_writes(start: datetime) -> list[datetime]:
    entries = ProvisioningEntry.objects.filter(at__gte=start).exclude(key_id="")
    return list(entries.annotate(hour=TruncHour("at", tzinfo=UTC)).order_by().values_list("hour", flat=True).distinct())


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def announcements() -> QuerySet[AuditEntry]:
    """The entries of the audit trail about it, the newest first: that provisioning fell silent, or resumed."""
    kind, object_id = OBJECT
    return AuditEntry.objects.filter(object_kind=kind, object_id=object_id).order_by("-pk")


def is_announced_silent() -> bool:
    """Whether the newest announcement says that it fell silent."""
    return _announced_silence() is not None


def _announced_silence() -> datetime | None:
    """The last request before the silence that was announced; None while none is announced."""
    entry = announcements().first()
    if entry is None or entry.event != Event.PROVISIONING_SILENT:
        return None
    return datetime.fromisoformat((entry.after or {})["last_request_at"])


def _announce(code: EventCode, last: datetime, actor: Actor) -> EventCode:
    kind, object_id = OBJECT
    facts = {"last_request_at": last.isoformat()}  # a text: JSON would cut it to milliseconds
    record(Event(code.value), actor=actor, kind=kind, object_id=object_id, label="SCIM", after=facts)
    emit(code, actor=actor, kind=kind, object_id=object_id, data=facts)
    return code
