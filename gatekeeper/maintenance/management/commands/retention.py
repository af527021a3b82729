"""manage.py retention: how long personal data of deleted people and the entries of logs are kept."""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.segments.erasing import erase_from_segments
from gatekeeper.directory.people.retention import due_for_erasure, erase_due, retention_days, set_retention
from gatekeeper.maintenance.log_retention import Days, keep_logs_for, kept_days, oldest_entries, prune_logs
from gatekeeper.runtime.command import OperatorCommand, iso_utc
from gatekeeper.runtime.transactions import one_transaction

ACTOR = Actor.command("retention")
FOR_EVER = "forever"


class Command(OperatorCommand):
    help = (
        "Show or choose how long personal data of deleted people and the entries of logs are kept; --erase-due and "
        "--prune do the scheduled runs now."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, help="Keep personal data for so many days after the deletion.")
        parser.add_argument(
            "--log",
            action="append",
            default=[],
            type=_log_and_days,
            metavar="LOG=DAYS",
            help=f"Keep a log's entries for so many days, or {FOR_EVER}. May be given several times.",
        )
        parser.add_argument("--erase-due", action="store_true", help="Erase now what the daily run would erase.")
        parser.add_argument("--prune", action="store_true", help="Delete now what the hourly run would delete.")

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"days", "due", "erased", "logs": {LOG: {"days", "oldest"}}, "pruned": {LOG: rows}}``.

        ``days`` of a log is null for ever, ``oldest`` the moment of its oldest entry or null. All or nothing is chosen.
        Raises InvalidValue for a log or a number of days that will not do.
        """
        _choose(options["days"], dict(options["log"]))
        now = timezone.now()
        erased = erase_due(actor=ACTOR) if options["erase_due"] else 0
        if options["erase_due"]:
            erase_from_segments(actor=ACTOR)
        pruned = prune_logs(now) if options["prune"] else {}
        oldest = oldest_entries()
        return {
            "days": retention_days(),
            "due": due_for_erasure(now).count(),
            "erased": erased,
            "logs": {code: {"days": days, "oldest": iso_utc(oldest[code])} for code, days in kept_days().items()},
            "pruned": pruned,
        }


@one_transaction()
def _choose(people: int | None, logs: dict[str, Days]) -> None:
    if people is not None:
        set_retention(people, actor=ACTOR)
    keep_logs_for(logs, actor=ACTOR)


def _log_and_days(text: str) -> tuple[str, Days]:
    code, _, days = text.partition("=")
    if days == FOR_EVER:
        return code, None
    try:
        return code, int(days)
    except ValueError:
        raise ArgumentTypeError(
            f"{text} is not LOG=DAYS, such as provisioning_log=180 or sessions={FOR_EVER}."
        ) from None
