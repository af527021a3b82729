"""Runs the site's processes until Ctrl-C, and starts again what ends by itself: ``supervisor.py PROCESSES``.

``PROCESSES``: names and commands, as a JSON object. ``start.py`` becomes this program, which needs nothing of the site
and imports nothing of it: it would keep that in memory for as long as the site runs.
"""

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty
from typing import Any

from honcho.colour import get_colours
from honcho.printer import Message, Printer
from honcho.process import Process

SECONDS_TO_STOP = 20  # for requests and tasks in flight; then what still runs is killed
PATIENCE = 2.0  # seconds between two looks whether something has to be killed; news is seen at once
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before a process is started again; doubled each time
SOUND_AFTER = 60.0  # seconds: a process that ran so long begins with the first pause again
SELF = "system"
IS_JSON = os.environ.get("LOG_FORMAT", "").strip() == "json"


@dataclass(slots=True)
class _Supervised:
    """One process. ``pid``: None while it does not run; ``due``: when it is started again, None while it runs."""

    process: Process
    pid: int | None = None
    started: float = 0.0
    due: float | None = None
    pause: float = FIRST_PAUSE

    @property
    def is_running(self) -> bool:
        return self.due is None


class Supervisor:
    """Starts the processes, writes what they say, and starts again whichever ends before ``stop`` was asked for."""

    def __init__(self, commands: Mapping[str, str]) -> None:
        self._news: multiprocessing.Queue[Message] = multiprocessing.Queue()
        self._printer = Printer(sys.stdout)
        self._printer.width = max(map(len, [SELF, *commands]))
        self._all = {
            name: _Supervised(Process(command, name=name, colour=colour))
            for (name, command), colour in zip(commands.items(), get_colours(), strict=False)
        }
        self._stop_at: float | None = None  # when what still runs is killed

    def run(self) -> None:
        """Until SIGINT or SIGTERM, and all of them have ended."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)
        for each in self._all.values():
            self._start(each)
        while self._stop_at is None or any(each.is_running for each in self._all.values()):
            with suppress(Empty):
                self._hear(self._news.get(timeout=self._seconds_to_wait()))
            self._look()

    def _ask_to_stop(self, number: int, _frame: object) -> None:
        if self._stop_at is None:
            self._say(f"{signal.Signals(number).name} received")
            self._stop_at = time.monotonic() + SECONDS_TO_STOP
            self._signal_all(signal.SIGTERM)

    def _seconds_to_wait(self) -> float:
        dues = [each.due for each in self._all.values() if each.due is not None and self._stop_at is None]
        return min(PATIENCE, max(0.0, min(dues, default=PATIENCE + time.monotonic()) - time.monotonic()))

    def _hear(self, message: Message) -> None:
        if message.type == "line":
            self._write(message)
            return
        each = self._all[message.name]
        if message.type == "start":
            each.pid = message.data["pid"]
            self._say(f"{message.name} started (pid={each.pid})")
            if self._stop_at is not None:
                self._signal(each, signal.SIGTERM)
        else:
            each.pid = None
            self._ended(message.name, each, message.data["returncode"])

    def _ended(self, name: str, each: _Supervised, status: int) -> None:
        now = time.monotonic()
        if self._stop_at is not None:
            each.due = now
            self._say(f"{name} stopped (rc={status})")
            return
        if now - each.started >= SOUND_AFTER:
            each.pause = FIRST_PAUSE
        each.due = now + each.pause
        self._say(
            f"{name} ended by itself (rc={status}); its last lines above say why. "
            f"It is started again in {each.pause:.0f} s, and the rest goes on."
        )
        each.pause = min(2 * each.pause, LONGEST_PAUSE)

    def _look(self) -> None:
        """Start what is due, or kill what does not end."""
        now = time.monotonic()
        if self._stop_at is not None:
            if now >= self._stop_at:
                self._signal_all(signal.SIGKILL)
            return
        for each in self._all.values():
            if each.due is not None and now >= each.due:
                self._start(each)

    def _start(self, each: _Supervised) -> None:
        """In a process of its own, which reads what it says; a start is heard of as a message."""
        each.due, each.started = None, time.monotonic()
        multiprocessing.Process(name=each.process.name, target=each.process.run, args=(self._news, True)).start()

    def _signal_all(self, number: signal.Signals) -> None:
        for each in self._all.values():
            self._signal(each, number)

    def _signal(self, each: _Supervised, number: signal.Signals) -> None:
        if each.pid is not None:
            with suppress(ProcessLookupError):  # it has just ended
                os.killpg(each.pid, number)

    def _say(self, text: str) -> None:
        line = as_json(text) if IS_JSON else text
        self._write(Message("line", f"{line}\n", datetime.now(), SELF, None))  # noqa: DTZ005 - as honcho's

    def _write(self, message: Message) -> None:
        """A line of a process. One that can't be written is lost: a full disk must not end what needs no log."""
        with suppress(OSError):
            self._write_line(message)

    def _write_line(self, message: Message) -> None:
        """One that is JSON is read by a program, to which time and name in front say nothing."""
        if not IS_JSON:
            self._printer.write(message)
            return
        line = message.data if isinstance(message.data, str) else message.data.decode(errors="replace")
        sys.stdout.write(line if line.endswith("\n") else f"{line}\n")
        sys.stdout.flush()


def as_json(event: str) -> str:
    """One of our own lines, as the site's processes write theirs."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"event": event, "logger": "supervisor", "level": "info", "timestamp": at}, ensure_ascii=False)


def main(arguments: list[Any]) -> int:
    """The exit status: 0, since nothing but somebody who asks for it ends this program."""
    Supervisor(json.loads(arguments[1])).run()
    print(as_json("Gatekeeper has stopped.") if IS_JSON else "Gatekeeper has stopped.", flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
