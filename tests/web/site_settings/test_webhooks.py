"""The pages of webhooks: what an administrator sees and does there."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from gatekeeper.events.codes import EVENT_LABELS, WEBHOOK_EVENTS, EventCode
from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.models import PauseReason, Webhook, WebhookDelivery, WebhookDeliveryState
from gatekeeper.events.webhooks.delivery import deliver_to_webhooks
from gatekeeper.events.webhooks.receivers import create_webhook, pause_webhook
from gatekeeper.web.site_settings import log_pages
from tests.builders import ADMIN, PASSWORD
from tests.events.recording import happened
from tests.events.webhooks.receiver import Receiver, receiving
from tests.web.pages import queries_of, text_of

pytestmark = pytest.mark.django_db
PAGE = "/settings/webhooks/"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    with receiving() as running:
        yield running


@pytest.fixture
def webhook(receiver: Receiver) -> Webhook:
    return create_webhook(receiver.url, WEBHOOK_EVENTS, actor=ADMIN)[0]


def page_of(webhook: Webhook) -> str:
    return f"{PAGE}{webhook.pk}/"


def run() -> None:
    deliver_due()
    deliver_to_webhooks()


def test_every_event_has_a_label_and_is_offered_with_its_code(admin_client: Client) -> None:
    assert set(EVENT_LABELS) == set(EventCode)
    page = text_of(admin_client.get(PAGE))

    for code in EventCode:
        assert (f'value="{code}"' in page) == (code in WEBHOOK_EVENTS)
        assert (f">{EVENT_LABELS[code]}</label>" in page) == (code in WEBHOOK_EVENTS)


def test_a_webhook_is_added_and_its_secret_shown_this_one_time(admin_client: Client, receiver: Receiver) -> None:
    answer = admin_client.post(PAGE, {"url": receiver.url, "events": ["user.linked", "key.expiring"]})

    page = text_of(answer)
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]{44}", page))
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Copy & Save" in page
    made = Webhook.objects.get()
    assert made.events == ["user.linked", "key.expiring"]
    for address in (PAGE, page_of(made)):
        again = text_of(admin_client.get(address))
        assert receiver.url in again
        assert secret not in again
        assert "whsec_" not in again


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"url": "http://receiver.example/", "events": ["user.linked"]}, "must begin with https://"),
        ({"url": "https://10.0.0.8/", "events": ["user.linked"]}, "not a public address"),
        ({"url": "", "events": ["user.linked"]}, "Say where"),
        ({"url": "https://receiver.example/"}, "Choose at least one event."),
        ({"url": "https://receiver.example/", "events": ["user.renamed"]}, "Choose from the list."),
    ],
)
def test_what_cannot_be_added_is_said_beside_its_field_and_stays_there(
    admin_client: Client, form: dict[str, Any], words: str
) -> None:
    answer = admin_client.post(PAGE, form)

    assert answer.status_code == 422
    page = text_of(answer)
    assert words in page
    assert not Webhook.objects.exists()
    if form["url"]:
        assert f'value="{form["url"]}"' in page
    if form.get("events") == ["user.linked"]:
        assert re.search(r'value="user.linked"[^>]*checked', page)


def test_a_test_says_what_was_answered(admin_client: Client, receiver: Receiver, webhook: Webhook) -> None:
    page = text_of(admin_client.post(f"{page_of(webhook)}test/", follow=True))
    assert "The test was answered 204 after" in page
    assert "A test" in page

    receiver.status = 503
    page = text_of(admin_client.post(f"{page_of(webhook)}test/", follow=True))
    assert "The test was not accepted: the address answered 503." in page


def test_the_log_shows_what_came_of_each_delivery(admin_client: Client, receiver: Receiver, webhook: Webhook) -> None:
    happened(["one"])
    run()
    receiver.status = 500
    happened(["two"], EventCode.SYNC_FAILED)
    run()
    receiver.status = 302
    happened(["three"], EventCode.KEY_EXPIRING)
    run()

    page = text_of(admin_client.get(page_of(webhook)))

    assert str(EVENT_LABELS[EventCode.ACCESS_CHANGED]) in page
    assert re.search(r"204 after \d+ ms", page)
    assert re.search(r"500 after \d+ ms", page)
    assert "the address answered 302, a redirect, which is not followed." in page
    assert "next attempt" in page
    assert "It has accepted nothing since" in page


def test_failed_ones_are_listed_and_sent_again(admin_client: Client, receiver: Receiver, webhook: Webhook) -> None:
    happened(["one", "two", "three"])
    run()
    failed = list(WebhookDelivery.objects.order_by("pk")[:2])
    WebhookDelivery.objects.filter(pk__in=[each.pk for each in failed]).update(state=WebhookDeliveryState.FAILED)

    page = text_of(admin_client.get(f"{page_of(webhook)}?state=failed"))
    assert all(str(each.message_id) in page for each in failed)
    assert str(WebhookDelivery.objects.latest("pk").message_id) not in page

    again = text_of(admin_client.post(f"{page_of(webhook)}replay/", follow=True))
    assert "2 deliveries are sent again, with the same ids." in again
    one = WebhookDelivery.objects.latest("pk")
    again = text_of(admin_client.post(f"{page_of(webhook)}replay/", {"delivery": one.pk}, follow=True))
    assert "1 delivery is sent again, with the same id." in again
    run()
    assert len(receiver.got) == 6
    assert admin_client.post(f"{page_of(webhook)}replay/", {"delivery": "x"}).status_code == 404


def test_the_log_is_turned_page_by_page(
    admin_client: Client, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "PAGE", 3)
    made = [WebhookDelivery.objects.create(webhook=webhook) for _ in range(7)]
    seen, address = list[str](), page_of(webhook)
    for _ in range(3):
        page = text_of(admin_client.get(address))
        seen += re.findall(r"<code>([0-9a-f-]{36})</code>", page)
        older = re.search(r'href="(\?before=\d+)"', page)
        address = page_of(webhook) + (older[1] if older else "?none")
    assert seen == [str(each.message_id) for each in reversed(made)]
    assert admin_client.get(f"{page_of(webhook)}?before={'9' * 40}").status_code == 200


def test_it_is_paused_and_resumed_and_the_page_says_why(admin_client: Client, webhook: Webhook) -> None:
    page = text_of(admin_client.post(f"{page_of(webhook)}pause/", follow=True))
    assert "an administrator has paused it" in page
    page = text_of(admin_client.post(f"{page_of(webhook)}resume/", follow=True))
    assert "Resumed." in page
    pause_webhook(webhook.pk, actor=ADMIN, reason=PauseReason.NO_SUCCESS)
    assert "it has accepted nothing for three days" in text_of(admin_client.get(page_of(webhook)))
    assert "paused" in text_of(admin_client.get(PAGE))


def test_it_is_deleted_after_a_question_without_scripts_too(admin_client: Client, webhook: Webhook) -> None:
    asked = text_of(admin_client.get(f"{page_of(webhook)}delete/"))
    assert re.search(r'id="delete-webhook-dialog"[^>]*open', asked)
    assert Webhook.objects.exists()

    page = text_of(admin_client.post(f"{page_of(webhook)}delete/", follow=True))

    assert f"{webhook.url} is deleted" in page
    assert not Webhook.objects.exists()
    assert admin_client.get(page_of(webhook)).status_code == 404
    assert admin_client.post(f"{PAGE}{uuid4()}/pause/").status_code == 404


def test_what_was_typed_is_there_after_signing_in_again(admin_client: Client) -> None:
    form = {"url": "https://receiver.example/", "events": ["user.linked", "sync.failed"]}
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        again = admin_client.post(PAGE, form)["Location"]
        assert not Webhook.objects.exists()
        page = text_of(admin_client.post(again, {"password": PASSWORD}, follow=True))

    assert 'value="https://receiver.example/"' in page
    assert re.findall(r'value="([\w.]+)"[^>]*checked', page) == form["events"]


def test_the_pages_cost_the_same_for_few_and_for_many(admin_client: Client, webhook: Webhook) -> None:
    few = queries_of(admin_client, PAGE), queries_of(admin_client, page_of(webhook))
    for _ in range(5):
        create_webhook(webhook.url, WEBHOOK_EVENTS, actor=ADMIN)
    happened(range(40))
    run()

    assert (queries_of(admin_client, PAGE), queries_of(admin_client, page_of(webhook))) == few
    assert max(few) <= 12
