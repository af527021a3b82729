"""What all operators' commands share."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.once import ONCE

pytestmark = ONCE

ROOT = Path(__file__).resolve().parents[2]


def manage(data_dir: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    clean |= {"DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "gatekeeper.settings", **environment}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=120, check=False)


def test_the_first_command_on_a_new_database_finds_its_tables(tmp_path: Path) -> None:
    done = manage(tmp_path, "scim_key", "list", "--json")

    assert (done.returncode, json.loads(done.stdout)) == (0, {"keys": []})


@pytest.mark.parametrize(
    "arguments", [("access", "ada@example.com"), ("configuration", "export"), ("sync_saml_users",)]
)
def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = manage(tmp_path, *arguments, DATABASE_URL="postgres://nobody@127.0.0.1:9/none")

    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "database" in done.stderr
