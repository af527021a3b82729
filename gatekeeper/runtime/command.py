"""The shape that all operators' commands share: one document with ``--json``, one stderr line when refused."""

import json
import sys
from argparse import SUPPRESS, ArgumentParser
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.dispatch import Signal

from gatekeeper.errors import DomainError
from gatekeeper.runtime.database_limits import COMMAND, limited
from gatekeeper.runtime.plain_text import visible, visible_lines, visible_values

work_is_done = Signal()  # a command did what it was asked for, and is about to say so


class OperatorCommand(BaseCommand):
    """Subclasses implement ``run`` and may implement ``describe`` and ``arguments``.

    Exit status: 0 done; 1 refused or failed (one line on stderr, nothing changed); 2 wrong usage (argparse).
    """

    # The checks import every page and protocol; a command should answer sooner than that. `make check` runs them.
    requires_system_checks: list[str] = []
    needs_tables = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--json`` and the command's own arguments."""
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="Print one JSON document, nothing else."
        )
        self.arguments(parser)

    def arguments(self, parser: CommandParser) -> None:
        """Add the command's own arguments; none by default."""

    def run(self, **options: Any) -> dict[str, Any]:
        """Do the work and return the document that contract.md names for this command."""
        raise NotImplementedError

    def describe(self, document: dict[str, Any]) -> str:
        """The same result for people; one ``name: value`` a line unless a command says it better.

        The texts in ``document`` are made visible already; those from elsewhere are to be (``runtime/plain_text.py``).
        """
        return "\n".join(f"{name}: {_plain(value)}" for name, value in document.items())

    def prints_json(self, document: dict[str, Any]) -> bool:
        """Whether the result is JSON without ``--json`` too, since it is made to be read again."""
        del document
        return False

    def exit_status(self, document: dict[str, Any]) -> int:
        """The status to end with when the work was done; ``doctor`` answers 1 when a check failed."""
        del document
        return 0

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, print, end. A DomainError becomes a CommandError: one line, status 1.

        So does what nobody foresaw, without a stack trace unless ``--traceback`` asks for it.
        """
        del args
        try:
            if self.needs_tables:
                _make_tables_in_an_empty_database()
            with limited(COMMAND):
                document = self.run(**options)
            work_is_done.send(sender=type(self))
        except CommandError as refusal:
            raise CommandError(visible(str(refusal)), returncode=refusal.returncode) from refusal
        except DomainError as refusal:
            raise CommandError(_one_line(str(refusal))) from refusal
        except DatabaseError as problem:
            reason = _one_line(str(problem))
            raise CommandError(f"The database fails ({reason}); ask manage.py doctor, or run migrate.") from problem
        except Exception as unforeseen:
            if options.get("traceback"):
                raise
            what = _one_line(f"{type(unforeseen).__name__}: {unforeseen}")[:300]
            raise CommandError(
                f"It failed in a way that nobody foresaw ({what}). Run it with --traceback and report what that says."
            ) from unforeseen
        as_json = options["as_json"] or self.prints_json(document)
        self.stdout.write(_as_json(document) if as_json else visible_lines(self.describe(visible_values(document))))
        status = self.exit_status(document)
        if status:
            self.stdout.flush()
            sys.exit(status)


def password_from_stdin() -> str:
    """The first line of standard input, for ``--password-stdin``. Raises CommandError when there is none."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise CommandError("There is no password on standard input; pipe one line into this command.")
    return password


def take_json_after(*actions: ArgumentParser) -> None:
    """``--json`` after a subcommand, too. Without a default of its own it does not undo the one before it."""
    for action in actions:
        action.add_argument("--json", action="store_true", dest="as_json", default=SUPPRESS, help="Print JSON.")


def iso_utc(moment: datetime | None) -> str | None:
    """A moment as the commands' documents have it: ISO 8601 in UTC, with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def instant(option: str, text: str | None) -> datetime | None:
    """The moment that an option holds, UTC where it names no zone. Raises CommandError for what is none."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{option} {text} is no ISO 8601 time, such as 2027-01-31T00:00:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def identifier(text: str, refusal: str) -> UUID:
    """The id that an argument holds. Raises CommandError(``refusal``): an unknown id is refused, however spelt."""
    try:
        return UUID(text)
    except ValueError as error:
        raise CommandError(refusal) from error


def add_password_argument(parser: CommandParser) -> None:
    """``--password-stdin``, which has to be given: there is no other way, and a future one should not surprise."""
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        required=True,
        help="Read the password from standard input, so that it appears in no process list and no history.",
    )


def _make_tables_in_an_empty_database() -> None:
    """The first command on a new database finds it ready, as `make run` does; an older one is left to `migrate`."""
    if not connection.introspection.table_names():
        call_command("migrate", interactive=False, verbosity=0)


def _one_line(message: str) -> str:
    return visible(" ".join(message.split()))


def _as_json(document: Any) -> str:
    """JSON in which characters that act are escaped; those below the blank are so by JSON itself."""
    return visible_lines(json.dumps(document, ensure_ascii=False, indent=2))


def _plain(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return "–" if value is None else str(value)
