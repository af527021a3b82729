"""Finds the programs that read the files of deploy/: nginx, Caddy, promtool, kubectl and others."""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
# tests/system-packages.sh unpacks Debian's packages there; wheels of the tests' packages bring the others.
PLACES = (ROOT / ".tools/usr/sbin", ROOT / ".tools/usr/bin", Path(sys.executable).parent, Path("/usr/sbin"))


def program(name: str) -> str:
    """The path of a program. Without apt its absence is a reason to skip, with it a failure."""
    found = shutil.which(name, path=":".join(map(str, PLACES))) or shutil.which(name)
    if found is None and shutil.which("apt-get") is None:
        pytest.skip(f"There is no {name} on this machine.")
    assert found, f"There is no {name}; tests/system-packages.sh gets it."
    return found
