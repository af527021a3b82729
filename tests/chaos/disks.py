"""A disk of some MiB that can be full: a file system of its own, in memory, and no limit that only looks like one."""

import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHUNKS = (1 << 20, 1 << 12, 1)  # bytes


class SmallDisk:
    """Mounted at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / f"ballast-{uuid.uuid4().hex[:8]}"

    def fill(self) -> None:
        """Leave no byte free."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in CHUNKS:
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def take_no_writes(self) -> None:
        """As a system leaves a disk that has failed. Not possible while somebody writes to a file of it."""
        self._remount("ro")

    def take_writes(self) -> None:
        """Again."""
        self._remount("rw")

    def _remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.path)], check=True, capture_output=True)

    def make_room(self) -> None:
        """Free what ``fill`` took."""
        self._ballast.unlink()


@contextmanager
def small_disk(path: Path, mebibytes: int) -> Iterator[SmallDisk]:
    """An empty one at ``path``, for as long as the block."""
    path.mkdir()
    options = f"size={mebibytes}m,mode=700"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False) if os.geteuid() == 0 else None
    if done is None or done.returncode != 0:
        reason = done.stderr if done else "that takes root"
        assert os.environ.get("CI") != "true", f"No file system can be mounted here: {reason}"
        pytest.skip(f"No file system can be mounted here: {reason}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
