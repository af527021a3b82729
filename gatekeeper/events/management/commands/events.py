"""events: what waits for its delivery, and another try for what was given up."""

from typing import Any

from django.core.management.base import CommandParser

from gatekeeper.events.delivery import retry_parked
from gatekeeper.events.progress import Progress, delivery_progress
from gatekeeper.runtime.command import OperatorCommand, iso_utc, take_json_after


class Command(OperatorCommand):
    """``events list|retry``."""

    help = "List how far the delivery of events has come, or try again what was given up."

    def arguments(self, parser: CommandParser) -> None:
        """Two actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="What waits, for each subscriber.")
        retry = actions.add_parser("retry", help="Try parked deliveries again at the next run, within a minute.")
        retry.add_argument("--subscriber", default="", help="Only this one's.")
        take_json_after(listing, retry)

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"subscribers": […]}`` or ``{"retried": N}``."""
        if options["action"] == "retry":
            return {"retried": retry_parked(options["subscriber"])}
        return {"subscribers": [_facts(progress) for progress in delivery_progress()]}

    def describe(self, document: dict[str, Any]) -> str:
        """For people: a subscriber a line."""
        if "subscribers" not in document:
            return super().describe(document)
        return "\n".join(
            f"{each['subscriber']}: {each['undelivered']} undelivered"
            f"{' since ' + each['oldest_at'] if each['oldest_at'] else ''}, {each['parked']} parked"
            for each in document["subscribers"]
        )


def _facts(progress: Progress) -> dict[str, Any]:
    return {
        "subscriber": progress.subscriber,
        "undelivered": progress.undelivered,
        "oldest_at": iso_utc(progress.oldest_at),
        "parked": progress.parked,
    }
