"""Are the broker, the worker, beat and the web server at the public address there?"""

import httpx
from django.conf import settings
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from gatekeeper.celery import app
from gatekeeper.health import heartbeats, living_processes
from gatekeeper.health.checks.result import Check, failed, ok, one_line, warning
from gatekeeper.health.heartbeats import Process

BROKER_TIMEOUT = 3  # seconds
OWN_ADDRESS_TIMEOUT = 5  # seconds


def check_broker() -> Check:
    """Whether a task could be handed over now."""
    kind = "Redis" if settings.REDIS_URL else "The embedded broker"
    try:
        with app.connection_for_write(connect_timeout=BROKER_TIMEOUT) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=BROKER_TIMEOUT)
    except (OSError, KombuError, RedisError) as error:
        fix = "Start Redis, or correct REDIS_URL." if settings.REDIS_URL else "Make DATA_DIR/broker writable."
        return failed("broker", f"{kind} does not answer: {one_line(error)}", fix)
    return ok("broker", f"{kind} answers.")


def check_worker() -> Check:
    """Whether a worker has run the last heartbeat task, and whether one of several has stopped."""
    return _alive("worker", Process.WORKER, "Start the Celery worker (Procfile, line 'worker').")


def check_beat() -> Check:
    """Whether one beat at least runs: there is no sync at minute 45 without. Of several, one that stopped is named."""
    return _alive("beat", Process.BEAT, "Start Celery beat (Procfile, line 'beat').")


def check_public_url() -> Check:
    """Whether the site answers at the address that identity providers and browsers use."""
    address = f"{settings.PUBLIC_URL}/healthz"
    try:
        status = httpx.get(address, timeout=OWN_ADDRESS_TIMEOUT).status_code
    except httpx.HTTPError as error:
        detail = f"{address} cannot be reached from here: {one_line(error)}"
        return failed("public_url", detail, "Start the web server, or correct PUBLIC_URL, or the proxy before it.")
    if status != httpx.codes.OK:
        return failed("public_url", f"{address} answers {status}.", "Point PUBLIC_URL at this site; check the proxy.")
    return ok("public_url", f"{settings.PUBLIC_URL} answers.")


def _alive(name: str, process: Process, fix: str) -> Check:
    age = heartbeats.age(process)
    if age is None:
        return failed(name, "It has never been seen.", fix)
    if age < -heartbeats.LATE_AFTER:
        return failed(name, "It was last seen at a time that is yet to come: a clock is wrong, or was set back.", fix)
    seconds = max(0, int(age.total_seconds()))
    if age > heartbeats.LATE_AFTER:
        return failed(name, f"It was last seen {seconds} seconds ago.", fix)
    processes = [seen for seen in living_processes.seen_lately() if seen.process is process]
    stopped = [seen for seen in processes if seen.has_stopped]
    if stopped:
        named = ", ".join(f"{seen.host} process {seen.pid} ({int(seen.age.total_seconds())} s ago)" for seen in stopped)
        detail = f"{len(stopped)} of {len(processes)} stopped without being asked to; last seen: {named}."
        return warning(name, detail, "Start it again there; one that is not wanted any more is forgotten after a day.")
    return ok(name, f"It was seen {seconds} seconds ago.")
