"""The shape that all operators' commands share: one document with ``--json``, one stderr line when refused."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gatekeeper.errors import DomainError


class OperatorCommand(BaseCommand):
    """Subclasses implement ``run`` and may implement ``describe`` and ``arguments``.

    Exit status: 0 done; 1 refused or failed (one line on stderr, nothing changed); 2 wrong usage (argparse).
    """

    requires_migrations_checks = False

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
        """The same result for people; one ``name: value`` a line unless a command says it better."""
        return "\n".join(f"{name}: {_plain(value)}" for name, value in document.items())

    def exit_status(self, document: dict[str, Any]) -> int:
        """The status to end with when the work was done; ``doctor`` answers 1 when a check failed."""
        del document
        return 0

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, print, end. A refusal in domain words becomes a CommandError: one line, status 1."""
        del args
        try:
            document = self.run(**options)
        except DomainError as refusal:
            raise CommandError(_one_line(str(refusal))) from refusal
        as_json = options["as_json"]
        self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) if as_json else self.describe(document))
        status = self.exit_status(document)
        if status:
            self.stdout.flush()
            sys.exit(status)


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _plain(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return "–" if value is None else str(value)
