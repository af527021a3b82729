"""A site whose broker is gone says so, quickly, and stays alive."""

import httpx
import pytest

from gatekeeper.celery import app
from tests.chaos.servers import RedisServer
from tests.site import free_port, wait_until

SEND = "from gatekeeper.health.tasks import heartbeat; heartbeat.delay()"


@pytest.fixture
def site(make_site):
    return make_site(processes=("web",), environment={"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"})


def test_readyz_names_the_broker_that_does_not_answer_and_liveness_stays_green(site):
    answer = httpx.get(f"{site.url}/readyz", timeout=20)

    broker = {check["name"]: check for check in answer.json()["checks"]}["broker"]
    assert answer.status_code == 200, "requests are answered without a broker"
    assert broker["status"] == "failed"
    assert broker["fix"] == "Start Redis, or correct REDIS_URL."
    assert httpx.get(f"{site.url}/healthz").status_code == 200


def test_a_worker_waits_for_its_broker_and_works_once_it_is_there(make_site, tmp_path):
    redis = RedisServer(tmp_path)
    site = make_site(processes=("worker",), environment={"REDIS_URL": redis.url})
    waits = "Cannot connect to redis"
    wait_until(lambda: site.log("worker").read_text().count(waits) > 1, what="a second try")

    redis.start()
    try:
        site.manage("shell", "--no-imports", "-c", SEND, as_json=False)
        wait_until(lambda: "task_succeeded" in site.log("worker").read_text(), what="a task")
    finally:
        redis.kill()


def test_a_worker_never_gives_its_broker_up():
    assert app.conf.broker_connection_max_retries is None, "Celery's own hundred tries take three quarters of an hour"
    assert app.conf.broker_connection_retry_on_startup
