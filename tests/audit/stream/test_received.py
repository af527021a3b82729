"""From what came, the receiver sees whether something is missing, was altered or changed its place."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from gatekeeper.audit.chain.head import Head
from gatekeeper.audit.chain.keys import all_keys
from gatekeeper.audit.chain.links import head
from gatekeeper.audit.erasure import erase_from_logs
from gatekeeper.audit.models import AuditEntry
from gatekeeper.audit.stream.delivery import send_to
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.received import Received, check_received
from gatekeeper.audit.stream.streams import replay, send_test
from tests.audit.chain.attacker import without_triggers
from tests.audit.stream.receivers import ocsf_events, receiving, syslog_over
from tests.builders import ADMIN, make_user
from tests.site import ROOT

pytestmark = pytest.mark.django_db

Write = Callable[..., None]
StreamTo = Callable[..., Stream]


@pytest.fixture
def came(write: Write, stream_to: StreamTo) -> list[str]:
    """Eight OCSF events, one a line."""
    write(8)
    with receiving() as receiver:
        send_to(stream_to(receiver.url).pk)
    return [json.dumps(event) for event in ocsf_events(receiver)]


@pytest.fixture
def came_by_syslog(write: Write, stream_to: StreamTo) -> list[str]:
    write(8)
    with syslog_over("tcp") as receiver:
        stream = stream_to(receiver.url)
        send_test(stream.pk, actor=ADMIN)
        send_to(stream.pk)
    return receiver.messages


def check(lines: list[str], **options: Any) -> Received:
    return check_received(lines, all_keys(), **options)


def altered(line: str, **fields: Any) -> str:
    event = json.loads(line)
    for name, value in fields.items():
        event["unmapped"]["chain" if name in event["unmapped"]["chain"] else "entry"][name] = value
    return json.dumps(event)


def test_what_came_as_it_was_sent_is_complete(came: list[str]) -> None:
    for lines in (came, [f"[{','.join(came)}]"], came[::-1], came[3:]):
        found = check(lines, head=head())
        assert (found.problems, found.last, found.compared) == ([], 8, len(lines) if len(lines) > 1 else 8), lines


def test_so_it_is_over_syslog(came_by_syslog: list[str]) -> None:
    found = check(came_by_syslog, first=1, head=head())

    assert (found.problems, found.last, found.tests) == ([], 8, 1)


def test_what_came_twice_counts_once(came: list[str]) -> None:
    found = check(came + came[2:5])

    assert (found.problems, found.duplicates, found.messages) == ([], 3, 11)


def test_the_message_part_alone_is_enough(came_by_syslog: list[str]) -> None:
    lines = [line[line.index('{"chain"') :] for line in came_by_syslog if '{"chain"' in line]

    assert check(lines, first=1).problems == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda lines: lines[:3] + lines[4:], "Position 4 is missing."),
        (lambda lines: lines[:3] + lines[6:], "Positions 4 to 6 are missing."),
        (lambda lines: [*lines[:2], "{", *lines[2:]], "Line 3 cannot be read."),
        (lambda lines: [*lines[:2], lines[2][:100], *lines[3:]], "Line 3 cannot be read."),
        (lambda lines: [*lines[:2], altered(lines[2], digest="0" * 64), *lines[3:]], "The digest of position 3 is not"),
        (lambda lines: [*lines[:2], altered(lines[2], digest="0" * 64), *lines[3:]], "Position 4 does not follow the"),
        (lambda lines: [*lines, altered(lines[2], digest="0" * 64)], "Position 3 came with two different links."),
        (lambda lines: [*lines[:2], altered(lines[2], entry=99), *lines[3:]], "The digest of position 3 is not"),
        (
            lambda lines: [altered(lines[1], position=1), altered(lines[0], position=2), *lines[2:]],
            "The digest of position 1 is not",
        ),
        (lambda lines: [*lines[:2], altered(lines[2], object_label="Eve"), *lines[3:]], "Position 3 says something"),
        (lambda lines: [*lines[:2], altered(lines[2], actor_name="Eve"), *lines[3:]], "the audit trail: actor_name."),
        (lambda lines: [*lines[:2], altered(lines[2], mac="0" * 64), *lines[3:]], "mac"),
    ],
)
def test_whoever_loses_alters_or_moves_something_is_found(
    came: list[str], change: Callable[[list[str]], list[str]], problem: str
) -> None:
    problems = check(change(came)).problems

    assert any(problem in each for each in problems), problems


def test_the_beginning_and_the_end_have_to_be_there(came: list[str]) -> None:
    newest = head()
    assert newest

    assert check(came[2:], first=1).problems == ["Positions 1 to 2 are missing."]
    assert check(came[:-2], head=newest).problems == ["Position 8, the head, did not come: the last one is 6."]
    assert check(came, head=Head(8, "0" * 64)).problems == ["Position 8 has another digest than the head."]
    assert check([], head=newest).problems == ["Position 8, the head, did not come: the last one is none."]


def test_a_trail_that_was_altered_later_differs_from_what_came(came: list[str]) -> None:
    with without_triggers():
        AuditEntry.objects.filter(position=5).update(object_label="Eve", mac="0" * 64)

    assert check(came).problems == ["Position 5 says something else than the audit trail: object_label, mac."]


def test_what_was_erased_since_is_no_difference(write: Write, stream_to: StreamTo) -> None:
    ben = make_user("ben@example.com")
    write(1)
    with receiving() as receiver:
        stream = stream_to(receiver.url)
        send_to(stream.pk)
        erase_from_logs(ben.id, actor=ADMIN)
        write(1)
        replay(stream.pk, 1, actor=ADMIN)
        send_to(stream.pk)

    found = check([json.dumps(event) for event in ocsf_events(receiver)])
    assert (found.problems, found.duplicates > 0) == ([], True)


def test_what_is_not_in_the_database_any_more_is_still_chained(came: list[str]) -> None:
    with without_triggers():
        AuditEntry.objects.filter(position__lte=4).delete()

    assert (check(came).problems, check(came).compared) == ([], 4)


@pytest.mark.parametrize("line", ["[]", "null", "1", '"a"', '{"unmapped": 1}', '{"chain": {}, "entry": {}}', "x" * 99])
def test_other_lines_are_no_messages(line: str) -> None:
    assert check([line]).problems == ([] if line == "[]" else ["Line 1 cannot be read."])


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status = 0
    try:
        call_command("audit", "check-received", *arguments, "--json")
    except SystemExit as stop:
        status = int(stop.code or 0)
    return status, json.loads(capsys.readouterr().out)


def test_the_command(came: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "received"
    file.write_text("\n".join(came) + "\n")
    newest = head()
    assert newest

    status, whole = run(capsys, str(file), "--from", "1", "--head", f"8:{newest.digest}")
    assert (status, whole["complete"], whole["first"], whole["last"]) == (0, True, 1, 8)
    assert whole["head"] == f"8:{newest.digest}"

    file.write_text("\n".join(came[:4] + came[5:]))
    status, less = run(capsys, str(file))
    assert (status, less["complete"], less["problems"]) == (1, False, ["Position 5 is missing."])


def test_a_receiver_without_the_site_checks_with_the_program_of_the_page(came: list[str], tmp_path: Path) -> None:
    program = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "siem.md").read_text(), re.DOTALL)
    assert program
    for lines, problems in (
        (came, []),
        (came[:3] + came[4:], [5]),
        ([*came[:2], altered(came[2], digest="0"), *came[3:]], [4]),
    ):
        namespace: dict[str, Any] = {}
        exec(program[1], namespace)
        found = namespace["broken_at"](json.loads(line)["unmapped"]["chain"] for line in lines)
        assert found == problems
