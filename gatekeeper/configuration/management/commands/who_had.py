"""manage.py who_had: who had a permission or a level at a moment, as JSON, as a list, or as CSV."""

import csv
import io
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from gatekeeper.command import OperatorCommand
from gatekeeper.configuration.management.commands.access import moment
from gatekeeper.directory.access import Access
from gatekeeper.directory.models import User
from gatekeeper.directory.who_had import level_or_permission, who_had

COLUMNS = ("user_name", "email", "can_sign_in", "level", "permissions", "teams", "given_by")


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
        at = moment(options["at"])
        self._as_csv = options["as_csv"]
        return {
            "wanted": options["name"],
            "at": (at or timezone.now()).isoformat(),
            "people": [_person(user, access) for user, access in who_had(wanted, at)],
        }

    def describe(self, document: dict[str, Any]) -> str:
        people = document["people"]
        if self._as_csv:
            return _csv(people)
        lines = [
            f"{person['user_name']}: {person['level']}, given by {_joined(person['given_by'])}" for person in people
        ]
        count = "1 person" if len(people) == 1 else f"{len(people):,} people"
        return "\n".join([f"{count} had {document['wanted']} at {document['at']}.", *lines])


def _person(user: User, access: Access) -> dict[str, Any]:
    document = access.as_document()
    return {
        "id": str(user.id),
        **{name: document[name] for name in COLUMNS[:-1]},
        "given_by": [source["name"] for source in document["sources"]],
    }


def _csv(people: list[dict[str, Any]]) -> str:
    """RFC 4180; a cell that a spreadsheet would take for a formula is written as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(person[name]) for name in COLUMNS] for person in people)
    return out.getvalue().rstrip("\n")


def _cell(value: Any) -> str:
    text = _joined(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _joined(names: list[str]) -> str:
    return "; ".join(names)
