"""The broker that needs no server: Kombu's filesystem transport, made safe for several processes.

Stock Kombu writes a message (and its table of queues) in place, so that a reader may take a half-written file, and
moves taken messages through the system's temporary folder, which may be another disk, where a move is no longer
atomic. Here everything appears by a rename and is taken by a rename, within DATA_DIR.
"""

import fcntl
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads

SCHEME = "embedded"
SUFFIX = ".msg"


class Channel(filesystem.Channel):
    """Reads and writes messages as files of ``data_folder_in``; ``processed_folder`` is where they are taken to."""

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str) -> None:
        file = Path(self._exchange_file(exchange))  # type: ignore[attr-defined]  # refuses odd names
        wanted = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with (file.parent / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            table = self.get_table(exchange)
            if wanted not in table:
                unfinished = file.with_suffix(".unfinished")
                unfinished.write_text(dumps([wanted, *table]))
                unfinished.rename(file)

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]  # as Kombu calls it
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}{SUFFIX}"
        unfinished = Path(self.processed_folder) / name
        try:
            unfinished.write_text(dumps(message))
            unfinished.rename(Path(self.data_folder_out) / name)
        except OSError:  # the disk is full, and would keep the part of it that was written
            unfinished.unlink(missing_ok=True)
            raise

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        del timeout
        folder = Path(self.data_folder_in)
        for message in sorted(folder.iterdir()):
            if message.name.partition(".")[2] != queue + SUFFIX:
                continue
            taken = Path(self.processed_folder) / message.name
            try:
                message.rename(taken)
            except FileNotFoundError:
                continue  # another process was faster
            payload = taken.read_text()
            taken.unlink()
            return loads(payload)
        raise Empty


class Transport(filesystem.Transport):
    """``embedded://``, used when REDIS_URL is not set."""

    Channel = Channel


def prepare(folder: Path) -> dict[str, Any]:
    """Make the folders of the broker and return the transport options for Celery."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
    queue, control, taken = folder / "queue", folder / "control", folder / "taken"
    for part in (queue, control, taken):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(control),
        "processed_folder": str(taken),
        "polling_interval": 0.5,  # seconds; how long a task may wait before an idle worker sees it
    }
