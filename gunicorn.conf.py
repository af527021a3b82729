"""How the web server runs. Importing the settings here stops a start with a wrong environment in one line."""

import gc
from typing import Any

from gatekeeper import settings
from gatekeeper.runtime.unread_bodies import let_the_application_close

bind = f"[{settings.HOST}]:{settings.PORT}" if ":" in settings.HOST else f"{settings.HOST}:{settings.PORT}"
preload_app = True  # one import for all workers: half the start, and shared memory
worker_class = "gthread"
workers = 2
threads = 4
timeout = 60  # seconds without a sign of life before a worker is replaced
graceful_timeout = 20  # seconds for requests in flight when the site stops
limit_request_line = 8190  # bytes, the most gunicorn allows: a SCIM filter stands in the address
keepalive = 75  # seconds; Entra re-uses its connections
max_requests = 20_000
max_requests_jitter = 2_000
accesslog = None  # gatekeeper.middleware.RequestLog writes the line, with the request's id
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Before the workers are forked: what the garbage collector never looks at stays shared with them."""
    del server
    gc.collect()
    gc.freeze()


def pre_request(worker: Any, request: Any) -> None:
    """Before each request is handed to the application."""
    del worker
    let_the_application_close(request)
