"""The logs whose entries are deleted after a time, and for how long each is kept until an administrator chooses.

The audit trail is kept for ever until an administrator chooses otherwise, and then exported and sealed first
(``audit/segments/``). The facts of which access follows, with their periods, are none of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.models import AuditEntry, ProvisioningEntry, RequestCount
from gatekeeper.directory.models import SignIn
from gatekeeper.events.models import MailMessage, OutboxEvent, WebhookDelivery
from gatekeeper.events.retention import forget_delivered, forget_mail, forget_webhook_deliveries
from gatekeeper.runtime.bulk.old_rows import delete_before
from saml.models import ReceivedEvent, RefusalCount, SignInAttempt, SyncRun
from saml.models.sync_runs import SyncState
from scim.models import RefusedTokenRequestCount, TokenRequest

AUDIT_TRAIL = "audit_trail"
MONTH, HALF_A_YEAR, THREE_YEARS = 30, 180, 1095  # days
MOST_AT_ONCE = 500_000  # rows of one table in one run; the next run is an hour later


@dataclass(frozen=True, slots=True)
class KeptLog:
    """``days``: the default; None: for ever. ``model`` and ``moment``: its table and the column with an entry's age.

    ``forget`` deletes what is from before a moment and says how many rows that were; None for the audit trail, which
    has a task of its own. ``ordered_by``: an indexed column whose first row is the oldest. ``shortest``: days.
    """

    code: str
    label: Promise
    hint: Promise
    days: int | None
    model: type[Model]
    moment: str
    forget: Callable[[datetime], int] | None
    ordered_by: str
    shortest: int = 7  # deliveries are tried, and held changes shown, for less than a week


def _rows(rows: QuerySet[Any], moment: str, *counts: tuple[type[Model], str]) -> dict[str, Any]:
    """A log that is a table; ``counts`` are tables that go with it, which count what it does not list."""

    def forget(cutoff: datetime) -> int:
        for model, column in counts:
            delete_before(model._default_manager.all(), column, cutoff, most=MOST_AT_ONCE)
        return delete_before(rows.all(), moment, cutoff, most=MOST_AT_ONCE)

    return {"model": rows.model, "moment": moment, "forget": forget, "ordered_by": moment}


LOGS = (
    KeptLog(
        "provisioning_log",
        _("Provisioning log"),
        _("Each SCIM request that changed something, was refused or failed."),
        HALF_A_YEAR,
        **_rows(ProvisioningEntry.objects.all(), "at"),
    ),
    KeptLog(
        "request_counts",
        _("Counts of SCIM requests"),
        _("By minute and credential; reads are in no other place."),
        MONTH,
        **_rows(RequestCount.objects.all(), "minute"),
    ),
    KeptLog(
        "token_log",
        _("Token log"),
        _("Each request of a provisioning client for an access token."),
        MONTH,
        **_rows(TokenRequest.objects.all(), "at", (RefusedTokenRequestCount, "minute")),
    ),
    KeptLog(
        "sign_ins",
        _("Sign-ins"),
        _("What came of each SAML response, with masked values."),
        MONTH,
        **_rows(SignInAttempt.objects.all(), "at", (RefusalCount, "hour")),
    ),
    KeptLog(
        "security_events",
        _("Commands of identity providers"),
        _("Each received command to end somebody's sessions."),
        MONTH,
        **_rows(ReceivedEvent.objects.all(), "at"),
    ),
    KeptLog(
        "sessions",
        _("Ended sessions"),
        _("When a session was opened and ended, and why. That somebody signed in stays in the audit trail."),
        THREE_YEARS,
        **_rows(SignIn.objects.filter(until__isnull=False), "until"),
    ),
    KeptLog(
        "sync_history",
        _("Sync history"),
        _("Each run of the SAML user sync with what it found."),
        THREE_YEARS,
        **_rows(SyncRun.objects.exclude(state=SyncState.RUNNING), "started_at"),
    ),
    KeptLog(
        "webhook_deliveries",
        _("Deliveries to webhooks"),
        _("What was sent and answered. What could not be sent in that time is given up."),
        MONTH,
        WebhookDelivery,
        "created_at",
        forget_webhook_deliveries,
        "id",
    ),
    KeptLog(
        "mail",
        _("E-mail"),
        _("To whom which message was sent. What it said is not kept."),
        MONTH,
        MailMessage,
        "created_at",
        forget_mail,
        "id",
    ),
    KeptLog(
        "events",
        _("Events"),
        _("What happened, for webhooks and other subscribers. One that is still to be delivered stays."),
        MONTH,
        OutboxEvent,
        "occurred_at",
        forget_delivered,
        "id",
    ),
    KeptLog(
        AUDIT_TRAIL,
        _("Audit trail"),
        _("Every change of state. What is older goes to sealed files every day; nothing of it is lost."),
        None,
        AuditEntry,
        "at",
        None,
        "id",
        shortest=365,
    ),
)
BY_CODE = {log.code: log for log in LOGS}
