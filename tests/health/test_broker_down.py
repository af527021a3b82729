"""A site whose broker is gone says so, quickly, and stays alive."""

import httpx
import pytest

from tests.site import free_port


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
