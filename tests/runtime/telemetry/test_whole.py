"""Traces and error reports of real processes, received by real servers; nothing personal or secret is in them."""

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.runtime.telemetry.receivers import Received, ReceivedSpan, receiver
from tests.site import Site, wait_until

# Over the embedded broker worker and beat are one process.
PROCESSES = ("web", "worker", "beat") if os.environ.get("REDIS_URL") else ("web", "worker")
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"
SECRETS = {f"hidden{number:02}word" for number in range(20)}


@pytest.fixture(scope="module")
def received() -> Iterator[Received]:
    with receiver() as started:
        yield started


@pytest.fixture(scope="module")
def site(received: Received) -> Iterator[Site]:
    made = Site(
        processes=PROCESSES,
        environment={
            "DJANGO_SETTINGS_MODULE": "tests.runtime.telemetry.failing.settings",
            "OTEL_EXPORTER_OTLP_ENDPOINT": received.url,
            "OTEL_SERVICE_NAME": "gatekeeper-of-a-test",
            "SENTRY_DSN": received.dsn,
            "LOG_FORMAT": "json",
            "HTTP_PROXY": "http://127.0.0.1:9",  # the discard port: nothing goes through it
        },
    )
    try:
        yield made.start()
    finally:
        made.stop()


def spans(received: Received, trace_id: str, number: int) -> dict[str, ReceivedSpan]:
    """Those of a trace by their names, once there are so many."""

    def found() -> dict[str, ReceivedSpan]:
        return {one.name: one for one in received.spans if one.trace_id == trace_id}

    wait_until(lambda: len(found()) >= number, seconds=30, what=f"{number} spans of {trace_id}")
    return found()


def lines(site: Site, process: str, **wanted: str) -> list[dict[str, Any]]:
    """Those of the process's log that have these values."""
    objects = [json.loads(line) for line in site.log(process).read_text().splitlines() if line.startswith("{")]
    return [one for one in objects if wanted.items() <= one.items()]


def errors(received: Received, **tags: str) -> list[dict[str, Any]]:
    """Reports with these tags, once there are some."""

    def found() -> list[dict[str, Any]]:
        return [one for one in received.errors if tags.items() <= one["tags"].items()]

    wait_until(found, seconds=30, what=f"a report with {tags}")
    return found()


def test_a_trace_that_a_client_began_goes_on_through_the_request_into_the_task(site: Site, received: Received):
    answer = httpx.post(f"{site.url}/sends/ada/", headers={"traceparent": TRACEPARENT}, content=b"x")

    found = spans(received, TRACE_ID, 3)
    request, sent, run = (found[name] for name in ("POST sends", "send tests.fail_with", "run tests.fail_with"))
    assert (request.parent_id, sent.parent_id, run.parent_id) == ("b7ad6b7169203331", request.span_id, sent.span_id)
    assert request.attributes["http.route"] == "/sends/<str:name>/"
    assert request.attributes["http.response.status_code"] == answer.status_code == 200
    assert request.attributes["db.statements"] >= 1
    assert request.attributes["db.seconds"] > 0
    assert (request.has_failed, run.has_failed) == (False, True)
    assert run.attributes["error.type"] == "RuntimeError"
    assert run.attributes["db.statements"] >= 1
    assert request.resource["service.name"] == "gatekeeper-of-a-test"
    assert (request.resource["gatekeeper.process"], run.resource["gatekeeper.process"]) == ("web", "worker")
    assert request.resource["service.instance.id"] != run.resource["service.instance.id"]


def test_lines_of_the_log_name_the_trace_beside_the_request(site: Site, received: Received):
    trace = "1" * 32
    answer = httpx.post(f"{site.url}/sends/bo/", headers={"traceparent": f"00-{trace}-{'2' * 16}-01"}, content=b"x")

    of_the_request = wait_until(lambda: lines(site, "web", request_id=answer.headers["X-Request-ID"]))
    assert {line["trace_id"] for line in of_the_request} == {trace}
    of_the_task = wait_until(lambda: lines(site, "worker", trace_id=trace, level="error"))
    assert {line["request_id"] for line in of_the_task} == {answer.headers["X-Request-ID"]}


def test_each_scim_request_is_a_span_of_its_own(site: Site, received: Received):
    key = site.manage("scim_key", "generate", "--rotate")["api_key"]
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {key}"}) as client:
        for number in range(3):
            trace = f"{number + 5}" * 32
            client.get("/scim/v2/Users?count=1", headers={"traceparent": f"00-{trace}-{'2' * 16}-01"})
            (found,) = spans(received, trace, 1).values()
            assert found.attributes["http.route"].startswith("/scim/v2")
            assert found.attributes["db.statements"] >= 1


def test_a_request_and_a_task_that_fail_are_reported_once_each(site: Site, received: Received):
    httpx.post(f"{site.url}/fails/ada/", headers={"traceparent": f"00-{'a' * 32}-{'2' * 16}-01"}, content=b"x")
    httpx.post(f"{site.url}/sends/ada/", headers={"traceparent": f"00-{'b' * 32}-{'2' * 16}-01"}, content=b"x")

    of_requests = errors(received, process="web")
    (request,) = [one for one in of_requests if one["contexts"].get("trace", {}).get("trace_id") == "a" * 32]
    assert [(one["type"], one["value"]) for one in request["exception"]["values"]] == [
        ("LookupError", ""),
        ("RuntimeError", ""),
    ]
    assert request["exception"]["values"][1]["stacktrace"]["frames"][-1]["function"] == "fails"
    assert not any("vars" in frame for one in request["exception"]["values"] for frame in one["stacktrace"]["frames"])
    wait_until(lambda: [one for one in received.errors if one["contexts"].get("trace", {}).get("trace_id") == "b" * 32])
    time.sleep(1)  # a second report of it would be on its way
    (task,) = [one for one in received.errors if one["contexts"].get("trace", {}).get("trace_id") == "b" * 32]
    assert task["tags"]["process"] == "worker"
    assert task["exception"]["values"][-1]["type"] == "RuntimeError"


def test_nothing_that_a_hostile_request_holds_is_in_any_byte_that_leaves(site: Site, received: Received):
    hidden = iter(sorted(SECRETS))
    headers = {
        "Authorization": f"Bearer {next(hidden)}",
        "Cookie": f"gatekeeper_session={next(hidden)}; {next(hidden)}=1",
        "User-Agent": next(hidden),
        "X-Request-ID": next(hidden),
        "tracestate": f"vendor={next(hidden)}",
        "baggage": f"user={next(hidden)}",
        "sentry-trace": f"{'c' * 32}-{'d' * 16}-1",
        "X-Forwarded-For": next(hidden),
        "Referer": f"http://{next(hidden)}.example/",
        "traceparent": f"00-{'e' * 32}-{'2' * 16}-01",
    }
    name, query, body = next(hidden), f"{next(hidden)}={next(hidden)}", json.dumps({next(hidden): next(hidden)})
    in_method = next(hidden)
    with httpx.Client(base_url=site.url, headers=headers, timeout=60) as client:
        for path in (f"/fails/{name}/", f"/sends/{name}/", f"/scim/v2/Users/{name}", f"/no/such/{name}", "/sign-in/"):
            client.post(f"{path}?{query}", content=body)
            client.request(in_method.upper(), f"{path}?{query}", content=body)
        client.get("/healthz", headers={"traceparent": f"00-{next(hidden)}-{next(hidden)}-01"})
    wait_until(
        lambda: {"POST fails", "run tests.fail_with"} <= {s.name for s in received.spans if s.trace_id == "e" * 32}
    )
    wait_until(lambda: len([one for one in received.errors if one["contexts"]["trace"]["trace_id"] == "e" * 32]) >= 4)
    time.sleep(2)  # whatever else is on its way

    sent = received.raw.lower()
    assert [secret for secret in sorted(SECRETS) if secret.encode() in sent] == []
    assert next(hidden, None) is not None, "There are fewer secrets than places."
    assert b"_other" in sent
    assert received.others == []
    assert b"127.0.0.1:9" not in sent


def test_beat_begins_the_trace_of_each_task_that_it_sends(site: Site, received: Received):
    def by_beat() -> list[ReceivedSpan]:
        kind = "beat" if "beat" in PROCESSES else "worker"
        sent = [s for s in received.spans if s.name == "send health.heartbeat"]
        return [s for s in sent if s.resource["gatekeeper.process"] == kind]

    if "beat" not in PROCESSES:
        pytest.skip("Beat is a process of its own with Redis only.")
    (sent, *_) = wait_until(by_beat, seconds=90, what="a heartbeat that beat sends")
    assert spans(received, sent.trace_id, 2)["run health.heartbeat"].parent_id == sent.span_id
