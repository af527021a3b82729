"""manage.py audit verify | head | segments | seal | show-segment | check-received: was the audit trail altered?"""

import sys
from argparse import ArgumentTypeError
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.head import Head
from gatekeeper.audit.chain.keys import all_keys
from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.chain.verification import Verdict
from gatekeeper.audit.chain.verification_runs import verify_and_keep
from gatekeeper.audit.models import AuditSegment, VerificationRun
from gatekeeper.audit.segments import files
from gatekeeper.audit.segments.checking import in_folder
from gatekeeper.audit.segments.reading import entries_of
from gatekeeper.audit.segments.refusals import failure_text
from gatekeeper.audit.segments.state import LABELS, listed, state_of
from gatekeeper.audit.stream.received import check_received
from gatekeeper.maintenance.log_retention import seal_old_audit_entries
from gatekeeper.runtime.command import OperatorCommand, iso_utc, take_json_after


class Command(OperatorCommand):
    help = "Check that no entry of the audit trail was altered or deleted, or print the newest link to keep elsewhere."

    def arguments(self, parser: CommandParser) -> None:
        """The first two link what is not linked yet first, so that the answer is about everything."""
        actions = parser.add_subparsers(dest="action", required=True)
        checking = _verify_arguments(actions)
        newest = actions.add_parser("head", help="The newest link, as POSITION:DIGEST.")
        segments = actions.add_parser("segments", help="The sealed segments, and whether their files are here.")
        seal = actions.add_parser("seal", help="Export, seal and delete now what the daily run would.")
        show = actions.add_parser("show-segment", help="The entries of a segment's file.")
        show.add_argument("file", type=Path, metavar="FILE", help="A file, or the name of one in DATA_DIR.")
        show.add_argument("--search", metavar="TEXT", default="", help="Only entries that contain this text.")
        take_json_after(checking, newest, segments, seal, show, _received_arguments(actions))

    def run(self, **options: Any) -> dict[str, Any]:
        """What each action answers is said at its function."""
        match options["action"]:
            case "segments":
                return _segments()
            case "seal":
                return _sealed()
            case "show-segment":
                return _shown(options["file"], options["search"])
            case "check-received":
                return _received(options)
        link_new_entries()
        if options["action"] == "head":
            return {"head": _text(head())}
        return _verified(options)

    def describe(self, document: dict[str, Any]) -> str:
        """One line when all is well, else one for each problem; one for each segment or entry."""
        if "segments" in document and isinstance(document["segments"], list):
            return "\n".join(map(_segment_line, document["segments"])) or "Nothing is sealed."
        if "entries" in document and isinstance(document["entries"], list):
            return "\n".join(map(_entry_line, document["entries"])) or "No entry."
        if "complete" in document:
            return _received_text(document)
        if "failure" in document:
            done = f"{document['segments']} segments with {document['entries']:,} entries were sealed."
            return f"{done} {document['failure']}" if document["failure"] else done
        if "intact" not in document:
            return document["head"] or "Nothing is linked yet."
        if document["intact"]:
            return f"{document['checked']:,} entries are as they were written. Head: {document['head'] or 'none'}"
        return "\n".join(document["problems"])

    def exit_status(self, document: dict[str, Any]) -> int:
        is_right = document.get("intact", True) and document.get("complete", True)
        return 0 if is_right and not document.get("failure") else 1


def _verify_arguments(actions: Any) -> CommandParser:
    checking: CommandParser = actions.add_parser(
        "verify", help="Work out every digest anew. Status 1 when something differs."
    )
    checking.add_argument("--head", type=_head, metavar="POSITION:DIGEST", help="A link that was kept elsewhere.")
    checking.add_argument(
        "--segments",
        type=Path,
        nargs="?",
        const=Path(),
        metavar="FOLDER",
        help="The files of sealed segments, too: of DATA_DIR, or of a folder to which they were moved.",
    )
    checking.add_argument(
        "--former-secret-key-file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="A former SECRET_KEY that SECRET_KEY_FALLBACKS and `reseal` do not know; may be given more than once.",
    )
    return checking


def _received_arguments(actions: Any) -> CommandParser:
    received: CommandParser = actions.add_parser(
        "check-received", help="Check what a receiver of a SIEM stream got: nothing missing, nothing altered."
    )
    received.add_argument("file", metavar="FILE", help="A message a line: OCSF or syslog; - for standard input.")
    received.add_argument("--from", dest="first", type=int, metavar="N", help="The position where it has to begin.")
    received.add_argument("--head", type=_head, metavar="POSITION:DIGEST", help="The link that it has to reach.")
    return received


def _verified(options: dict[str, Any]) -> dict[str, Any]:
    """``{"intact", "checked", "waiting", "head", "problems"}``."""
    folder: Path | None = options["segments"]
    if folder is not None and folder != Path() and not folder.is_dir():
        raise CommandError(f"{folder} is no folder.")
    verdict = verify_and_keep(
        VerificationRun(),
        expected_head=options["head"],
        former_secret_keys=[_secret(path) for path in options["former_secret_key_file"]],
        files=None if folder is None else in_folder(files.folder() if folder == Path() else folder),
    )
    return _document(verdict)


def _segments() -> dict[str, Any]:
    """``{"folder", "segments": [{"number", "file", "first", "last", "entries", …, "state"}]}``."""
    return {"folder": str(files.folder()), "segments": list(map(_segment, listed()))}


def _segment(segment: AuditSegment) -> dict[str, Any]:
    return {
        "number": segment.number,
        "file": segment.file,
        "first": segment.first,
        "last": segment.last,
        "entries": segment.entries,
        "since": iso_utc(segment.since),
        "until": iso_utc(segment.until),
        "digest_before": segment.before,
        "digest_after": segment.after,
        "bytes": segment.size,
        "sha256": segment.sha256,
        "sealed_at": iso_utc(segment.sealed_at),
        "deleted_at": iso_utc(segment.deleted_at),
        "machine": segment.machine,
        "state": str(state_of(segment)),
    }


def _sealed() -> dict[str, Any]:
    """``{"segments", "entries", "failure"}``: how many of each; a sentence or null. Status 1 with one."""
    done = seal_old_audit_entries(timezone.now(), actor=Actor.command("audit seal"))
    if done is None:
        raise CommandError(
            "The audit trail is kept in the database for ever: switch sealing on by retention --log audit_trail=DAYS."
        )
    failure = failure_text(done.failure) if done.failure else None
    return {"segments": done.segments, "entries": done.entries, "failure": failure}


def _shown(path: Path, text: str) -> dict[str, Any]:
    """``{"file", "number", "entries": […]}``. Raises: CommandError for a file that cannot be read."""
    found = path if path.exists() or len(path.parts) > 1 else files.folder() / path
    try:
        number, entries = entries_of(found, text)
    except files.Unreadable as error:
        raise CommandError(f"{found} cannot be read: {error}.") from error
    return {"file": str(found), "number": number, "entries": entries}


def _segment_line(segment: dict[str, Any]) -> str:
    links = f"links {segment['first']} to {segment['last']}, {segment['since']} to {segment['until']}"
    return f"{segment['file']}: {links}. {LABELS[segment['state']]}."


def _entry_line(entry: dict[str, Any]) -> str:
    changed = f"{entry['before']} -> {entry['after']}"
    return f"{entry['link']} {entry['at']} {entry['event']} {entry['object']!r} by {entry['actor']!r}: {changed}"


def _document(verdict: Verdict) -> dict[str, Any]:
    return {
        "intact": verdict.intact,
        "checked": verdict.checked,
        "waiting": verdict.waiting,
        "head": _text(verdict.head),
        "problems": list(map(str, verdict.problems)),
    }


def _received(options: dict[str, Any]) -> dict[str, Any]:
    """What there is without problems is complete from ``first`` to ``last``; ``newest`` is the trail's own."""
    with ExitStack() as stack:
        lines = sys.stdin if options["file"] == "-" else stack.enter_context(_opened(Path(options["file"])))
        found = check_received(lines, all_keys(), first=options["first"], head=options["head"])
    newest = head()
    return {
        "complete": not found.problems,
        "messages": found.messages,
        "duplicates": found.duplicates,
        "tests": found.tests,
        "first": found.first,
        "last": found.last,
        "head": f"{found.last}:{found.digest}" if found.last else None,
        "newest": newest.position if newest else 0,
        "compared": found.compared,
        "problems": found.problems,
    }


def _opened(path: Path) -> TextIO:
    try:
        return path.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def _received_text(document: dict[str, Any]) -> str:
    if document["problems"]:
        return "\n".join(document["problems"])
    if document["last"] is None:
        return "There is no entry of the audit trail among these lines."
    return (
        f"Nothing is missing from {document['first']} to {document['last']} (the trail goes to {document['newest']}); "
        f"{document['messages']:,} messages, {document['duplicates']:,} of them came again; "
        f"{document['compared']:,} were compared with the trail."
    )


def _text(link: Head | None) -> str | None:
    return f"{link.position}:{link.digest}" if link else None


def _head(text: str) -> Head:
    position, _, digest = text.partition(":")
    if not (position.isascii() and position.isdigit() and len(digest) == 64):
        raise ArgumentTypeError("must be POSITION:DIGEST, as `audit head` prints it")
    return Head(int(position), digest.lower())


def _secret(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from error
