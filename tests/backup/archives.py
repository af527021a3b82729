"""Archives as somebody could have altered them: with the same parts, other parts, and signed again or not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from gatekeeper.backup.manifest import MAC_NAME, NAME, mac_of


def parts(path: Path) -> dict[str, bytes]:
    """What an archive holds."""
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, content: dict[str, bytes]) -> Path:
    """An archive of these parts, whose checksums are those of a zip only."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def signed(content: dict[str, bytes], secret_key: str, change: Callable[[dict[str, Any]], None]) -> dict[str, bytes]:
    """With a changed manifest, and its MAC: made by somebody who has the key."""
    document = json.loads(content[NAME])
    change(document)
    manifest = json.dumps(document).encode()
    return {**content, NAME: manifest, MAC_NAME: mac_of(manifest, secret_key).encode()}


def rows(path: Path, table: str) -> list[list[Any]]:
    return [json.loads(line) for line in parts(path)[f"tables/{table}.jsonl"].splitlines()]
