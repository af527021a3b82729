"""How the web server runs. Importing the settings here stops a start with a wrong environment in one line."""

import gc
import logging.config
from typing import Any

from gunicorn.glogging import Logger

from gatekeeper import settings
from gatekeeper.runtime.web_server.bodies import expect_body
from gatekeeper.runtime.web_server.budgets import connection_threads
from gatekeeper.runtime.web_server.draining import drain_before_stopping
from gatekeeper.runtime.web_server.unread_bodies import let_the_application_close

bind = f"[{settings.HOST}]:{settings.PORT}" if ":" in settings.HOST else f"{settings.HOST}:{settings.PORT}"
preload_app = True  # one import for all workers: half the start, and shared memory
worker_class = "gatekeeper.runtime.web_server.worker.Worker"
workers = settings.WEB_WORKERS
threads = connection_threads(settings.WEB_THREADS)  # they receive and send; WEB_THREADS of them at a time are served
timeout = 60  # seconds without a sign of life before a worker is replaced
graceful_timeout = 20  # seconds for requests in flight when the site stops
limit_request_line = 8190  # bytes, the most gunicorn allows: a SCIM filter stands in the address
keepalive = 75  # seconds; Entra re-uses its connections
max_requests = 20_000
max_requests_jitter = 2_000
accesslog = None  # gatekeeper.middleware.RequestLog writes the line, with the request's id
control_socket_disable = True


class SiteLogger(Logger):
    """What gunicorn itself has to say, in the form of the site's other lines."""

    def setup(self, cfg: Any) -> None:
        """Take away the handlers that gunicorn has just made."""
        super().setup(cfg)
        logging.config.dictConfig(settings.LOGGING)


logger_class = SiteLogger


def when_ready(server: Any) -> None:
    """Before the workers are forked: what the garbage collector never looks at stays shared with them."""
    drain_before_stopping(server, settings.WEB_DRAIN_SECONDS)
    gc.collect()
    gc.freeze()


def pre_request(worker: Any, request: Any) -> None:
    """Before each request is handed to the application."""
    del worker
    expect_body(request)
    let_the_application_close(request)
