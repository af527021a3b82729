"""The daily digest: what happened since the last one, counted as sets, for everybody who wants it.

It holds numbers, and the names of keys and connections: who the people are is on the pages that it leads to. Of a day
on which nothing happened there is none.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q, Sum

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.deprovisioning_limits.privilege_gains import gained_since
from gatekeeper.events.mail.queueing import is_configured
from gatekeeper.events.models import MailKind, MailMessage, MailRecipient
from gatekeeper.events.outbox import news
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.expiry_steps import WARN_AT
from saml.models import Certificate, Connection, SyncRun, SyncState
from scim.models import ApiKey, ClientSecret

DAY: Final = timedelta(days=1)
AT_LEAST: Final = timedelta(hours=12)  # between two digests, however often one is asked for
_COUNTED: Final = {
    "provisioned": (Event.USER_CREATED, Event.USER_REVIVED),
    "deactivated": (Event.USER_DEACTIVATED,),
    "deleted": (Event.USER_DELETED,),
}


@one_transaction()
def queue_digests(now: datetime, *, is_asked_for: bool = False) -> int:
    """Make the messages of today's digest; how many. None where nothing happened, or nobody wants it.

    ``is_asked_for``: by somebody who does not want to wait for the next day, so the last one does not matter.
    """
    if not is_configured():
        return 0
    # The lock makes two of these one after the other, so that the second one finds what the first has made.
    whom = list(MailRecipient.objects.select_for_update(no_key=True).filter(daily_digest=True).order_by("pk"))
    if not is_asked_for:
        lately = MailMessage.objects.filter(kind=MailKind.DIGEST, created_at__gt=now - AT_LEAST)
        had = set(lately.values_list("recipient", flat=True))
        whom = [each for each in whom if each.pk not in had]
    facts = digest_facts(now - DAY, now) if whom else {}
    if not facts:
        return 0
    made = [MailMessage(recipient=each, kind=MailKind.DIGEST, facts=facts, created_at=now) for each in whom]
    MailMessage.objects.bulk_create(made)
    transaction.on_commit(news.set)
    return len(made)


def digest_facts(since: datetime, until: datetime) -> dict[str, Any]:
    """What ``digest_text.py`` reads; empty where nothing happened. The number of statements does not grow."""
    counts = {name: number for name, number in _counts(since, until) if number}
    ending = list(_ending(until))
    if not counts and not ending:
        return {}
    return {"since": since.isoformat(), "until": until.isoformat(), "counts": counts, "ending": ending}


def _counts(since: datetime, until: datetime) -> Iterator[tuple[str, int]]:
    wanted = [event for events in _COUNTED.values() for event in events]
    entries = AuditEntry.objects.filter(at__gte=since, at__lt=until, event__in=wanted).order_by()
    found = dict(entries.values_list("event").annotate(number=Count("pk")))
    for name, events in _COUNTED.items():
        yield name, sum(found.get(event, 0) for event in events)
    runs = SyncRun.objects.filter(started_at__gte=since, started_at__lt=until).order_by()
    synced = runs.aggregate(linked=Sum("linked"), failed=Count("pk", filter=Q(state=SyncState.FAILED)))
    yield "linked", synced["linked"] or 0
    yield "failed_syncs", synced["failed"]
    yield "privileged", gained_since(since)
    last = SyncRun.objects.filter(state=SyncState.FINISHED).order_by("-started_at").first()
    yield "conflicts", len(last.conflicts) if last else 0
    yield "unread_metadata", Connection.objects.live().filter(refresh_failed=True).count()


def _ending(now: datetime) -> Iterator[dict[str, str]]:
    """Keys, client secrets and signing certificates that end soon, those that have ended left out."""
    soon = now + timedelta(days=max(WARN_AT))
    keys = ApiKey.objects.filter(revoked_at=None, expires_at__gt=now, expires_at__lte=soon).order_by("expires_at")
    for name, ends in keys.values_list("name", "expires_at"):
        yield {"kind": "key", "name": name, "at": ends.isoformat() if ends else ""}
    secrets = ClientSecret.objects.filter(
        revoked_at=None, client__revoked_at=None, expires_at__gt=now, expires_at__lte=soon
    )
    for name, ends in secrets.order_by("expires_at").values_list("client__name", "expires_at"):
        yield {"kind": "key", "name": name, "at": ends.isoformat()}
    certificates = Certificate.objects.live().filter(
        connection__in=Connection.objects.live(), not_after__gt=now, not_after__lte=soon
    )
    for each in certificates.select_related("connection__provider").order_by("not_after"):
        yield {"kind": "certificate", "name": each.connection.name, "at": each.not_after.isoformat()}
