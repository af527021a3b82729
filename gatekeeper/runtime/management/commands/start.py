"""manage.py start: what ``make run`` runs once the libraries are there."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from gatekeeper.runtime.start import prepare, serve


class Command(BaseCommand):
    help = "Prepare the database, create the first administrator, and serve web, worker and beat until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--prepare-only", action="store_true", help="Prepare, but start nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        prepare()
        if not options["prepare_only"]:
            serve()
