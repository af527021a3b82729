"""What may be done to a webhook, by services and by the command."""

import base64
import json
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from gatekeeper.audit.models import AuditEntry
from gatekeeper.errors import InvalidValue
from gatekeeper.events.codes import EventCode
from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.models import Webhook, WebhookDelivery
from gatekeeper.events.webhooks import receivers
from gatekeeper.events.webhooks.delivery import deliver_to_webhooks
from gatekeeper.events.webhooks.receivers import (
    TooManyWebhooks,
    WebhookNotFound,
    create_webhook,
    delete_webhook,
    pause_webhook,
    replay,
    resume_webhook,
    send_test,
)
from gatekeeper.events.webhooks.signing import signed_headers
from gatekeeper.health.checks.event_checks import check_webhooks
from gatekeeper.health.checks.result import Status
from gatekeeper.health.metrics import render
from gatekeeper.maintenance.resealing import reseal
from gatekeeper.secrets.sealing import unseal
from tests.builders import ADMIN
from tests.events.recording import happened
from tests.events.webhooks.receiver import Receiver
from tests.site import free_port

pytestmark = pytest.mark.django_db
URL = "https://receiver.example/events"


def run(*arguments: str) -> Any:
    out = StringIO()
    call_command("webhook", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def written() -> list[str]:
    return list(AuditEntry.objects.filter(object_kind="webhook").order_by("id").values_list("event", flat=True))


# ── The signature ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_signature_is_that_of_the_specification_s_own_example() -> None:
    """The values of the specification's reference libraries."""
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


# ── Services ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_secret_has_256_bits_is_stored_sealed_and_in_no_log() -> None:
    webhook, secret = create_webhook(URL, ["user.linked"], actor=ADMIN)

    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    stored = bytes(Webhook.objects.get().sealed_secret)
    assert secret.encode() not in stored
    assert unseal(stored, purpose="webhook secret").decode() == secret
    assert "/events" not in json.dumps(list(AuditEntry.objects.values("before", "after", "object_label")))
    assert secret not in json.dumps(list(AuditEntry.objects.values("before", "after", "object_label")))
    assert create_webhook(URL, ["user.linked"], actor=ADMIN)[1] != secret
    assert webhook.events == ["user.linked"]


def test_the_secret_moves_with_the_secret_key(settings: Any) -> None:
    secret = create_webhook(URL, ["user.linked"], actor=ADMIN)[1]
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the new secret key of this site and long enough"

    assert reseal(lambda *_: None).resealed["webhooks"] == 1

    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(bytes(Webhook.objects.get().sealed_secret), purpose="webhook secret").decode() == secret


@pytest.mark.parametrize(
    ("url", "public_url", "words"),
    [
        ("http://receiver.example/", "http://127.0.0.1:8000", "https://"),
        ("http://127.0.0.1:9/", "https://gk.example", "https://"),
        ("https://127.0.0.1:9/", "https://gk.example", "not a public address"),
        ("https://10.0.0.8/", "http://127.0.0.1:8000", "not a public address"),
        ("https://169.254.169.254/latest", "http://127.0.0.1:8000", "not a public address"),
        ("https://[fe80::1]/", "http://127.0.0.1:8000", "not a public address"),
        ("https://metadata.google.internal/", "https://gk.example", "not a public address"),
        ("https://somebody:secret@receiver.example/", "https://gk.example", "https://"),
        ("https://receiver.example/\r\nX: y", "https://gk.example", "https://"),
        ("file:///etc/passwd", "https://gk.example", "https://"),
        ("https://receiver.example/" + "x" * 1000, "https://gk.example", "https://"),
        ("", "https://gk.example", "https://"),
    ],
)
def test_an_address_that_may_not_be_asked_is_refused(settings: Any, url: str, public_url: str, words: str) -> None:
    settings.PUBLIC_URL = public_url

    with pytest.raises(InvalidValue, match=words):
        create_webhook(url, ["user.linked"], actor=ADMIN)
    assert not Webhook.objects.exists()


def test_a_private_address_is_taken_where_the_operator_allows_it(settings: Any) -> None:
    settings.PUBLIC_URL, settings.ALLOW_PRIVATE_ADDRESSES = "https://gk.example", True

    assert create_webhook("https://10.0.0.8/", ["user.linked"], actor=ADMIN)


@pytest.mark.parametrize(("events", "words"), [(["user.linked", "user.renamed"], "user.renamed"), (["", " "], "one")])
def test_unknown_events_and_none_are_refused(events: list[str], words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        create_webhook(URL, events, actor=ADMIN)


def test_their_number_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers, "MOST_WEBHOOKS", 1)
    create_webhook(URL, ["user.linked"], actor=ADMIN)

    with pytest.raises(TooManyWebhooks, match="the most"):
        create_webhook(URL, ["user.linked"], actor=ADMIN)


def test_each_change_is_in_the_audit_trail_and_what_changes_nothing_is_not(webhook: Webhook) -> None:
    assert pause_webhook(webhook.id, actor=ADMIN)
    assert not pause_webhook(webhook.id, actor=ADMIN)
    assert resume_webhook(webhook.id, actor=ADMIN)
    assert not resume_webhook(webhook.id, actor=ADMIN)
    assert replay(webhook.id, actor=ADMIN) == 0
    send_test(webhook.id, actor=ADMIN)
    delete_webhook(webhook.id, actor=ADMIN)

    assert written() == [
        "webhook.created",
        "webhook.paused",
        "webhook.resumed",
        "webhook.tested",
        "webhook.deleted",
    ]
    with pytest.raises(WebhookNotFound):
        pause_webhook(webhook.id, actor=ADMIN)


def test_a_test_is_signed_and_in_the_log_and_is_sent_to_a_paused_webhook_too(
    receiver: Receiver, made: tuple[Webhook, str]
) -> None:
    pause_webhook(made[0].id, actor=ADMIN)

    test = send_test(made[0].id, actor=ADMIN)

    (got,) = receiver.got
    assert got.verified_with(made[1])["event"] == "webhook.test"
    assert set(got.document) == {"id", "event", "occurred_at", "data"}
    stored = WebhookDelivery.objects.get()
    assert (stored.pk, stored.code, stored.state, stored.status) == (test.pk, "webhook.test", "delivered", 204)
    assert replay(made[0].id, actor=ADMIN, delivery_id=test.pk) == 0


# ── What an operator sees ────────────────────────────────────────────────────────────────────────────────────────


def test_doctor_and_metrics_name_what_is_paused_or_fails(receiver: Receiver, webhook: Webhook) -> None:
    def sample(name: str) -> float:
        (line,) = [each for each in render().decode().splitlines() if each.startswith(f"gatekeeper_webhook_{name}{{")]
        assert str(webhook.id) in line
        return float(line.rpartition(" ")[2])

    assert (check_webhooks().status, sample("paused"), sample("failures"), sample("waiting")) == (Status.OK, 0, 0, 0)

    receiver.status = 500
    happened(["one"])
    deliver_due()
    deliver_to_webhooks()
    assert (sample("failures"), sample("waiting")) == (1, 1)
    assert check_webhooks().status is Status.OK  # it is tried again by itself

    receiver.status = 410
    Webhook.objects.update(failures=0)
    happened(["two"])
    deliver_due()
    deliver_to_webhooks()
    assert sample("paused") == 1
    assert check_webhooks().status is Status.WARNING
    assert "410 Gone" in check_webhooks().detail

    resume_webhook(webhook.id, actor=ADMIN)
    pause_webhook(webhook.id, actor=ADMIN)
    assert check_webhooks().status is Status.OK  # an administrator knows


# ── The command ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_creates_lists_tests_and_deletes(receiver: Receiver) -> None:
    made = run("create", receiver.url, "--events", "user.linked,user.deleted")
    assert set(made) == {"webhook_id", "url", "events", "created_at", "secret"}
    assert made["events"] == ["user.linked", "user.deleted"]

    (listed,) = run("list")["webhooks"]
    assert {name: listed[name] for name in ("webhook_id", "url", "events", "created_at")} == {
        name: value for name, value in made.items() if name != "secret"
    }
    assert "secret" not in listed

    tested = run("test", made["webhook_id"])
    assert set(tested) == {"status", "latency_ms"}
    assert tested["status"] == 204
    assert receiver.got[0].verified_with(made["secret"])

    assert run("pause", made["webhook_id"])["changed"] is True
    assert run("resume", made["webhook_id"])["changed"] is True
    assert run("replay", made["webhook_id"]) == {"replayed": 0}
    assert run("delete", made["webhook_id"]) == {"deleted": made["webhook_id"]}
    assert run("list") == {"webhooks": []}


def test_the_command_refuses_with_one_line(receiver: Receiver, webhook: Webhook) -> None:
    for arguments, words in (
        (("create", "https://10.0.0.8/", "--events", "user.linked"), "not a public address"),
        (("create", URL, "--events", "user.renamed"), "there is no event user.renamed"),
        (("delete", str(uuid4())), "There is no webhook"),
        (("test", "nothing"), "There is no webhook nothing"),
    ):
        with pytest.raises(CommandError, match=words) as refusal:
            run(*arguments)
        assert refusal.value.returncode == 1
        assert "\n" not in str(refusal.value)
    assert [str(each.pk) for each in Webhook.objects.all()] == [str(webhook.pk)]


def test_a_test_that_is_not_accepted_ends_with_1(receiver: Receiver, webhook: Webhook) -> None:
    receiver.status = 500
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("webhook", "test", str(webhook.id), "--json", stdout=out)
    assert ended.value.code == 1
    assert json.loads(out.getvalue())["status"] == 500

    Webhook.objects.update(url=f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(CommandError, match="nothing listens there"):
        run("test", str(webhook.id))


def test_a_webhook_s_line_says_how_it_is_doing(webhook: Webhook) -> None:
    def line() -> str:
        out = StringIO()
        call_command("webhook", "list", stdout=out)
        return out.getvalue()

    assert "works, last accepted never" in line()
    pause_webhook(webhook.id, actor=ADMIN)
    assert "paused since" in line()
    assert EventCode.USER_LINKED in line()
