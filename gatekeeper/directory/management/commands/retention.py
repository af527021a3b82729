"""manage.py retention: how long personal data of deleted people is kept, and erasing what is due now."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.people.retention import due_for_erasure, erase_due, retention_days, set_retention
from gatekeeper.runtime.command import OperatorCommand

ACTOR = Actor.command("retention")


class Command(OperatorCommand):
    help = "Show or choose how long personal data of deleted people is kept; --erase-due does the daily run now."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, help="Keep it for so many days after the deletion.")
        parser.add_argument("--erase-due", action="store_true", help="Erase now what the daily run would erase.")

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"days", "due", "erased"}``. Raises InvalidValue for a number of days that will not do."""
        if options["days"] is not None:
            set_retention(options["days"], actor=ACTOR)
        erased = erase_due(actor=ACTOR) if options["erase_due"] else 0
        return {"days": retention_days(), "due": due_for_erasure(timezone.now()).count(), "erased": erased}
