"""Delivery within seconds: a web process whose requests wrote events asks for it, from a thread of its own.

A message to the broker for each request would cost more than writing the event, and a broker that is away would hold
the request up. So a request only sets a flag when it is committed, and the thread sends one message for all of them.
What gets lost with the broker or the process is delivered by the run of the next minute.
"""

import threading
import time

import structlog
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from gatekeeper.events.outbox import news
from gatekeeper.events.tasks import deliver

PROMPT_EVERY = 2.0  # seconds at least between two messages of one process
EXPIRES = 60  # seconds; by then the scheduler has asked, too

log = structlog.get_logger(__name__)


def keep_prompting() -> None:
    """Start the thread, for a process that serves requests."""
    news.clear()
    threading.Thread(target=_run, name="event-delivery", daemon=True).start()


def _run() -> None:
    is_away = False
    while True:
        news.wait()
        time.sleep(PROMPT_EVERY)  # whatever is written meanwhile is asked for by the same message
        news.clear()
        was_away, is_away = is_away, not prompt()
        if is_away and not was_away:
            log.warning("event_delivery_not_prompted", fix="The broker is away; events wait for it.")


def prompt() -> bool:
    """Ask a worker to deliver now; False when the broker does not take it."""
    try:
        deliver.apply_async(expires=EXPIRES, retry=False)
    except (OSError, KombuError, RedisError):
        return False
    return True
