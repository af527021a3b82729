"""The code of the last release, kept beside the tests: an archive works in a checkout without history, too.

``make keep-release COMMIT=…`` writes it anew, which is part of making a release: from then on the tests hold migrations
to what that release can live with, and ``contract.py`` begins empty. As no release was made yet, it is the main branch
of an earlier day, with half of the tables of today.
"""

import lzma
import re
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.site import ROOT

FOLDER = Path(__file__).parent
ARCHIVE = FOLDER / "code.tar.xz"
NOTE = FOLDER / "last_release.txt"
# What the processes read. Not the pins: the old code runs with today's packages, as what is tried is the schema.
RUNS = (
    "manage.py",
    "gunicorn.conf.py",
    "Procfile",
    "gatekeeper",
    "scim",
    "saml",
    "entra_client",
    "conformance",
    "templates",
)
LEFT_OUT = (":!gatekeeper/static/gatekeeper/setup",)  # pictures
MIGRATION = re.compile(r"(?P<package>.+)/migrations/(?P<name>\d{4}_\w+)\.py")


class LastRelease(NamedTuple):
    """Which release it is, and of which commit: the two lines of ``last_release.txt``."""

    version: str
    commit: str


def last_release() -> LastRelease:
    """What is kept."""
    version, commit = NOTE.read_text().split("\n")[:2]
    return LastRelease(version, commit)


def unpack(folder: Path) -> Path:
    """Write the old code into a folder, and return that."""
    with tarfile.open(ARCHIVE, "r:xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@cache
def migrations() -> frozenset[tuple[str, str]]:
    """The migrations that the release has: (app label, name)."""
    with tarfile.open(ARCHIVE, "r:xz") as archive:
        found = filter(None, map(MIGRATION.fullmatch, archive.getnames()))
        return frozenset((match["package"].rpartition("/")[2], match["name"]) for match in found)


def keep(commit: str) -> None:
    """Write archive and note for a commit of this repository."""
    full = _git("rev-parse", "--verify", f"{commit}^{{commit}}").decode().strip()
    paths = [path for path in RUNS if _git("ls-tree", full, path)]
    code = _git("archive", "--format=tar", full, *paths, *LEFT_OUT)
    version = re.search(r'^version = "(.+)"$', _git("show", f"{full}:pyproject.toml").decode(), re.MULTILINE)
    assert version, f"pyproject.toml of {full} names no version."
    ARCHIVE.write_bytes(lzma.compress(code, preset=9 | lzma.PRESET_EXTREME))
    NOTE.write_text(f"{version[1]}\n{full}\n")


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout


if __name__ == "__main__":
    keep(sys.argv[1])
