"""What follows from pip-audit's answers: never "nothing is known" when nobody was asked."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.vulnerabilities import NONE_KNOWN, NOT_ASKED, ROOT, VULNERABLE, Findings, main

SOUND = {"name": "django", "version": "5.2.19", "vulns": []}
UNKNOWN = {"name": "uv", "skip_reason": "Dependency not found on PyPI and could not be audited: uv (0.13.9)"}
BAD = {
    "name": "lxml",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1", "1.2"], "aliases": [], "description": "…"}],
}


def document(*dependencies: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": [*dependencies], "fixes": []}


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        (document(SOUND), NONE_KNOWN, "1 packages were checked."),
        (document(SOUND, BAD), VULNERABLE, "VULNERABLE: lxml 1.0: PYSEC-1, mended in 1.1, 1.2"),
        (document(SOUND, UNKNOWN), NOT_ASKED, "NOT CHECKED: the source has no answer for 1 packages: uv"),
        (document(BAD, UNKNOWN), VULNERABLE, "VULNERABLE: lxml 1.0"),
    ],
)
def test_the_exit_status_and_the_text_follow_from_what_was_answered(answer: dict[str, Any], status: int, text: str):
    found = Findings.of_document(answer)

    assert found.status() == status
    assert text in "\n".join(found.lines())


def test_a_source_that_cannot_be_reached_is_said(monkeypatch, capsys):
    """Real pip-audit, whose requests lead nowhere."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")

    status = main([str(ROOT / "requirements-uv.txt")])

    assert status == NOT_ASKED
    assert "NOT CHECKED" in capsys.readouterr().out


def test_which_pythons_were_not_found_is_said(tmp_path: Path):
    done = subprocess.run(
        [ROOT / "tests" / "pythons.sh"],
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONS": "3.99", "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "passed: none" in done.stdout
    assert done.stdout.rstrip().endswith("could not be fetched: 3.99")
