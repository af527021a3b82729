"""A file that appears under its name when it is whole, readable by its owner only, and never in another's place."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from gatekeeper.backup.refusals import BackupNotMade


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Write into what is yielded; the name is taken at the end. Raises: BackupNotMade, and leaves nothing behind."""
    if os.path.lexists(path):
        raise BackupNotMade(f"{path} exists; a backup never overwrites a file. Give another name.")
    part = path.parent / f".{path.name[:100]}.{secrets.token_hex(8)}.part"
    try:
        try:
            with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _take_name(part, path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except FileExistsError as error:
        raise BackupNotMade(f"{path} exists; a backup never overwrites a file. Give another name.") from error
    except OSError as error:
        raise BackupNotMade(f"{path} could not be written: {error.strerror or error}.") from error


def _take_name(part: Path, path: Path) -> None:
    """A link is refused where the name is taken; file systems without links have the name claimed first."""
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        part.replace(path)


def _sync_folder(folder: Path) -> None:
    """The name survives a power cut, where the file system can say so."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
