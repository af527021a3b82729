"""manage.py who_had: who had a permission or a level at a moment, as JSON, as a list, or as CSV."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from gatekeeper.directory.access.past import past_moment
from gatekeeper.directory.explanation.who_had import COLUMNS_OF_HOLDERS, as_row, level_or_permission, who_had
from gatekeeper.runtime.command import OperatorCommand
from gatekeeper.runtime.csv_export import csv_lines, joined


class Command(OperatorCommand):
    help = "List everybody who had a permission or a level at a moment."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="PERMISSION_OR_LEVEL")
        parser.add_argument("--at", metavar="ISO", help="The moment to answer for; now when it is left out.")
        parser.add_argument("--csv", action="store_true", dest="as_csv", help="Print CSV.")

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"wanted", "at", "people": […]}``. Raises InvalidValue for a name that is neither."""
        if options["as_csv"] and options["as_json"]:
            raise CommandError("Choose --csv or --json.")
        wanted = level_or_permission(options["name"])
        at = past_moment(options["at"]) if options["at"] is not None else None
        self._as_csv = options["as_csv"]
        return {
            "wanted": options["name"],
            "at": (at or timezone.now()).isoformat(),
            "people": [as_row(user, access, wanted) for user, access in who_had(wanted, at)],
        }

    def describe(self, document: dict[str, Any]) -> str:
        people = document["people"]
        if self._as_csv:
            return "".join(csv_lines(COLUMNS_OF_HOLDERS, people)).rstrip("\n")
        lines = [
            f"{person['user_name']}: {person['level']}, given by {joined(person['given_by'])}" for person in people
        ]
        count = "1 person" if len(people) == 1 else f"{len(people):,} people"
        return "\n".join([f"{count} had {document['wanted']} at {document['at']}.", *lines])
