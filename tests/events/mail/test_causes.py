"""One message for each cause, then one that it is over; what comes again is counted."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from gatekeeper.events.codes import EventCode
from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.mail.causes import OPENING
from gatekeeper.events.mail.ceiling import MOST_AN_HOUR
from gatekeeper.events.mail.delivery import deliver_mail, is_mail_due
from gatekeeper.events.mail.queueing import end_cause
from gatekeeper.events.mail.recipients import Wish, add_recipient
from gatekeeper.events.mail.results import MOST_REFUSALS
from gatekeeper.events.models import MailCause, MailKind, MailMessage, MailRecipient, MailState, OutboxEvent
from gatekeeper.events.outbox import emit
from tests.builders import ADMIN
from tests.events.mail.smtp import Mailbox

pytestmark = pytest.mark.django_db
SILENT = {"last_request_at": "2026-03-03T03:12:09.501302+00:00"}


def emitted(code: EventCode, object_id: object = "1", /, **data: Any) -> None:
    with transaction.atomic():
        emit(code, actor=ADMIN, kind="thing", object_id=object_id, data=data)


def run() -> None:
    deliver_due([])
    deliver_mail()


def test_a_cause_is_announced_when_it_begins_and_when_it_is_over(mailbox: Mailbox, recipient: MailRecipient) -> None:
    emitted(EventCode.PROVISIONING_SILENT, **SILENT)
    run()
    emitted(EventCode.PROVISIONING_RESUMED, **SILENT)
    run()

    assert [each.partition("] ")[2] for each in mailbox.subjects] == [
        "The identity provider has fallen silent",
        "Over: The identity provider has fallen silent",
    ]
    began, over = mailbox.got
    assert over["In-Reply-To"] == began["Message-ID"]
    assert "How often: once" in over.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_what_comes_again_is_counted_and_not_sent(mailbox: Mailbox, recipient: MailRecipient) -> None:
    for _ in range(4):
        emitted(EventCode.SYNC_FAILED, scope="run", code="ZeroDivisionError")
        run()
    assert len(mailbox.got) == 1

    with transaction.atomic():
        end_cause(MailCause.objects.open().select_for_update().get(), timezone.now())
    run()

    assert "How often: 4 times" in mailbox.got[1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert not MailCause.objects.open().exists()


def test_a_key_that_comes_nearer_to_its_end_is_announced_again(mailbox: Mailbox, recipient: MailRecipient) -> None:
    for step in (30, 30, 7, 7, 0):
        key = {"id": "1", "name": "Entra", "hint": "gk_b97ee10"}
        emitted(EventCode.KEY_EXPIRING, key=key, step=step, expires_at=timezone.now().isoformat())
        run()

    assert [each.partition("] ")[2] for each in mailbox.subjects] == [
        "The key of Entra expires soon",
        "The key of Entra expires soon",
        "The key of Entra has expired",
    ]
    assert MailCause.objects.open().count() == 1


def test_a_site_without_a_mail_server_or_without_recipients_has_no_row(recipient: MailRecipient) -> None:
    emitted(EventCode.PROVISIONING_SILENT, **SILENT)
    run()
    assert not MailCause.objects.exists()
    with CaptureQueriesContext(connection) as asked:
        assert not is_mail_due()
    assert not asked.captured_queries


def test_who_does_not_want_an_event_is_not_written_to(mailbox: Mailbox, recipient: MailRecipient) -> None:
    MailRecipient.objects.update(events=["key.expiring"])

    emitted(EventCode.PROVISIONING_SILENT, **SILENT)
    run()

    assert (mailbox.got, MailCause.objects.count()) == ([], 0)


def test_no_more_than_a_dozen_an_hour_the_rest_as_one(mailbox: Mailbox, recipient: MailRecipient) -> None:
    for number in range(30):
        emitted(EventCode.BREAK_GLASS_USED, number, account=f"root-{number}@example.com", user={"id": str(number)})
    run()

    assert len(mailbox.got) == MOST_AN_HOUR
    assert mailbox.subjects[-1].endswith(f"{30 - MOST_AN_HOUR + 1} more messages as one")
    assert MailMessage.objects.filter(state=MailState.IN_SUMMARY).count() == 30 - MOST_AN_HOUR + 1

    emitted(EventCode.PROVISIONING_SILENT, **SILENT)
    run()
    assert len(mailbox.got) == MOST_AN_HOUR
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        run()
    assert mailbox.subjects[-1].endswith("has fallen silent")


def test_a_server_that_is_away_loses_nothing_and_keeps_the_order(mailbox: Mailbox, recipient: MailRecipient) -> None:
    mailbox.data.extend(["451 4.3.0 try later"] * 2)
    emitted(EventCode.PROVISIONING_SILENT, **SILENT)
    emitted(EventCode.PROVISIONING_RESUMED, **SILENT)
    now = timezone.now()
    for minutes in (0, 1, 10, 11):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            run()

    assert [each.partition("] ")[2][:4] for each in mailbox.subjects] == ["The ", "Over"]
    assert sorted(MailMessage.objects.values_list("attempts", flat=True)) == [1, 3]


def test_a_message_is_given_up_after_three_days(
    settings: Any, mailbox: Mailbox, recipient: MailRecipient, caplog: Any
) -> None:
    settings.EMAIL_HOST = "mail.invalid"
    emitted(EventCode.PROVISIONING_SILENT, **SILENT)
    now = timezone.now()
    for hours in (0, 24, 48, 73):
        with time_machine.travel(now + timedelta(hours=hours)):
            run()

    message = MailMessage.objects.get()
    assert (message.state, message.attempts, message.problem) == (MailState.FAILED, 4, "host_not_found")
    recipient.refresh_from_db()
    assert recipient.paused_at is None


def test_who_is_refused_for_good_is_paused_and_others_go_on(mailbox: Mailbox, recipient: MailRecipient) -> None:
    gone = add_recipient("gone@example.com", Wish(events=list(OPENING)), actor=ADMIN)
    mailbox.refused.add("gone@example.com")
    for number in range(MOST_REFUSALS + 1):
        emitted(EventCode.BREAK_GLASS_USED, number, account="root@example.com", user={"id": "1"})
        run()

    gone.refresh_from_db()
    assert (gone.paused_at is None, gone.pause_reason) == (False, "refused")
    assert gone.messages.filter(state=MailState.FAILED).count() == MOST_REFUSALS
    assert gone.messages.filter(state=MailState.WAITING).count() == 1
    assert len(mailbox.got) == MOST_REFUSALS + 1


def test_names_begin_no_header_and_no_element(mailbox: Mailbox, recipient: MailRecipient) -> None:
    name = "Ada\r\nBcc: eve@example.com\r\n\r\n<img src=x>"
    emitted(EventCode.PRIVILEGE_GAINED, user={"id": "1", "display_name": name}, level="global_administrator")
    run()

    (got,) = mailbox.got
    assert got["Bcc"] is None
    assert "Bcc: eve@example.com" in got["Subject"]  # as text
    html = got.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html


def test_it_is_written_in_the_recipient_s_language(mailbox: Mailbox, recipient: MailRecipient) -> None:
    MailRecipient.objects.update(language="de")
    emitted(EventCode.PROVISIONING_SILENT, **SILENT)
    run()

    (got,) = mailbox.got
    assert '<html lang="de"' in got.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Seit ungewöhnlich langer Zeit" in got.get_body(("plain",)).get_content()  # type: ignore[union-attr]


STEPS = st.lists(
    st.tuples(st.sampled_from(["silent", "resumed", "failed", "ended", "30", "7", "0", "run"]), st.sampled_from("12")),
    max_size=25,
)


class Generated(TestCase):
    """For any sequence of events each recipient has one message that a cause began, at most one that it is over."""

    @given(STEPS)
    def test_no_cause_is_announced_twice_and_none_is_lost(self, steps: list[tuple[str, str]]) -> None:
        with self.settings(EMAIL_HOST="mail.invalid", EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
            for number in "ab":
                add_recipient(f"{number}@example.com", Wish(events=list(OPENING)), actor=ADMIN)
            for what, object_id in steps:
                act(what, object_id)
            deliver_due([])
        check()


def act(what: str, object_id: str) -> None:
    if what == "silent":
        emitted(EventCode.PROVISIONING_SILENT, object_id, **SILENT)
    elif what == "resumed":
        emitted(EventCode.PROVISIONING_RESUMED, object_id, **SILENT)
    elif what == "failed":
        emitted(EventCode.SYNC_FAILED, object_id, scope="run", code="OSError")
    elif what.isdecimal():
        emitted(EventCode.KEY_EXPIRING, object_id, key={"id": object_id, "name": "K", "hint": "h"}, step=int(what))
    elif what == "run":
        deliver_due([])
        deliver_mail()
    else:
        deliver_due([])
        with transaction.atomic():
            for cause in MailCause.objects.open().select_for_update().filter(event__code=EventCode.SYNC_FAILED):
                end_cause(cause, timezone.now())


def check() -> None:
    opening = OutboxEvent.objects.exclude(code=EventCode.PROVISIONING_RESUMED)
    assert sum(MailCause.objects.values_list("times", flat=True)) == opening.count()  # none is lost
    for recipient in MailRecipient.objects.all():
        for cause in MailCause.objects.all():
            kinds = sorted(cause.messages.filter(recipient=recipient).values_list("kind", flat=True))
            is_announced = cause.ended_at is not None and not cause.is_superseded
            assert kinds == ([MailKind.OPENED, MailKind.OVER] if is_announced else [MailKind.OPENED])
    keys = list(MailCause.objects.open().values_list("key", flat=True))
    assert len(keys) == len(set(keys))
