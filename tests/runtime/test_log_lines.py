"""One event is one line, whatever is in its values; a traceback has lines of its own that look like no event."""

import io
import json
import logging
import logging.config
import re

import pytest
import structlog

from gatekeeper.runtime.logging import logging_configuration

ACTS = "\r\n\t\x08\x1b[2J\x07\x7f\x9b\x85\u202e\u2066\u2028\ufeff"
FORGED = "2026-01-01T00:00:00.000000Z [info     ] forged"
NAME = f"A{ACTS}{FORGED}"


class Thing:
    def __repr__(self):
        return f"<Thing {NAME}>"


def written(form, emit):
    configuration = logging_configuration(form, debug=False)
    formatter = logging.config.DictConfigurator(configuration).configure_formatter(configuration["formatters"]["line"])
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    logger = logging.getLogger("tests.log_lines")
    logger.propagate, logger.handlers = False, [handler]
    emit(logger, structlog.get_logger("tests.log_lines"))
    logger.handlers = []
    return out.getvalue()


def fail(logger):
    try:
        raise ValueError(NAME)
    except ValueError:
        logger.exception("failed %s", NAME)


EVENTS = {
    "structlog value": lambda plain, log: log.warning("event", name=NAME),
    "structlog event": lambda plain, log: log.warning(f"event {NAME}"),  # noqa: G004  # the event itself is the text
    "structlog nested": lambda plain, log: log.warning("event", names=[NAME, {"a": NAME}], **{"k" + ACTS: 1}),
    "an object": lambda plain, log: log.warning("event", thing=Thing()),
    "an exception as a value": lambda plain, log: log.warning("event", error=ValueError(NAME)),
    "logging argument": lambda plain, log: plain.warning("event %s", NAME),
    "logging extra": lambda plain, log: plain.warning("event", extra={"who": NAME}),
}


@pytest.mark.parametrize("form", ["console", "json"])
@pytest.mark.parametrize("emit", EVENTS.values(), ids=EVENTS.keys())
def test_an_event_is_one_line_that_does_not_act(form, emit):
    line = written(form, emit)

    assert line.endswith("\n")
    assert line[:-1].isprintable()
    if form == "json":
        assert json.loads(line)["level"] == "warning"


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_does_not_act_and_forges_no_line(form):
    text = written(form, lambda plain, log: fail(plain))

    assert "ValueError" in text
    assert all(line.isprintable() for line in text.replace("\t", " ").split("\n"))
    assert len(re.findall(r"(?m)^\d{4}-|^\{", text)) == 1
