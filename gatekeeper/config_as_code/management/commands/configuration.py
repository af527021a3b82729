"""manage.py configuration: the site's configuration as a document that can be kept beside other code."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.config_as_code.apply import Applied, apply_document
from gatekeeper.config_as_code.document import ConfigurationDocument, export_document, read_document
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.impact.affected_people import affected_people
from gatekeeper.directory.impact.preview import Preview
from gatekeeper.directory.impact.warnings import losing_access
from gatekeeper.errors import NeedsConfirmation
from gatekeeper.runtime.command import OperatorCommand, take_json_after

FLAG = "--confirm-administrator-default"
ACTOR = Actor.command("configuration")


class Command(OperatorCommand):
    help = "Export the configuration, apply a document to it, or show how it differs from one."

    def arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        export = actions.add_parser("export", help="Print the configuration as JSON.")
        apply = actions.add_parser("apply", help="Make the site what FILE states, or nothing.")
        apply.add_argument("file", metavar="FILE", help="A JSON document; - reads standard input.")
        apply.add_argument("--dry-run", action="store_true", help="Say what would change, and change nothing.")
        apply.add_argument(
            "--preview", action="store_true", help="Put the preview into the JSON of a dry run, as its text has it."
        )
        apply.add_argument(FLAG, action="store_true", dest="confirmed", help="Allow an administrator Default Mapping.")
        diff = actions.add_parser("diff", help="Exit 1 when the site differs from FILE.")
        diff.add_argument("file", metavar="FILE", help="A JSON document; - reads standard input.")
        take_json_after(export, apply, diff)

    def run(self, **options: Any) -> dict[str, Any]:
        """What contract.md says for export and apply; for diff ``{"differs", "differences"}``."""
        if options["action"] == "export":
            return export_document()
        document = read_document(_text(options["file"]))
        if options["action"] == "diff":
            return _diff(document)
        may_take = None if options["dry_run"] or not self._can_ask(options) else self._asked(document, options)
        result = _apply(document, dry_run=options["dry_run"], confirmed=options["confirmed"], may_take=may_take)
        losing = result.pop("losing")
        if losing:
            self.stderr.write(f"{_counted(losing)} {'could' if options['dry_run'] else 'can'} no longer sign in.")
        if options["as_json"] and not options["preview"]:
            result.pop("preview", None)  # the document's keys are fixed; more is for whoever asks for it
        return result

    def _can_ask(self, options: dict[str, Any]) -> bool:
        """A pipeline has nobody to ask: who runs one looks at a dry run before, and the number is on stderr."""
        return not options["as_json"] and options["file"] != "-" and sys.stdin.isatty()

    def _asked(self, document: ConfigurationDocument, options: dict[str, Any]) -> int:
        """From how many people the document may take their access: as many as the person at the terminal was shown.

        Raises: CommandError unless they mean it.
        """
        losing: int = _apply(document, dry_run=True, confirmed=options["confirmed"])["losing"]
        if losing:
            self.stderr.write(
                f"{_counted(losing)} could no longer sign in. Do you mean it? Type yes to go on: ", ending=""
            )
            self.stderr.flush()
            if sys.stdin.readline().strip().lower() != "yes":
                raise CommandError("Nothing was changed.")
        return losing

    def describe(self, document: dict[str, Any]) -> str:
        if "differences" in document:
            return "\n".join(document["differences"]) or "The site is as the document says."
        return _result_text(document)

    def prints_json(self, document: dict[str, Any]) -> bool:
        """What was exported is made to be read again, with or without ``--json``."""
        return "differences" not in document and "changed" not in document

    def exit_status(self, document: dict[str, Any]) -> int:
        """As diff(1): 1 when there is a difference, so that a scheduled job notices drift."""
        return 1 if document.get("differs") else 0


def _text(name: str) -> str:
    """All of the file, or of standard input for ``-``; a byte order mark is no part of it."""
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # not UTF-8, or a NUL character in the name
        raise CommandError(f"{name} cannot be read as UTF-8 text.") from error


def _apply(
    document: ConfigurationDocument, *, dry_run: bool, confirmed: bool, may_take: int | None = None
) -> dict[str, Any]:
    def judge(applied: Applied) -> None:
        losing = losing_access(applied.preview.kinds)
        if may_take is not None and losing != may_take:
            raise CommandError(f"By now {_counted(losing)} could no longer sign in; nothing was changed. Try again.")

    try:
        applied = apply_document(document, actor=ACTOR, dry_run=dry_run, confirmed=confirmed, judge=judge)
    except NeedsConfirmation as question:
        raise CommandError(f"{question} Repeat the command with {FLAG}.") from question
    preview = applied.preview
    result = {
        "changed": [change.text for change in applied.changed],
        "access_changed": preview.affected,
        "dry_run": dry_run,
    }
    result["losing"] = losing_access(preview.kinds)
    return {**result, "preview": _preview(preview)} if dry_run else result


def _counted(people: int) -> str:
    """``1 person`` or ``1,200 people``."""
    return "1 person" if people == 1 else f"{people:,} people"


def _preview(preview: Preview) -> dict[str, Any]:
    """The preview of the page, with its first page of people."""
    people = [
        {
            "user_name": person.user.user_name,
            "before": _granted(person.before),
            "after": _granted(person.after),
        }
        for person in affected_people(preview)[0]
    ]
    return {"sentence": preview.sentence, **preview.as_document(), "first_people": people}


def _granted(access: Access) -> dict[str, Any]:
    return {
        "level": access.level.slug,
        "permissions": sorted(access.permissions),
        "teams": sorted(access.teams.values()),
    }


def _diff(document: ConfigurationDocument) -> dict[str, Any]:
    """The sentences in which a dry run would describe what it changes."""
    differences = apply_document(document, actor=ACTOR, dry_run=True, confirmed=True).changed
    return {"differs": bool(differences), "differences": [change.text for change in differences]}


def _result_text(document: dict[str, Any]) -> str:
    """What was (or would be) changed, and what it means for people."""
    if not document["changed"]:
        return "Nothing to change."
    people = document["access_changed"]
    who = "1 person" if people == 1 else f"{people:,} people"
    lines = [*document["changed"], f"The access of {who} {'would change' if document['dry_run'] else 'changed'}."]
    if document["dry_run"]:
        lines += [*_preview_lines(document["preview"]), "Nothing was changed: this was a dry run."]
    return "\n".join(lines)


def _preview_lines(preview: dict[str, Any]) -> list[str]:
    """What stands beside the form on the page: the counts, the warnings, and the first people by name."""
    shifts = [
        f"  {kind} {shift['name']}: {shift['gained']:,} gain it, {shift['lost']:,} lose it"
        for kind in ("levels", "permissions", "teams")
        for shift in preview[kind]
    ]
    people = [
        f"  {person['user_name']}: {_difference(person['before'], person['after'])}"
        for person in preview["first_people"]
    ]
    more = preview["people"] - len(people)
    return [
        *shifts,
        *(f"  Warning: {warning['text']}" for warning in preview["warnings"]),
        *people,
        *([f"  … and {more:,} more"] if more else []),
    ]


def _difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    """One person's change: "collaborator → administrator, + reports, − Finance"."""
    parts = [f"{before['level']} → {after['level']}"] if before["level"] != after["level"] else []
    for kind in ("permissions", "teams"):
        parts += [f"+ {name}" for name in after[kind] if name not in before[kind]]
        parts += [f"− {name}" for name in before[kind] if name not in after[kind]]
    return ", ".join(parts)
