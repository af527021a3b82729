"""manage.py start: what ``make run`` runs once the libraries are there."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gatekeeper.runtime.processes.ports import is_port_free
from gatekeeper.runtime.start import prepare, serve


class Command(BaseCommand):
    help = "Prepare the database, create the first administrator, and serve web, worker and beat until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--prepare-only", action="store_true", help="Prepare, but start nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["prepare_only"] and not is_port_free(settings.HOST, settings.PORT):
            raise CommandError(
                f"Port {settings.PORT} of {settings.HOST} is taken; choose another one, as in: PORT=8500 make run"
            )
        prepare()
        if not options["prepare_only"]:
            serve()
