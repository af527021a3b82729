"""The pages of e-mail: what an administrator sees and does there."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from gatekeeper.events.codes import EVENT_LABELS, EventCode
from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.mail.causes import OPENING
from gatekeeper.events.mail.delivery import deliver_mail
from gatekeeper.events.mail.recipients import Wish, add_recipient, pause_recipient
from gatekeeper.events.models import MailKind, MailMessage, MailPauseReason, MailRecipient
from gatekeeper.events.outbox import emit
from gatekeeper.web.site_settings import log_pages
from tests.builders import ADMIN, PASSWORD
from tests.events.mail.conftest import use
from tests.events.mail.smtp import Mailbox, smtp_server
from tests.web.pages import queries_of, text_of

pytestmark = pytest.mark.django_db
PAGE = "/settings/mail/"


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with smtp_server() as server:
        use(settings, server)
        yield server.mailbox


@pytest.fixture
def recipient() -> MailRecipient:
    return add_recipient("ops@example.com", Wish(events=list(OPENING)), actor=ADMIN)


def page_of(recipient: MailRecipient) -> str:
    return f"{PAGE}{recipient.pk}/"


def test_without_a_mail_server_the_page_says_what_to_set(admin_client: Client) -> None:
    page = text_of(admin_client.get(PAGE))

    assert "No mail server is configured: nothing is sent." in page
    for name in ("EMAIL_HOST", "EMAIL_FROM", "EMAIL_USER", "EMAIL_PASSWORD"):
        assert name in page


def test_how_it_is_set_up_is_shown_without_the_password(admin_client: Client, settings: Any, mailbox: Mailbox) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "mailer", "not-to-be-seen"
    page = text_of(admin_client.get(PAGE))

    assert f"127.0.0.1:{settings.EMAIL_PORT}" in page
    assert "mailer" in page
    assert "not-to-be-seen" not in page


def test_a_recipient_is_added_changed_and_removed(admin_client: Client) -> None:
    page = text_of(admin_client.get(PAGE))
    for code in OPENING:
        assert re.search(f'value="{code}"[^>]*checked', page)
        assert f">{EVENT_LABELS[code]}</label>" in page

    form = {"address": " ops@example.com ", "language": "de", "events": ["sync.failed"]}
    page = text_of(admin_client.post(PAGE, form, follow=True))
    made = MailRecipient.objects.get()
    assert (made.address, made.language, made.events, made.daily_digest) == (
        "ops@example.com",
        "de",
        ["sync.failed"],
        False,
    )
    assert "ops@example.com is added." in page

    admin_client.post(page_of(made), {"language": "en-gb", "daily_digest": "on"})
    made.refresh_from_db()
    assert (made.language, made.events, made.daily_digest) == ("en-gb", [], True)

    asked = text_of(admin_client.get(f"{page_of(made)}remove/"))
    assert re.search(r'id="remove-recipient-dialog"[^>]*open', asked)
    page = text_of(admin_client.post(f"{page_of(made)}remove/", follow=True))
    assert "ops@example.com is removed" in page
    assert not MailRecipient.objects.exists()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"address": "nobody", "language": "de", "events": ["sync.failed"]}, "This is no e-mail address."),
        ({"address": "a@example.com\nBcc: b@example.com", "language": "de", "daily_digest": "on"}, "no e-mail address"),
        ({"address": "", "language": "de", "events": ["sync.failed"]}, "Say to whom"),
        ({"address": "a@example.com", "language": "de"}, "Choose at least one event, or the digest."),
        ({"address": "a@example.com", "language": "xx", "events": ["sync.failed"]}, "Choose from the list."),
        ({"address": "a@example.com", "language": "de", "events": ["user.linked"]}, "Choose from the list."),
        ({"address": "OPS@example.com", "language": "de", "events": ["sync.failed"]}, "is a recipient already."),
    ],
)
def test_what_cannot_be_added_is_said_beside_its_field(
    admin_client: Client, recipient: MailRecipient, form: dict[str, Any], words: str
) -> None:
    answer = admin_client.post(PAGE, form)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert MailRecipient.objects.count() == 1


def test_a_test_says_what_the_server_answered(admin_client: Client, mailbox: Mailbox, recipient: MailRecipient) -> None:
    page = text_of(admin_client.post(f"{page_of(recipient)}test/", follow=True))
    assert "The mail server has taken the test." in page
    assert len(mailbox.got) == 1

    mailbox.rcpt.append("550 5.1.1 no such mailbox")
    page = text_of(admin_client.post(f"{page_of(recipient)}test/", follow=True))
    assert "The test was not sent: the mail server refused the recipient: 550 5.1.1 no such mailbox" in page


def test_the_log_says_what_each_message_was_about(
    admin_client: Client, mailbox: Mailbox, recipient: MailRecipient
) -> None:
    mailbox.data.append("451 4.3.0 try later")
    with transaction.atomic():
        emit(EventCode.PROVISIONING_SILENT, actor=ADMIN, kind="site", object_id="provisioning")
    deliver_due([])
    deliver_mail()

    page = text_of(admin_client.get(page_of(recipient)))

    assert "Something has happened" in page
    assert str(EVENT_LABELS[EventCode.PROVISIONING_SILENT]) in page
    assert "the mail server does not take it now: 451 4.3.0 try later" in page
    assert "next attempt" in page


def test_who_is_paused_is_resumed(admin_client: Client, mailbox: Mailbox, recipient: MailRecipient) -> None:
    pause_recipient(recipient.pk, MailPauseReason.REFUSED, actor=ADMIN)
    page = text_of(admin_client.get(page_of(recipient)))
    assert "the mail server has refused five messages to it in a row" in page
    assert "paused" in text_of(admin_client.get(PAGE))

    page = text_of(admin_client.post(f"{page_of(recipient)}resume/", follow=True))

    assert "Resumed." in page
    recipient.refresh_from_db()
    assert recipient.paused_at is None


def test_the_log_is_turned_page_by_page(
    admin_client: Client, recipient: MailRecipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "PAGE", 3)
    for number in range(7):
        MailMessage.objects.create(recipient=recipient, kind=MailKind.DIGEST, problem=f"problem_{number}")
    seen, address = list[str](), page_of(recipient)
    for _ in range(3):
        page = text_of(admin_client.get(address))
        seen += re.findall(r"problem_\d", page)
        older = re.search(r'href="(\?before=\d+)"', page)
        address = page_of(recipient) + (older[1] if older else "?none")
    assert seen == [f"problem_{number}" for number in reversed(range(7))]
    assert admin_client.get(f"{page_of(recipient)}?before={'9' * 40}").status_code == 200


def test_what_was_typed_is_there_after_signing_in_again(admin_client: Client) -> None:
    form = {"address": "ops@example.com", "language": "de", "events": ["sync.failed"], "daily_digest": "on"}
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        again = admin_client.post(PAGE, form)["Location"]
        page = text_of(admin_client.post(again, {"password": PASSWORD}, follow=True))

    assert 'value="ops@example.com"' in page
    assert re.findall(r'value="([\w.]+)"[^>]*checked', page) == ["sync.failed"]
    assert re.search(r'name="daily_digest"[^>]*checked', page)


def test_the_pages_cost_the_same_for_few_and_for_many(admin_client: Client, recipient: MailRecipient) -> None:
    few = queries_of(admin_client, PAGE), queries_of(admin_client, page_of(recipient))
    for number in range(20):
        add_recipient(f"ops{number}@example.com", Wish(daily_digest=True), actor=ADMIN)
        MailMessage.objects.create(recipient=recipient, kind=MailKind.DIGEST)

    assert (queries_of(admin_client, PAGE), queries_of(admin_client, page_of(recipient))) == few
