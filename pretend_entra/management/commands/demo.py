"""manage.py demo: what ``make demo`` runs."""

import signal
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pretend_entra.demo.processes import DemoFailed
from pretend_entra.demo.script import Demo, Place
from pretend_entra.management.commands.simulate_idp import refuse_elsewhere


class Command(BaseCommand):
    """Serves until Ctrl-C. Everything is under DATA_DIR/demo."""

    help = "Start the site with a believable company and a pretend Entra, and print the links."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_elsewhere(settings.PUBLIC_URL)
        place = Place(
            root=Path(settings.BASE_DIR), folder=Path(settings.DATA_DIR).resolve() / "demo", port=settings.PORT
        )
        demo = Demo(place, self._say)
        for number in (signal.SIGINT, signal.SIGTERM):  # by name: a shell's background job ignores the first
            signal.signal(number, _like_ctrl_c)
        try:
            demo.start()
            while True:
                time.sleep(1)
                demo.watch()
        except KeyboardInterrupt:
            self._say("Stopping …")
        except DemoFailed as problem:
            raise CommandError(str(problem)) from problem
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave processes behind
            demo.stop()
        self._say("The demo has stopped.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _like_ctrl_c(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
