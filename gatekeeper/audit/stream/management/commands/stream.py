"""stream: the SIEM receivers that the audit trail is sent to, without the pages."""

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.stream.examples import CURRENT, forms, markdown
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.progress import Progress, stream_progress
from gatekeeper.audit.stream.streams import (
    Wanted,
    change_stream,
    create_stream,
    delete_stream,
    pause_stream,
    problem_text,
    replay,
    resume_stream,
    send_test,
    stream_of,
)
from gatekeeper.runtime.command import OperatorCommand, identifier, iso_utc, take_json_after

_ACTOR = Actor.command("stream")


class Command(OperatorCommand):
    """``stream create|list|change|test|pause|resume|replay|delete|examples``."""

    help = "Create, list, change, test, pause, resume, replay or delete SIEM streams."

    def arguments(self, parser: CommandParser) -> None:
        """Nine actions; all but three take the id of a stream."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser(
            "create", help="Add a receiver: https:// for OCSF, tls://, tcp://, udp:// for syslog."
        )
        create.add_argument("name", metavar="NAME")
        create.add_argument("url", metavar="URL")
        create.add_argument("--from-beginning", action="store_true", help="Send all that there is, too.")
        listing = actions.add_parser("list", help="All streams with how far they are, without their secrets.")
        printing = actions.add_parser("examples", help="An example of each event in both forms, as Markdown.")
        change = actions.add_parser("change", help="Send to another address or with another header; the cursor stays.")
        change.add_argument("stream_id", metavar="ID")
        change.add_argument("--url", metavar="URL")
        for action in (create, change):
            action.add_argument(
                "--authorization-stdin",
                action="store_true",
                help="Read the value of the header Authorization from standard input, such as 'Bearer …'.",
            )
            action.add_argument("--ca-file", type=Path, metavar="FILE", help="Trust these authorities (PEM) only.")
        for name, help_text in (
            ("test", "Send a test now and say what came of it."),
            ("pause", "Send nothing to it; what happens meanwhile waits."),
            ("resume", "Go on behind the last accepted entry."),
            ("replay", "Send again from a position on."),
            ("delete", "Delete it with its cursor."),
        ):
            one = actions.add_parser(name, help=help_text)
            one.add_argument("stream_id", metavar="ID")
            if name == "replay":
                one.add_argument("--from", dest="from_position", type=int, required=True, metavar="N")
            take_json_after(one)
        take_json_after(create, listing, change, printing)

    def run(self, **options: Any) -> dict[str, Any]:
        """The document of the chosen action."""
        action = options["action"]
        if action == "create":
            authorization = _authorization(given=options["authorization_stdin"])
            wanted = Wanted(
                name=options["name"],
                url=options["url"],
                ca_certificates=_pem(options["ca_file"]),
                authorization=authorization,
            )
            return _facts(create_stream(wanted, from_beginning=options["from_beginning"], actor=_ACTOR))
        if action == "list":
            return {"streams": [_facts(each.stream) | _state(each) for each in stream_progress()]}
        if action == "examples":
            return {"examples": {event.value: forms(event) for event in CURRENT}}
        stream_id = identifier(options["stream_id"], f"There is no SIEM stream {options['stream_id']}.")
        if action == "test":
            return _test(stream_id)
        return _change(stream_id, options)

    def describe(self, document: dict[str, Any]) -> str:
        """For people: a stream a line, or the facts of the new one."""
        if "examples" in document:
            return markdown()
        if "streams" not in document:
            return super().describe(document)
        return "\n".join(map(_line, document["streams"])) or "There are no SIEM streams."


def _test(stream_id: UUID) -> dict[str, Any]:
    outcome = send_test(stream_id, actor=_ACTOR)
    if outcome.problem:
        raise CommandError(f"The test was not accepted: {problem_text(outcome.problem, outcome.parameters)}")
    return {"status": outcome.status, "latency_ms": outcome.milliseconds}


def _change(stream_id: UUID, options: dict[str, Any]) -> dict[str, Any]:
    action = options["action"]
    if action == "change":
        stream = stream_of(stream_id)
        wanted = Wanted(
            name=stream.name,
            url=options["url"] or stream.url,
            ca_certificates=_pem(options["ca_file"]) or stream.ca_certificates,
            authorization=_authorization(given=options["authorization_stdin"]),
        )
        changed = change_stream(stream_id, wanted, actor=_ACTOR)
        return {**_facts(stream_of(stream_id)), "changed": changed}
    if action == "delete":
        delete_stream(stream_id, actor=_ACTOR)
        return {"deleted": str(stream_id)}
    if action == "replay":
        return {"replayed": replay(stream_id, options["from_position"], actor=_ACTOR)}
    if action == "pause":
        return {"paused": str(stream_id), "changed": pause_stream(stream_id, actor=_ACTOR)}
    return {"resumed": str(stream_id), "changed": resume_stream(stream_id, actor=_ACTOR)}


def _authorization(*, given: bool) -> str | None:
    if not given:
        return None
    value = sys.stdin.readline().strip()
    if not value:
        raise CommandError("There is no header on standard input; pipe one line into this command.")
    return value


def _pem(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from error


def _facts(stream: Stream) -> dict[str, Any]:
    return {
        "stream_id": str(stream.pk),
        "name": stream.name,
        "url": stream.url,
        "has_authorization": bool(stream.sealed_authorization),
        "ca_certificates": stream.ca_certificates or None,
        "created_at": iso_utc(stream.created_at),
        "position": stream.position,
    }


def _state(progress: Progress) -> dict[str, Any]:
    stream = progress.stream
    return {
        "newest": progress.newest,
        "behind": progress.behind,
        "lag_seconds": int(progress.lag.total_seconds()),
        "paused_at": iso_utc(stream.paused_at),
        "failing_since": iso_utc(stream.failing_since),
        "last_success_at": iso_utc(stream.last_success_at),
        "problem": problem_text(stream.problem, stream.parameters) or None,
    }


def _line(stream: dict[str, Any]) -> str:
    state = f"fails since {stream['failing_since']}: {stream['problem']}" if stream["failing_since"] else "works"
    if stream["paused_at"]:
        state = f"paused since {stream['paused_at']}"
    where = f"sent up to {stream['position']} of {stream['newest']}"
    return f"{stream['stream_id']}  {stream['name']}  {stream['url']}  {where}, {state}"
