"""Counts and latencies."""

import io

import pytest

from entra_client.run.progress import ERASE_LINE, Progress
from entra_client.run.report import Report, percentile


@pytest.mark.parametrize(("percent", "milliseconds"), [(50, 50.0), (95, 95.0), (99, 99.0)])
def test_percentiles_are_latencies_that_occurred(percent: int, milliseconds: float):
    assert percentile([number / 1000 for number in range(100, 0, -1)], percent) == milliseconds


def test_without_an_answer_there_is_no_latency():
    assert percentile([], 95) is None


def test_the_document_counts_all_steps_and_keeps_the_first_failure_of_each():
    report = Report()
    for name, failed in (("a", 0), ("b", 2)):
        step = report.begin(name)
        step.requests, step.failed, step.seconds = 3, failed, [0.01]
        step.first_failure = "GET /x failed." if failed else None
    document = report.as_document()
    assert (document["requests"], document["failed"]) == (6, 2)
    assert document["latency_ms"] == {"p50": 10.0, "p95": 10.0, "p99": 10.0}
    assert [step["first_failure"] for step in document["steps"]] == [None, "GET /x failed."]
    assert report.first_failure == "b: GET /x failed."


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_live_line_and_a_file_gets_one_line_a_step():
    step = Report().begin("users")
    for screen in (Terminal(), io.StringIO()):
        progress = Progress(screen)
        progress.tick(step)
        progress.end(step)
        assert screen.getvalue().count("\n") == 1
        assert (ERASE_LINE in screen.getvalue()) is screen.isatty()
