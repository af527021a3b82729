"""What was measured as Prometheus's metrics: one statement, however much was measured."""

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from gatekeeper.health.measured.counting import BUCKETS, COLUMNS, Kind, Sums
from gatekeeper.health.models import Measurement

Label = tuple[str, ...]
_BOUNDS = (*map(str, BUCKETS), "+Inf")


def measured() -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
    """Requests, tasks and statements, since they were first counted."""
    requests = CounterMetricFamily(
        "gatekeeper_http_requests",
        "Requests by the name of the address, status and credential (id of a SCIM credential, api_token, session).",
        labels=["route", "status", "credential"],
    )
    tasks = CounterMetricFamily("gatekeeper_tasks", "Tasks that ended, by how.", labels=["task", "state"])
    failures = CounterMetricFamily(
        "gatekeeper_database_statements_failed", "Statements that the database refused.", labels=["process"]
    )
    durations: dict[str, dict[Label, Sums]] = {kind: defaultdict(Sums) for kind in Kind}
    for row in Measurement.objects.order_by("kind", "name", "result", "credential"):
        label: Label = (row.name,)
        if row.kind == Kind.REQUEST:
            requests.add_metric([row.name, row.result, row.credential], row.number)
            label = (row.name, row.credential)
        elif row.kind == Kind.TASK:
            tasks.add_metric([row.name, row.result], row.number)
        elif row.result == "failed":
            failures.add_metric([row.name], row.number)
        durations[row.kind][label].merge(_sums(row))
    yield from (requests, tasks, failures)
    yield _histogram(
        "gatekeeper_http_request_seconds", "Until the answer.", ["route", "credential"], durations["request"]
    )
    yield _histogram("gatekeeper_task_seconds", "Tasks that ended.", ["task"], durations["task"])
    text = "Statements until the database has answered, by the process that asked."
    yield _histogram("gatekeeper_database_statement_seconds", text, ["process"], durations["statement"])


def _sums(row: Measurement) -> Sums:
    sums = Sums()
    sums.number, sums.seconds = row.number, row.seconds
    buckets = [getattr(row, name) for name in COLUMNS]
    sums.buckets = [*buckets, row.number - sum(buckets)]
    return sums


def _histogram(name: str, text: str, labels: list[str], rows: dict[Label, Sums]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=labels)
    for label, sums in sorted(rows.items()):
        reached, buckets = 0, []
        for bound, number in zip(_BOUNDS, sums.buckets, strict=True):
            reached += number
            buckets.append((bound, reached))
        family.add_metric(label, buckets, sums.seconds)
    return family
