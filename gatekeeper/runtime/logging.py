"""One log line per event on stderr: readable by default, JSON with LOG_FORMAT=json; never a secret."""

import io
import logging
import re
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from gatekeeper.runtime.plain_text import visible, visible_lines, visible_values
from gatekeeper.runtime.telemetry.trace_ids import add_trace_id

SECRET_WORDS = re.compile(r"password|secret|authorization|api_key|token|cookie|saml_?response|assertion", re.IGNORECASE)
HIDDEN = "•••"
# Keys and tokens of this site, whole or cut off, after the first characters, which distinguish them. The address of a
# set-up link holds one, and Django, gunicorn and their errors name addresses in many ways.
OWN_SECRETS = re.compile(r"\b(gk[a-z]{0,2}_[0-9a-f]{7})[0-9a-f]{8,}", re.IGNORECASE)
_WITH_LINES = frozenset({"exc_info", "exception", "stack"})


def hide_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace the value of whatever is named like a secret, one level deep."""
    del logger, method
    for name in event:
        if name != "event" and SECRET_WORDS.search(name):
            event[name] = HIDDEN
    return event


def make_visible(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """One event stays one line: no value starts another one or speaks to the terminal. Tracebacks have their lines."""
    del logger, method
    return {visible(name): value if name in _WITH_LINES else _one_line(value) for name, value in event.items()}


def _one_line(value: Any) -> Any:
    if isinstance(value, str | dict | list | tuple):
        return visible_values(value)
    text = repr(value)  # what the renderer would write of an object
    return value if text.isprintable() else visible(text)


def make_line_visible(logger: WrappedLogger, method: str, line: Any) -> str:
    """The last look at what is written, for what only came into being while it was rendered."""
    del logger, method
    return without_own_secrets(visible_lines(str(line)))


def without_own_secrets(text: str) -> str:
    """The text with each key and token of this site cut off after its first characters."""
    return OWN_SECRETS.sub(rf"\1{HIDDEN}", text)


def indented_traceback(out: TextIO, exc_info: ExcInfo) -> None:
    """A traceback whose lines can't be taken for log lines, since those begin with a time at the margin."""
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    out.write("\n".join(f"    {line}" for line in text.getvalue().splitlines()))


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        add_trace_id,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        hide_secrets,
    ]


# One list, whoever configures again: loggers that were used already keep the list that they were made with.
_PROCESSORS: list[Processor] = [
    structlog.stdlib.filter_by_level,
    *_shared(),
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]


def logging_configuration(form: str, *, debug: bool, report_errors: bool = False) -> dict[str, Any]:
    """Django's LOGGING for ``form`` "console" or "json"; sets structlog up to hand its events to the same handler.

    ``report_errors``: exceptions go to Sentry as well (``telemetry/error_reports.py``).
    """
    if form == "json":
        logging.captureWarnings(True)  # they would be lines of text otherwise
    structlog.configure(
        processors=_PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    reports = {"sentry": {"class": "gatekeeper.runtime.telemetry.error_reports.ReportErrors"}} if report_errors else {}
    handlers = ["stderr", *reports]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(form)],
                "foreign_pre_chain": _shared(),
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}, **reports},
        "root": {"handlers": handlers, "level": "INFO"},
        "loggers": {
            # RequestLog writes the request's line; Django's own would repeat each 4xx.
            "django": {"handlers": handlers, "level": "INFO", "propagate": False},
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": handlers, "level": "WARNING", "propagate": False},
            "django_structlog": {"level": "DEBUG" if debug else "INFO"},
            # django_structlog writes one line per task, with the id of the request that asked for it.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "gunicorn.error": {"level": "INFO", "propagate": True},  # and no handler of gunicorn's own
            "httpx": {"level": "WARNING"},
            "oauthlib": {"level": "INFO"},  # below that it writes the tokens that are issued
        },
    }


def _rendering(form: str) -> list[Processor]:
    if form == "json":
        json_line = structlog.processors.JSONRenderer(ensure_ascii=False)  # escapes what is below the blank itself
        return [structlog.processors.format_exc_info, json_line, make_line_visible]
    console_line = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=indented_traceback)
    return [make_visible, console_line, make_line_visible]
