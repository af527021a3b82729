"""manage.py access: what one person may do, and why; now or at any moment in the past."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from gatekeeper.directory.access.loaders import user_by_name
from gatekeeper.directory.access.past import past_moment
from gatekeeper.directory.explanation.explanation import Given, Reason, explain
from gatekeeper.runtime.command import OperatorCommand
from gatekeeper.runtime.plain_text import visible
from saml.sync.name_mismatches import refused_name_ids


class Command(OperatorCommand):
    help = "Show a person's effective access with its sources."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="EMAIL_OR_USERNAME")
        parser.add_argument("--at", metavar="ISO", help="The moment to answer for; without a zone it is the site's.")

    def run(self, **options: Any) -> dict[str, Any]:
        """The object that contract.md names. An unknown person is refused; raises InvalidValue for a wrong time."""
        at = past_moment(options["at"]) if options["at"] is not None else None
        user = user_by_name(options["name"], at)
        if user is None:
            when = f" at {at.isoformat()}" if at else ""
            raise CommandError(f"There is no user {options['name']}{when}.")
        self._explanation = explain(user, at, None if at else refused_name_ids([user]))
        return self._explanation.access.as_document()

    def describe(self, document: dict[str, Any]) -> str:
        """For people: the facts, then what gives each thing, since when and by whose decision."""
        facts = {name: value for name, value in document.items() if name != "sources"}
        lines = [_line(given) for given in self._explanation.given]
        return "\n".join([super().describe(facts), *map(visible, [self._explanation.readiness.in_full, *lines])])


def _line(given: Given) -> str:
    note = f" ({given.note})" if given.note else ""
    return f"{given.kind} {given.name}{note}: " + "; ".join(map(_reason, given.reasons))


def _reason(reason: Reason) -> str:
    since = f" since {reason.since.isoformat(timespec='seconds')}" if reason.since else ""
    by = f", decided by {reason.decided_by}" if reason.decided_by else ""
    return f"{reason.name}{since}{by}"
