"""The demo's processes: started in groups of their own, and all ended with the demo."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gatekeeper.runtime.processes.ports import is_port_free

SECONDS_TO_START = 150  # a laptop that is busy with other things
SECONDS_TO_STOP = 25  # the site gives its own processes twenty


class DemoFailed(Exception):
    """The demo cannot go on; the text is one line that says why and where to look."""


class Processes:
    """Runs ``manage.py`` with the demo's environment: commands to their end, servers until ``stop``."""

    def __init__(self, root: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self._root = root
        self._folder = folder
        self._environment = dict(environment)
        self._servers: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, *arguments: str, text: str = "") -> str:
        """Run a command to its end and return what it printed. Raises DemoFailed with its own line when it fails."""
        done = subprocess.run(  # noqa: S603 -- our own manage.py, with arguments of our own
            self._command(*arguments),
            cwd=self._root,
            env=self._environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            raise DemoFailed(f"{arguments[0]} failed: {lines[-1]}")
        return done.stdout

    def follow(self, *arguments: str, text: str, say: Callable[[str], None]) -> str:
        """Run a command to its end, repeat its lines, and return the JSON object among them. Raises DemoFailed."""
        with (
            self._log(arguments[0]).open("wb") as log,
            subprocess.Popen(  # noqa: S603 -- as above
                self._command(*arguments),
                cwd=self._root,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            ) as process,
        ):
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(text)
            process.stdin.close()
            document = ""
            for line in process.stdout:
                if line.startswith("{"):
                    document = line
                else:
                    say(line.rstrip("\n"))
        if process.returncode:
            raise DemoFailed(f"{arguments[0]} failed; {self._log(arguments[0])} says why.")
        return document

    def document(self, *arguments: str, text: str = "") -> dict[str, Any]:
        """Run an operators' command with ``--json`` and return its document. Raises DemoFailed."""
        document: dict[str, Any] = json.loads(self.run(*arguments, "--json", text=text))
        return document

    def start(self, name: str, *arguments: str) -> None:
        """Start a server; what it says goes to a log file in the demo's folder."""
        with self._log(name).open("wb") as log:
            self._servers[name] = subprocess.Popen(  # noqa: S603 -- as above
                self._command(*arguments),
                cwd=self._root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demo, which ends the others in order
            )

    def wait_for(self, name: str, answers: Callable[[], bool]) -> None:
        """Wait until a server answers. Raises DemoFailed when it ends or takes too long."""
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:
            self.expect_alive()
            if answers():
                return
            time.sleep(0.2)
        raise DemoFailed(f"The {name} did not start within {SECONDS_TO_START} seconds; see {self._log(name)}.")

    def expect_alive(self) -> None:
        """Raises DemoFailed when one of the servers has ended by itself."""
        for name, process in self._servers.items():
            if process.poll() is not None:
                raise DemoFailed(f"The {name} ended by itself; {self._log(name)} says why.")

    def stop(self) -> None:
        """End all servers, the last one first; what does not end in time is killed."""
        for process in reversed(self._servers.values()):
            _signal_group(process, signal.SIGTERM)
        for process in reversed(self._servers.values()):
            try:
                process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()
        self._servers.clear()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self._root / "manage.py"), *arguments]

    def _log(self, name: str) -> Path:
        return self._folder / f"{name.replace(' ', '-')}.log"


def expect_free(port: int, name: str) -> None:
    """Raises DemoFailed when somebody listens on the port already."""
    if not is_port_free("127.0.0.1", port):
        raise DemoFailed(f"Port {port}, for the {name}, is taken; choose another one, as in: PORT=8500 make demo")


def _signal_group(process: subprocess.Popen[bytes], which: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, which)
