"""What the lists of all five logs have in common: period, counts by value, newer entries, exports."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.runtime import row_counts
from gatekeeper.web.logs.lists import export, newer_entries
from saml.models import SignInAttempt, SyncRun
from scim.models import TokenRequest
from tests.builders import log_request
from tests.web.pages import text_of

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Log:
    """``add`` makes an entry of this moment; ``other`` one that ``narrow`` leaves out."""

    address: str
    model: type[Model]
    add: Callable[[datetime], Any]
    other: Callable[[datetime], Any]
    narrow: dict[str, str]
    first_column: str = "at"


def requested(outcome: str, **fields: Any) -> Callable[[datetime], Any]:
    def add(at: datetime) -> None:
        entry = log_request(outcome, **fields)
        ProvisioningEntry.objects.filter(pk=entry.pk).update(at=at)

    return add


def audited(event: Event) -> Callable[[datetime], Any]:
    def add(at: datetime) -> None:
        with time_machine.travel(at, tick=False):
            record(event, actor=Actor.site(), kind="site", object_id="x", label="=Site", after={"days": 3})

    return add


LOGS = [
    Log(
        "/provisioning-log/",
        ProvisioningEntry,
        requested("refused", reason="invalidPath", user_label="=Ada"),
        requested("changed"),
        {"outcome": "refused"},
    ),
    Log(
        "/sync-history/",
        SyncRun,
        lambda at: SyncRun.objects.create(started_at=at, state="failed", actor_kind="clock", actor_name="=clock"),
        lambda at: SyncRun.objects.create(started_at=at, state="finished", actor_kind="clock", actor_name="clock"),
        {"state": "failed"},
        "started_at",
    ),
    Log(
        "/sign-in-attempts/",
        SignInAttempt,
        lambda at: SignInAttempt.objects.create(
            at=at, accepted=False, failed_check="unknown_person", name_id="=a", request_id=f"r-{at:%H%M%S}"
        ),
        lambda at: SignInAttempt.objects.create(at=at, accepted=True),
        {"check": "unknown_person"},
    ),
    Log(
        "/token-log/",
        TokenRequest,
        lambda at: TokenRequest.objects.create(
            at=at, accepted=False, failed_check="client_is_known", reason="client_unknown", stated_client="=c"
        ),
        lambda at: TokenRequest.objects.create(at=at, accepted=True),
        {"check": "client_is_known"},
    ),
    Log(
        "/audit-trail/",
        AuditEntry,
        audited(Event.RETENTION_SET),
        audited(Event.SYNC_FINISHED),
        {"event": "retention.set"},
    ),
]
EACH_LOG = pytest.mark.parametrize("log", LOGS, ids=lambda log: log.address.strip("/"))


def rows(browser: Client, log: Log, form: str, **query: str) -> list[dict[str, Any]]:
    """An export, read back."""
    answer = browser.get(f"{log.address}export/{form}/", query)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    if form == "json":
        return list(json.loads(text)["entries"])
    return list(csv.DictReader(io.StringIO(text)))


def at_noon_and_around(log: Log) -> None:
    for minutes in (-60, 0, 60):
        log.add(NOON + timedelta(minutes=minutes))


@EACH_LOG
@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_holds_what_the_filters_leave_and_is_read_back(admin_client: Client, log: Log, form: str) -> None:
    at_noon_and_around(log)
    log.other(NOON)

    exported = rows(admin_client, log, form, **log.narrow)

    moments = [datetime.fromisoformat(each[log.first_column]) for each in exported]
    assert moments == [NOON + timedelta(minutes=minutes) for minutes in (60, 0, -60)]


@EACH_LOG
def test_an_exported_cell_is_no_formula(admin_client: Client, log: Log) -> None:
    log.add(NOON)

    cells = [cell for row in rows(admin_client, log, "csv", **log.narrow) for cell in row.values()]

    assert any(cell.startswith("'=") for cell in cells)
    assert not any(cell.startswith("=") for cell in cells)


@EACH_LOG
def test_a_file_that_is_cut_says_so(admin_client: Client, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST", 3)
    monkeypatch.setattr(export, "AT_ONCE", 2)
    for minutes in range(5):
        log.add(NOON + timedelta(minutes=minutes))

    document = json.loads(
        b"".join(admin_client.get(f"{log.address}export/json/", log.narrow).streaming_content)  # type: ignore[attr-defined]
    )
    lines = (
        b"".join(
            admin_client.get(f"{log.address}export/csv/", log.narrow).streaming_content  # type: ignore[attr-defined]
        )
        .decode()
        .splitlines()
    )

    assert document["cut"] is True
    assert len(document["entries"]) == 3
    assert "newest 3" in document["note"]
    assert len(lines) == 5
    assert "newest 3" in lines[-1]


@EACH_LOG
def test_a_file_is_read_in_parts_without_a_gap(admin_client: Client, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 2)
    for minutes in range(7):
        log.add(NOON + timedelta(minutes=minutes))

    exported = rows(admin_client, log, "json", **log.narrow, **{"from": "2026-11-20 12:00 UTC"})

    assert len({each[log.first_column] for each in exported}) == len(exported) == 7


@EACH_LOG
@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ({"from": "2026-11-20 12:00 UTC"}, 2),
        ({"to": "2026-11-20 12:00 UTC"}, 2),
        ({"from": "2026-11-20 12:00 UTC", "to": "2026-11-20T12:00"}, 1),
        ({"from": "2026-11-20T13:00+01:00", "to": "20 Nov 2026, 12:00:00 UTC"}, 1),
        ({"from": "2026-11-20", "to": "2026-11-20"}, 3),
        ({"from": "2026-11-21"}, 0),
        ({"from": "  2026-11-20   12:00 "}, 2),
    ],
)
def test_a_period_is_asked_for_as_people_write_moments(
    admin_client: Client, log: Log, period: dict[str, str], expected: int
) -> None:
    at_noon_and_around(log)

    assert len(rows(admin_client, log, "json", **log.narrow, **period)) == expected
    assert admin_client.get(log.address, {**log.narrow, **period}).status_code == 200


@EACH_LOG
def test_what_is_no_moment_is_said_at_its_field(admin_client: Client, log: Log) -> None:
    log.add(NOON)

    page = text_of(admin_client.get(log.address, {"from": "yesterday"}))

    assert 'aria-describedby="filter-from-fault"' in page
    assert "“yesterday” is no time that can be read" in page
    assert 'value="yesterday"' in page
    assert "Nothing fits this filter." in page


@EACH_LOG
def test_entries_are_counted_by_value_under_the_filters_in_force(admin_client: Client, log: Log) -> None:
    at_noon_and_around(log)
    log.other(NOON)
    (name, value), *_ = log.narrow.items()

    page = admin_client.get(log.address, {"from": "2026-11-20 12:00 UTC", "to": "2026-11-20 13:00 UTC"})

    counted = [each for facet in page.context_data["cl"].facets for each in facet.values]  # type: ignore[attr-defined]
    chosen = next(each for each in counted if f"{name}={value}" in each.query)
    assert chosen.number == "2"
    assert "from=2026-11-20+12%3A00+UTC" in chosen.query
    narrowed = admin_client.get(f"{log.address}{chosen.query}")
    again = [each for facet in narrowed.context_data["cl"].facets for each in facet.values]  # type: ignore[attr-defined]
    assert any(each.chosen and each.number == "2" and f"{name}=" not in each.query for each in again)


@EACH_LOG
def test_each_choice_of_each_filter_is_answered_and_so_is_one_that_it_does_not_have(
    admin_client: Client, log: Log
) -> None:
    log.add(NOON)
    filters = admin_client.get(log.address).context_data["cl"].filter_specs  # type: ignore[attr-defined]
    asked = [
        (each.parameter_name, str(value))
        for each in filters
        for value in [*(choice["value"] for choice in each.choices(None)), "nonsense", "0", "\x00"]
    ]

    answers = {(name, value): admin_client.get(log.address, {name: value}).status_code for name, value in asked}

    assert {one: status for one, status in answers.items() if status not in (200, 302)} == {}


@EACH_LOG
def test_of_a_long_log_the_newest_entries_are_counted(
    admin_client: Client, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_counts, "COUNTED_ALL", 2)
    at_noon_and_around(log)

    assert "of the newest" in text_of(admin_client.get(log.address))


@EACH_LOG
def test_a_page_asks_what_came_since(admin_client: Client, log: Log) -> None:
    log.add(NOON)
    page = admin_client.get(log.address, log.narrow)
    newest = page.context_data["cl"].newest  # type: ignore[attr-defined]

    def since() -> dict[str, Any]:
        answer: dict[str, Any] = admin_client.get(f"{log.address}newer/", {**log.narrow, "than": newest}).json()
        return answer

    assert since() == {"number": 0, "more": False, "text": ""}
    log.other(timezone.now())
    log.add(timezone.now())
    assert since() == {"number": 1, "more": False, "text": "1 new entry"}
    log.add(timezone.now() + timedelta(seconds=1))
    assert since()["text"] == "2 new entries"


@EACH_LOG
def test_newer_entries_are_counted_up_to_a_bound(
    admin_client: Client, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newer_entries, "MOST", 2)
    for minutes in range(4):
        log.add(NOON + timedelta(minutes=minutes))

    answer = admin_client.get(f"{log.address}newer/", {**log.narrow, "than": "0"}).json()

    assert answer == {"number": 2, "more": True, "text": "2+ new entries"}


@EACH_LOG
@pytest.mark.parametrize("than", ["nonsense", "9" * 40, "", "0", "00000000-0000-0000-0000-000000000000"])
def test_an_odd_place_is_answered_all_the_same(admin_client: Client, log: Log, than: str) -> None:
    assert admin_client.get(f"{log.address}newer/", {"than": than}).status_code == 200


@EACH_LOG
@pytest.mark.parametrize("path", ["newer/", "export/csv/"])
def test_filters_that_do_not_exist_are_refused(admin_client: Client, log: Log, path: str) -> None:
    assert admin_client.get(f"{log.address}{path}", {"colour": "green"}).status_code == 400


@EACH_LOG
def test_there_is_no_other_form_of_file(admin_client: Client, log: Log) -> None:
    assert admin_client.get(f"{log.address}export/xml/").status_code == 404


def moments(browser: Client, log: Log, **query: str) -> list[datetime]:
    """When the entries of a page are of, in its order."""
    shown = browser.get(log.address, {**log.narrow, **query}).context_data["cl"].result_list  # type: ignore[attr-defined]
    return [getattr(each, log.first_column) for each in shown]


@EACH_LOG
@pytest.mark.parametrize("period", [{}, {"from": "2026-11-20 11:30 UTC"}])
def test_its_moments_are_read_both_ways_on_the_page_and_in_a_file(
    admin_client: Client, log: Log, period: dict[str, str]
) -> None:
    at_noon_and_around(log)
    newest = [NOON + timedelta(minutes=minutes) for minutes in ((60, 0) if period else (60, 0, -60))]

    for query, expected in (({}, newest), ({"order": "-when"}, newest), ({"order": "when"}, newest[::-1])):
        assert moments(admin_client, log, **period, **query) == expected, query
        exported = rows(admin_client, log, "json", **log.narrow, **period, **query)
        assert [datetime.fromisoformat(each[log.first_column]) for each in exported] == expected, query


@EACH_LOG
def test_the_head_of_the_moment_sorts_and_says_how_it_is_sorted(admin_client: Client, log: Log) -> None:
    log.add(NOON)

    newest_first = text_of(admin_client.get(log.address))
    oldest_first = text_of(admin_client.get(log.address, {"order": "when"}))

    assert re.search(r'aria-sort="descending">\s*<a class="sort-link" href="\?order=when"', newest_first)
    assert re.search(r'aria-sort="ascending">\s*<a class="sort-link" href="\?order=-when"', oldest_first)


@EACH_LOG
def test_the_oldest_first_it_counts_the_newest_and_leads_to_them(
    admin_client: Client, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_counts, "COUNTED_ALL", 1)
    log.other(NOON - timedelta(hours=1))
    log.add(NOON)
    ((name, value),) = log.narrow.items()

    page = admin_client.get(log.address, {"order": "when"})

    counted = [each for facet in page.context_data["cl"].facets for each in facet.values]  # type: ignore[attr-defined]
    assert any(f"{name}={value}" in each.query and "order=when" in each.query for each in counted)
    text = text_of(page)
    assert "data-newer=" not in text, "what comes now is at the end"
    assert re.search(r'class="newer-link"\s+href="\?"', text)


@EACH_LOG
def test_a_file_that_is_cut_says_which_entries_it_has(
    admin_client: Client, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MOST", 2)
    at_noon_and_around(log)

    answer = admin_client.get(f"{log.address}export/json/", {**log.narrow, "order": "when"})
    note = json.loads(b"".join(answer.streaming_content))["note"]  # type: ignore[attr-defined]

    assert "oldest 2" in note


@EACH_LOG
def test_its_columns_are_chosen_and_found_again(admin_client: Client, log: Log) -> None:
    log.add(NOON)
    columns = admin_client.get(log.address).context_data["cl"].model_admin.columns  # type: ignore[attr-defined]

    for each in columns:
        chosen = admin_client.post(
            "/views/columns/", {"list": log.address.strip("/"), "columns": [each.name], "back": log.address}
        )
        assert chosen["Location"] == f"{log.address}?columns={each.name}"
        head = re.search(r"<thead>.*?</thead>", text_of(admin_client.get(log.address)), re.DOTALL)
        assert head
        titles = [" ".join(re.sub("<[^>]*>", "", cell).split()) for cell in head.group().split("</th>")]
        assert {str(one.title) for one in columns} & set(titles) == {str(each.title)}
    assert columns
