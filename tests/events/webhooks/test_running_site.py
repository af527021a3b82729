"""From a SCIM request to a receiver, through real processes and the real broker; and several workers at once."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx

from tests.events.test_workers import WRITE, finish, shell
from tests.events.webhooks.receiver import Receiver, receiving
from tests.site import ROOT, Site, wait_until

EVENTS, WORKERS = 150, 3
DELIVER = """
from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.models import OutboxEvent, WebhookDelivery
from gatekeeper.events.webhooks.delivery import deliver_to_webhooks
while OutboxEvent.objects.filter(is_queued=False).exists() or WebhookDelivery.objects.waiting().exists():
    deliver_due()
    deliver_to_webhooks()
"""


def add(site: Site, receiver: Receiver, events: str) -> Any:
    return site.manage("webhook", "create", receiver.url, "--events", events)


def provision(site: Site, name: str) -> None:
    key = site.manage("scim_key", "generate", "--rotate")["api_key"]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=f"{site.url}/scim/v2", headers=headers, timeout=30) as scim:
        assert scim.post("/Users", json={"userName": name}).status_code == 201


def test_a_request_s_event_comes_signed_within_seconds_and_its_first_retry_within_a_minute(
    make_site: Callable[..., Site],
) -> None:
    site = make_site(processes=("web", "worker"))  # no scheduler: the site asks for each of the two by itself
    with receiving(answers=[503]) as receiver:
        made = add(site, receiver, "user.provisioned")
        provision(site, "ada@example.com")
        wait_until(lambda: receiver.got, seconds=30, what="the delivery")
        failed_at = time.monotonic()
        wait_until(lambda: len(receiver.got) > 1, seconds=60, what="the first retry")

        assert time.monotonic() - failed_at <= 60
        first, second = receiver.got
        assert first.verified_with(made["secret"])["data"]["user"]["user_name"] == "ada@example.com"
        assert first.body == second.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        wait_until(lambda: site.manage("webhook", "list")["webhooks"][0]["last_success_at"], what="the end of it")


def test_workers_at_once_deliver_each_event_once_to_each_webhook(make_site: Callable[..., Site]) -> None:
    site = make_site(processes=())
    with receiving() as one, receiving() as other:
        for each in (one, other):
            add(site, each, "sync.failed")
        finish(shell(site, WRITE.format(events=EVENTS, objects=5)))

        finish(*(shell(site, DELIVER) for _ in range(WORKERS)))

        for each in (one, other):
            assert Counter(each["data"]["number"] for each in each.documents) == Counter(range(EVENTS))


def test_what_a_killed_worker_had_is_delivered_by_another_one(make_site: Callable[..., Site]) -> None:
    site = make_site(processes=())
    with receiving(before=lambda _: time.sleep(0.02)) as receiver:
        add(site, receiver, "sync.failed")
        finish(shell(site, WRITE.format(events=EVENTS, objects=5)))
        dying = shell(site, DELIVER)
        wait_until(lambda: len(receiver.got) > EVENTS // 4, what="some deliveries")
        dying.kill()
        dying.wait(timeout=20)
        over = "from gatekeeper.events.models import Webhook; Webhook.objects.update(run_until='2020-01-01T00:00:00Z')"
        subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", over],
            cwd=ROOT,
            env=site.environment,
            check=True,
        )

        finish(shell(site, DELIVER))

        times = Counter(each["data"]["number"] for each in receiver.documents)
        assert set(times) == set(range(EVENTS))
        assert sum(times.values()) <= EVENTS + 4  # those that were on their way
