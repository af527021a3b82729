"""manage.py access: what one person may do, and why; now or at any moment in the past."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from gatekeeper.command import OperatorCommand
from gatekeeper.directory.explain import Given, Reason, explain
from gatekeeper.directory.queries import user_by_name


class Command(OperatorCommand):
    help = "Show a person's effective access with its sources."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="EMAIL_OR_USERNAME")
        parser.add_argument("--at", metavar="ISO", help="The moment to answer for; without a zone it is the site's.")

    def run(self, **options: Any) -> dict[str, Any]:
        """The object that contract.md names. An unknown person is refused."""
        at = moment(options["at"])
        user = user_by_name(options["name"], at)
        if user is None:
            when = f" at {at.isoformat()}" if at else ""
            raise CommandError(f"There is no user {options['name']}{when}.")
        self._explanation = explain(user, at)
        return self._explanation.access.as_document()

    def describe(self, document: dict[str, Any]) -> str:
        """For people: the facts, then what gives each thing, since when and by whose decision."""
        facts = {name: value for name, value in document.items() if name != "sources"}
        return "\n".join([super().describe(facts), self._explanation.readiness, *map(_line, self._explanation.given)])


def _line(given: Given) -> str:
    return f"{given.kind} {given.name}: " + "; ".join(map(_reason, given.reasons))


def _reason(reason: Reason) -> str:
    since = f" since {reason.since.isoformat(timespec='seconds')}" if reason.since else ""
    by = f", decided by {reason.decided_by}" if reason.decided_by else ""
    return f"{reason.name}{since}{by}"


def moment(text: str | None) -> datetime | None:
    """An ISO 8601 time with a zone, or in the site's; None for now. Raises CommandError."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=timezone.get_default_timezone())
        # Databases compare in UTC, in which the first and the last day of the calendar may not exist.
        at = at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CommandError(f"--at {text} is no ISO 8601 time, such as 2026-03-03T09:00:00Z.") from error
    if at > timezone.now():
        raise CommandError(f"--at {text} lies in the future; nobody can say who will have access then.")
    return at
