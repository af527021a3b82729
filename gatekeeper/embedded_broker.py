"""The broker that needs no server: Kombu's filesystem transport, made safe for several processes.

Stock Kombu writes a message in place, so that a reader may take a half-written file, and moves taken messages through
the system's temporary folder, which may be another disk, where a move is no longer atomic. Here a message appears by
a rename and is taken by a rename, both within DATA_DIR.
"""

import os
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

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:
        del kwargs
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}{SUFFIX}"
        unfinished = Path(self.processed_folder) / name
        unfinished.write_text(dumps(payload))
        unfinished.rename(Path(self.data_folder_out) / name)

    def _get(self, queue: str) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != queue + SUFFIX:
                continue
            taken = Path(self.processed_folder) / name
            try:
                (folder / name).rename(taken)
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
