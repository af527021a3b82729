"""Deliveries: signed, at least once, retried for three days, and no receiver holds up another one."""

import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import WebhookVerificationError
from structlog.testing import capture_logs

from gatekeeper.audit.models import AuditEntry
from gatekeeper.celery import app
from gatekeeper.events.codes import WEBHOOK_EVENTS, EventCode
from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.models import OutboxEvent, PauseReason, Webhook, WebhookDelivery, WebhookDeliveryState
from gatekeeper.events.retention import erase_from_outbox, forget_delivered, forget_webhook_deliveries
from gatekeeper.events.tasks import deliver
from gatekeeper.events.webhooks import delivery
from gatekeeper.events.webhooks.delivery import deliver_to_webhooks
from gatekeeper.events.webhooks.receivers import create_webhook, delete_webhook, pause_webhook, replay, resume_webhook
from gatekeeper.events.webhooks.results import problem_text
from gatekeeper.events.webhooks.retries import DEAD_AFTER, MOST_ATTEMPTS, RETRY_AFTER, SPREAD, next_attempt
from gatekeeper.outbound import name_resolution, posting
from tests.builders import ADMIN, make_user
from tests.events.recording import happened
from tests.events.webhooks.receiver import Delivered, Receiver, receiving
from tests.saml.misbehaving import DRIPPING, misbehaving
from tests.site import free_port

pytestmark = pytest.mark.django_db
Made = tuple[Webhook, str]
START = datetime.fromisoformat("2026-03-03T09:00:00Z")


def run() -> timedelta | None:
    """What the scheduler does each minute."""
    deliver_due()
    return deliver_to_webhooks()


def only_delivery() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def told(entry: WebhookDelivery) -> str:
    return problem_text(entry.problem, entry.parameters)


# ── What is sent ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_delivery_is_signed_as_the_specification_s_library_verifies_it(receiver: Receiver, made: Made) -> None:
    user = make_user("ada@example.com")

    run()

    (got,) = receiver.got
    event = OutboxEvent.objects.get()
    assert got.verified_with(made[1]) == got.document
    assert set(got.document) == {"id", "event", "occurred_at", "data"}
    assert got.headers["webhook-id"] == got.document["id"] == str(event.public_id)
    assert (got.document["event"], got.document["data"]["user"]["id"]) == ("user.provisioned", str(user.id))
    assert datetime.fromisoformat(got.document["occurred_at"]) == event.occurred_at
    assert got.document["occurred_at"].endswith("Z")
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 60
    assert (got.headers["content-type"], got.headers["user-agent"]) == ("application/json", "Gatekeeper")


def test_another_secret_or_another_body_is_not_believed(receiver: Receiver, made: Made) -> None:
    other = create_webhook(receiver.url, ["user.deleted"], actor=ADMIN)[1]
    happened(["one"])
    run()

    (got,) = receiver.got
    with pytest.raises(WebhookVerificationError):
        got.verified_with(other)
    with pytest.raises(WebhookVerificationError):
        Delivered(got.headers, got.body + b" ").verified_with(made[1])


def test_a_webhook_gets_the_events_that_it_wants_and_what_happens_after_it_was_added(receiver: Receiver) -> None:
    happened(["before"], EventCode.USER_DELETED)  # not looked at yet when the webhook is added
    create_webhook(receiver.url, ["user.deleted", "sync.failed"], actor=ADMIN)
    for code in EventCode:
        happened(["one"], code)

    run()

    assert sorted(receiver.events) == ["sync.failed", "user.deleted"]


def test_the_log_says_what_was_answered_and_how_quickly(receiver: Receiver, webhook: Webhook) -> None:
    happened(["one"])

    run()

    entry = only_delivery()
    assert (entry.state, entry.status, entry.attempts, entry.problem) == ("delivered", 204, 1, "")
    assert entry.milliseconds is not None
    assert entry.attempted_at
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.run) == (0, None)
    assert webhook.last_success_at


def test_many_events_are_delivered_once_each_and_a_few_at_a_time(receiver: Receiver, webhook: Webhook) -> None:
    receiver.before = lambda _: time.sleep(0.005)
    happened(range(120))

    run()
    run()

    assert len(receiver.got) == len({each["id"] for each in receiver.documents}) == 120
    assert 1 < receiver.most_at_once <= delivery.AT_ONCE


def test_what_was_erased_is_not_sent_any_more(receiver: Receiver, webhook: Webhook) -> None:
    receiver.status = 500
    user = make_user("ada@example.com")
    run()
    erase_from_outbox(user.id)
    replay_now()

    assert "ada@example.com" in receiver.got[0].body.decode()
    assert receiver.documents[-1]["data"] == {"user": {"id": str(user.id)}, "erased": True}


def replay_now() -> None:
    WebhookDelivery.objects.update(due_at=timezone.now())
    deliver_to_webhooks()


# ── Retries ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_failure_is_tried_again_with_the_same_id_and_a_signature_of_its_own(receiver: Receiver, made: Made) -> None:
    receiver.answers = [500, 503]
    with time_machine.travel(START, tick=False) as clock:
        happened(["one"])
        again = run()
        assert again is not None
        assert again <= timedelta(seconds=60)
        clock.shift(again)
        assert run() is None
        clock.shift(timedelta(minutes=4))
        run()
        for got in receiver.got[2:]:
            assert got.verified_with(made[1])

    assert len(receiver.got) == 3
    assert len({each.headers["webhook-id"] for each in receiver.got}) == 1
    assert len({each.headers["webhook-signature"] for each in receiver.got}) == 3
    assert (only_delivery().state, only_delivery().attempts) == ("delivered", 3)


def test_the_retries_go_on_for_three_days_and_the_first_two_come_soon() -> None:
    after = [next_attempt(number, START) for number in range(1, MOST_ATTEMPTS + 1)]

    waits = [moment - START for moment in after if moment]
    assert after[-1] is None
    assert waits[0] <= timedelta(seconds=60)
    assert waits[1] + timedelta(minutes=1) <= timedelta(minutes=5)  # the scheduler looks each minute
    assert timedelta(days=3) <= sum(RETRY_AFTER, timedelta()) * (1 - SPREAD) <= timedelta(days=4)
    assert len({next_attempt(3, START) for _ in range(20)}) > 1


def test_what_has_failed_ten_times_is_given_up_and_can_be_sent_again(receiver: Receiver, webhook: Webhook) -> None:
    receiver.status = 500
    happened(["one"])
    deliver_due()
    WebhookDelivery.objects.update(attempts=MOST_ATTEMPTS - 1)
    with capture_logs() as lines:
        deliver_to_webhooks()

    assert only_delivery().state == WebhookDeliveryState.FAILED
    assert told(only_delivery()) == "the address answered 500."
    assert [line["event"] for line in lines] == ["webhook_delivery_given_up"]
    receiver.status = 200
    assert deliver_to_webhooks() is None
    assert replay(webhook.id, actor=ADMIN) == 1
    deliver_to_webhooks()
    assert (only_delivery().state, only_delivery().attempts) == ("delivered", 1)
    assert len({each["id"] for each in receiver.documents}) == 1


def test_one_delivery_is_sent_again_when_somebody_asks_and_a_waiting_one_only_once(
    receiver: Receiver, webhook: Webhook
) -> None:
    happened(["one", "two"])
    run()
    chosen = WebhookDelivery.objects.latest("id")

    assert replay(webhook.id, actor=ADMIN, delivery_id=chosen.pk) == 1
    assert replay(webhook.id, actor=ADMIN, delivery_id=chosen.pk) == 0
    run()

    assert [each["id"] for each in receiver.documents].count(str(chosen.message_id)) == 2
    assert len(receiver.got) == 3


def test_the_task_asks_for_the_first_retry_since_the_scheduler_would_come_too_late(
    receiver: Receiver, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    task = app.tasks["events.deliver_webhooks"]

    def apply_async(*arguments: Any, countdown: float = 0, **options: Any) -> Any:
        if countdown:
            asked.append(countdown)
            return None
        return task.run()

    monkeypatch.setattr(task, "apply_async", apply_async)
    receiver.answers = [500]
    happened(["one"])

    deliver()

    assert len(receiver.got) == 1
    assert asked == [30.0]


# ── Receivers that fail ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_redirect_is_not_followed(webhook: Webhook, receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.status, receiver.headers = 307, {"Location": elsewhere.url}
        happened(["one"])
        run()
        assert elsewhere.got == []

    assert told(only_delivery()) == "the address answered 307, a redirect, which is not followed."
    assert only_delivery().state == WebhookDeliveryState.WAITING


def test_gone_pauses_at_once(webhook: Webhook, receiver: Receiver) -> None:
    receiver.status = 410
    happened(["one", "two"])

    with capture_logs() as lines:
        run()

    webhook.refresh_from_db()
    assert (webhook.pause_reason, webhook.paused_at is not None) == (PauseReason.GONE, True)
    assert len(receiver.got) <= delivery.AT_ONCE
    assert "webhook_paused" in [line["event"] for line in lines]
    entry = AuditEntry.objects.get(event="webhook.paused")
    assert (entry.actor_kind, entry.object_id, entry.after["reason"]) == ("clock", str(webhook.id), "gone")


def test_who_accepts_nothing_for_three_days_is_paused_and_gets_everything_once_it_is_resumed(webhook: Webhook) -> None:
    Webhook.objects.update(url=f"http://127.0.0.1:{free_port()}/")
    with time_machine.travel(START, tick=False) as clock:
        happened(range(30))
        while timezone.now() < START + DEAD_AFTER + timedelta(days=1):
            happened(["later"])
            run()
            clock.shift(timedelta(hours=1))
    webhook.refresh_from_db()
    assert (webhook.pause_reason, webhook.paused_at is not None) == (PauseReason.NO_SUCCESS, True)
    assert webhook.paused_at is not None
    assert START + DEAD_AFTER <= webhook.paused_at <= START + DEAD_AFTER + timedelta(hours=2)
    waiting = WebhookDelivery.objects.waiting().count()
    assert waiting > 100

    with receiving() as mended, time_machine.travel(START + timedelta(days=5), tick=False):
        Webhook.objects.update(url=mended.url)
        resume_webhook(webhook.id, actor=ADMIN)
        run()

    assert len({each["id"] for each in mended.documents}) == len(mended.got) == waiting


def test_a_dead_receiver_costs_few_requests_and_what_waits_keeps_its_attempts(
    webhook: Webhook, receiver: Receiver
) -> None:
    receiver.status = 500
    happened(range(200))

    run()

    assert len(receiver.got) <= delivery.PROBES + delivery.AT_ONCE
    assert WebhookDelivery.objects.waiting().filter(attempts=0).count() >= 200 - len(receiver.got)


def test_events_that_a_receiver_always_refuses_do_not_keep_the_others_from_it(
    webhook: Webhook, receiver: Receiver
) -> None:
    happened(range(30), EventCode.KEY_EXPIRING)
    receiver.status = 400
    with time_machine.travel(timezone.now(), tick=False) as clock:
        run()
        receiver.status = 200
        happened(range(5), EventCode.USER_LINKED)
        WebhookDelivery.objects.filter(event__code="key.expiring", attempts=0).delete()
        WebhookDelivery.objects.filter(attempts__gt=0).update(due_at=timezone.now() + timedelta(hours=5))
        clock.shift(delivery.PROBE_EVERY)
        run()

    assert receiver.events.count("user.linked") == 5


def test_a_success_among_failures_is_no_dead_receiver(webhook: Webhook, receiver: Receiver) -> None:
    Webhook.objects.update(failing_since=timezone.now() - DEAD_AFTER, failures=40)
    happened(["one"])
    run()
    receiver.status = 500
    happened(["two"])
    run()

    webhook.refresh_from_db()
    assert (webhook.paused_at, webhook.failures) == (None, 1)


def test_a_paused_webhook_is_sent_nothing_and_then_what_has_waited(webhook: Webhook, receiver: Receiver) -> None:
    pause_webhook(webhook.id, actor=ADMIN)
    happened(["one"])
    run()
    assert receiver.got == []

    resume_webhook(webhook.id, actor=ADMIN)
    run()

    assert len(receiver.got) == 1


def test_a_receiver_that_hangs_holds_up_no_other_one(
    webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 4.0)
    late = threading.Event()
    receiver.before = lambda _: late.wait(30) and None
    quick_ones: list[float] = []
    with receiving() as quick:
        create_webhook(quick.url, WEBHOOK_EVENTS, actor=ADMIN)
        happened(range(20))
        started = time.monotonic()
        quick.before = lambda _: quick_ones.append(time.monotonic() - started)
        run()
        took = time.monotonic() - started
    late.set()

    assert len(quick_ones) == 20
    assert max(quick_ones) < 4, "each before the other one was given up"
    assert took < 12
    hung = webhook.deliveries.exclude(problem="").order_by("id").first()
    assert hung is not None
    assert told(hung) == "the address took too long to answer."


@pytest.mark.parametrize("script", ["the status line, a byte at a time", "interim answers without end"])
def test_an_answer_that_drips_is_given_up(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 0.4)
    with misbehaving(DRIPPING[script], every=0.02) as address:
        create_webhook(address, WEBHOOK_EVENTS, actor=ADMIN)
        happened(["one"])
        run()

    assert only_delivery().problem in {"too_slow", "endless_headers"}


def test_a_body_without_end_is_not_read(webhook: Webhook, receiver: Receiver) -> None:
    receiver.status, receiver.headers, receiver.body = 200, {"Content-Length": "900000000"}, b"x" * 5_000_000
    happened(["one"])

    run()

    assert only_delivery().state == WebhookDeliveryState.DELIVERED


def test_nothing_listens_is_said_in_words(webhook: Webhook) -> None:
    Webhook.objects.update(url=f"http://127.0.0.1:{free_port()}/")
    happened(["one"])
    run()

    assert (only_delivery().status, told(only_delivery())) == (
        None,
        "the address could not be read (nothing listens there).",
    )


def test_a_secret_that_cannot_be_read_any_more_is_said_and_sends_nothing(
    webhook: Webhook, receiver: Receiver, settings: Any
) -> None:
    settings.SECRET_KEY = "another one that is long enough for this site"
    happened(["one"])

    run()

    assert receiver.got == []
    assert "SECRET_KEY" in told(only_delivery())


# ── Addresses ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_is_checked_again_when_it_is_connected_to(
    receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that led outside when the webhook was added, and leads inside now (DNS rebinding)."""
    settings.PUBLIC_URL = "https://gk.example"
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    create_webhook(f"https://receiver.example:{port}/", WEBHOOK_EVENTS, actor=ADMIN)
    monkeypatch.setattr(name_resolution.socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", port))])
    happened(["one"])

    run()

    assert receiver.got == []
    assert told(only_delivery()) == "the host receiver.example is not a public address."


# ── What ends ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_log_keeps_its_events(webhook: Webhook, receiver: Receiver) -> None:
    happened(["old", "waiting"])
    run()
    last = WebhookDelivery.objects.latest("id")
    WebhookDelivery.objects.filter(pk=last.pk).update(state=WebhookDeliveryState.WAITING)
    OutboxEvent.objects.update(occurred_at=timezone.now() - timedelta(days=31))

    month_ago = timezone.now() - timedelta(days=30)

    assert forget_delivered(month_ago) == 0  # what a log shows has its event

    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert forget_webhook_deliveries(month_ago) == 2
    assert forget_delivered(month_ago) == 2
    assert not WebhookDelivery.objects.exists()


def test_a_webhook_that_is_deleted_while_it_is_delivered_to_is_no_failure(webhook: Webhook, receiver: Receiver) -> None:
    happened(["one"])
    deliver_due()
    taken = list(WebhookDelivery.objects.select_related("event"))
    delete_webhook(webhook.id, actor=ADMIN)

    delivery.write_down(taken[0], delivery.Attempt(status=500, problem="status", parameters={"status": 500}))

    assert not WebhookDelivery.objects.exists()
    run()
    assert receiver.got == []
