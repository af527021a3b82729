"""What ends a cause of e-mail without an event, and what the daily digest says."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry, VerificationRun
from gatekeeper.directory.deprovisioning_limits.limits import set_deprovisioning_limits
from gatekeeper.events.codes import EventCode
from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.mail.causes import OPENING
from gatekeeper.events.mail.delivery import deliver_mail
from gatekeeper.events.models import MailCause, MailKind, MailMessage, MailRecipient, OutboxEvent, PauseReason
from gatekeeper.events.webhooks.receivers import create_webhook, pause_webhook, resume_webhook
from gatekeeper.maintenance.audit_watch import watch_audit_trail
from gatekeeper.maintenance.digest import queue_digests
from gatekeeper.maintenance.ended_causes import end_causes
from gatekeeper.maintenance.log_retention import prune_logs
from saml.models import Certificate, Connection, SyncRun, SyncState
from scim.credentials.api_keys import generate_key
from scim.models import ApiKey
from scim.provisioning_silence import watch_provisioning
from tests.audit.chain.attacker import without_triggers
from tests.builders import ADMIN, make_user
from tests.events.mail.conftest import mailbox, recipient  # noqa: F401 - fixtures
from tests.events.mail.smtp import Mailbox
from tests.events.scenarios import SCENARIOS

pytestmark = pytest.mark.django_db


def sync_succeeds() -> None:
    Connection.objects.update(refresh_failed=False)


def key_is_prolonged() -> None:
    ApiKey.objects.update(expires_at=timezone.now() + timedelta(days=90))


def certificate_is_withdrawn() -> None:
    Certificate.objects.update(until=timezone.now())


def limit_is_raised() -> None:
    set_deprovisioning_limits(share=100, minimum=1000, minutes=60, hold=False, actor=ADMIN)


def webhooks_are_resumed() -> None:
    for paused in OutboxEvent.objects.filter(code=EventCode.WEBHOOK_PAUSED):
        resume_webhook(UUID(paused.data["webhook"]["id"]), actor=ADMIN)


def provisioning_goes_on() -> None:
    ApiKey.objects.update(last_used_at=timezone.now())
    watch_provisioning(actor=ADMIN, now=timezone.now())


def entry_is_put_back() -> None:
    with without_triggers():
        AuditEntry.objects.filter(object_label="Somebody else").update(object_label="Finance")
    assert watch_audit_trail(actor=ADMIN).intact


ENDS: dict[EventCode, Callable[[], None]] = {
    EventCode.SYNC_FAILED: sync_succeeds,
    EventCode.PROVISIONING_SILENT: provisioning_goes_on,
    EventCode.KEY_EXPIRING: key_is_prolonged,
    EventCode.CERTIFICATE_EXPIRING: certificate_is_withdrawn,
    EventCode.DEPROVISIONING_ALERT: limit_is_raised,
    EventCode.WEBHOOK_PAUSED: webhooks_are_resumed,
    EventCode.AUDIT_TRAIL_DAMAGED: entry_is_put_back,
}


def run() -> None:
    deliver_due([])
    end_causes(timezone.now())
    deliver_mail()


@pytest.mark.parametrize("code", OPENING)
def test_what_really_happens_is_announced_and_so_is_its_end(
    mailbox: Mailbox,  # noqa: F811
    recipient: MailRecipient,  # noqa: F811
    code: EventCode,
) -> None:
    MailRecipient.objects.update(events=[code.value])
    next(each for each in SCENARIOS if each.code == code).prepare()()
    run()
    run()
    (began,) = mailbox.subjects

    if code in ENDS:
        ENDS[code]()
        run()
        assert mailbox.subjects[1:] == [began.replace("] ", "] Over: ")]
    else:  # it lasts for no time: an hour later it is over, and nothing was left to be said
        with time_machine.travel(timezone.now() + timedelta(minutes=61)):
            run()
        assert len(mailbox.subjects) == 1
    assert not MailCause.objects.open().exists()


def test_a_run_that_fails_is_over_with_the_next_one_that_does_not(
    mailbox: Mailbox,  # noqa: F811
    recipient: MailRecipient,  # noqa: F811
) -> None:
    scenario = next(each for each in SCENARIOS if each.code == EventCode.SYNC_FAILED)
    scenario.prepare()()
    OutboxEvent.objects.filter(code=EventCode.SYNC_FAILED).update(data={"scope": "run", "code": "OSError"})
    run()
    assert MailCause.objects.open().count() == 1

    SyncRun.objects.create(started_at=timezone.now(), state=SyncState.FINISHED)
    run()

    assert mailbox.subjects[-1].endswith("Over: The SAML user sync has failed")


def test_damage_is_announced_once_however_often_it_is_found_and_an_intact_trail_never(
    mailbox: Mailbox,  # noqa: F811
    recipient: MailRecipient,  # noqa: F811
) -> None:
    make_user()
    assert watch_audit_trail(actor=ADMIN).intact
    run()
    assert (mailbox.subjects, VerificationRun.objects.count()) == ([], 1)
    assert not AuditEntry.objects.filter(event="audit_trail.verified").exists()

    act = next(each for each in SCENARIOS if each.code == EventCode.AUDIT_TRAIL_DAMAGED).prepare()
    for _ in range(3):
        act()
        run()
    found = AuditEntry.objects.filter(event="audit_trail.verified").values_list("after__intact", flat=True)
    assert (len(mailbox.subjects), list(found)) == (1, [False] * 3)
    plain = mailbox.got[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "(team.created) is not what was written" in plain

    entry_is_put_back()
    run()
    assert "How often: 3 times" in mailbox.got[1].get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_each_language_has_the_message_and_its_problem(
    mailbox: Mailbox,  # noqa: F811
    recipient: MailRecipient,  # noqa: F811
) -> None:
    MailRecipient.objects.update(language="de")
    next(each for each in SCENARIOS if each.code == EventCode.AUDIT_TRAIL_DAMAGED).prepare()()
    run()

    plain = mailbox.got[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Das Überwachungsprotokoll ist beschädigt" in plain
    assert "is not what was written" not in plain


def test_looking_for_ends_costs_one_statement_while_nothing_is_wrong() -> None:
    with CaptureQueriesContext(connection) as asked:
        end_causes(timezone.now())

    assert len(asked.captured_queries) == 1


def test_the_digest_counts_what_happened_and_names_what_ends(
    mailbox: Mailbox,  # noqa: F811
    recipient: MailRecipient,  # noqa: F811
) -> None:
    for _ in range(3):
        make_user()
    generate_key("Entra", expires_at=timezone.now() + timedelta(days=5), actor=ADMIN)
    SyncRun.objects.create(started_at=timezone.now(), state=SyncState.FINISHED, linked=2, conflicts=[{}])
    SyncRun.objects.create(started_at=timezone.now() - timedelta(hours=2), state=SyncState.FAILED)

    assert queue_digests(timezone.now() + timedelta(seconds=1)) == 1
    assert queue_digests(timezone.now() + timedelta(seconds=2)) == 0  # another beat's
    with time_machine.travel(timezone.now() + timedelta(seconds=5)):
        deliver_mail()

    (got,) = mailbox.got
    plain = got.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "People provisioned: 3" in plain.splitlines()
    for line in (
        "People who can sign in now: 2",
        "Syncs that failed: 1",
        "Conflicts that wait: 1",
    ):
        assert line in plain
    assert "Key: Entra ends" in plain


def test_there_is_no_digest_of_a_quiet_day_nor_for_whoever_wants_none(
    mailbox: Mailbox,  # noqa: F811
    recipient: MailRecipient,  # noqa: F811
) -> None:
    assert queue_digests(timezone.now()) == 0
    MailRecipient.objects.update(daily_digest=False)
    make_user()
    assert queue_digests(timezone.now() + timedelta(seconds=1)) == 0


def test_the_digest_costs_the_same_for_few_and_for_many(
    mailbox: Mailbox,  # noqa: F811
    recipient: MailRecipient,  # noqa: F811
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            queue_digests(timezone.now() + timedelta(seconds=1), is_asked_for=True)
        return len(asked.captured_queries)

    make_user()
    few = cost()
    for _ in range(20):
        make_user()
    assert cost() == few


def test_what_was_sent_long_ago_is_forgotten_unless_it_lasts(
    mailbox: Mailbox,  # noqa: F811
    recipient: MailRecipient,  # noqa: F811
) -> None:
    webhook, _ = create_webhook("https://receiver.example/", ["user.linked"], actor=ADMIN)
    pause_webhook(webhook.pk, actor=ADMIN, reason=PauseReason.GONE)
    run()
    MailMessage.objects.update(created_at="2020-01-01T00:00:00Z")
    OutboxEvent.objects.update(occurred_at="2020-01-01T00:00:00Z")
    prune_logs(timezone.now())
    assert (MailMessage.objects.count(), MailCause.objects.count(), OutboxEvent.objects.count()) == (1, 1, 1)

    resume_webhook(webhook.pk, actor=ADMIN)
    run()
    MailMessage.objects.update(created_at="2020-01-01T00:00:00Z")
    MailCause.objects.update(ended_at="2020-01-02T00:00:00Z")
    OutboxEvent.objects.update(occurred_at="2020-01-01T00:00:00Z")
    prune_logs(timezone.now())

    assert not MailMessage.objects.filter(kind=MailKind.OVER).exists()
    assert (MailMessage.objects.count(), MailCause.objects.count(), OutboxEvent.objects.count()) == (0, 0, 0)
