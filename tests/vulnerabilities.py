"""Known vulnerabilities of the pinned packages, by pip-audit: of the lock files that are named, or of all.

Exit status: 0 none is known; 1 some are; 3 nobody could be asked about a package, so nothing follows from the rest. It
asks PyPI; ``AUDIT_SERVICE=osv`` asks osv.dev instead.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NONE_KNOWN, VULNERABLE, NOT_ASKED = 0, 1, 3


@dataclass
class Findings:
    """What is known of the packages of one lock file. ``problem``: why the source did not answer at all."""

    asked: int = 0
    vulnerable: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)
    problem: str = ""

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> "Findings":
        """Read pip-audit's JSON. A package that the source does not know was not asked about."""
        found = cls()
        for package in document["dependencies"]:
            if "skip_reason" in package:
                found.not_asked.append(package["name"])
                continue
            found.asked += 1
            for one in package["vulns"]:
                mended = ", ".join(one["fix_versions"]) or "no version"
                found.vulnerable.append(f"{package['name']} {package['version']}: {one['id']}, mended in {mended}")
        return found

    def status(self) -> int:
        """The exit status that follows."""
        if self.vulnerable:
            return VULNERABLE
        return NOT_ASKED if self.problem or self.not_asked else NONE_KNOWN

    def lines(self) -> list[str]:
        """The findings for people."""
        if self.problem:
            return [f"NOT CHECKED: the source of vulnerabilities does not answer ({self.problem})."]
        lines = [f"VULNERABLE: {each}" for each in self.vulnerable]
        if self.not_asked:
            some = ", ".join(self.not_asked[:5]) + (" …" if len(self.not_asked) > 5 else "")
            lines.append(f"NOT CHECKED: the source has no answer for {len(self.not_asked)} packages: {some}")
        return [*lines, f"{self.asked} packages were checked."]


def audit(file: Path) -> Findings:
    """Ask pip-audit about one lock file, which installs nothing."""
    service = os.environ.get("AUDIT_SERVICE", "pypi")
    command = [str(Path(sys.executable).parent / "pip-audit"), "--requirement", str(file), "--disable-pip"]
    options = ["--require-hashes", "--progress-spinner=off", "--format=json", f"--vulnerability-service={service}"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    try:
        return Findings.of_document(json.loads(done.stdout))
    except ValueError:
        last = (done.stderr.strip().splitlines() or [f"pip-audit ended with {done.returncode}"])[-1]
        return Findings(problem=last[:300])


def main(names: list[str]) -> int:
    """Print what is known of each file; the worst of their statuses."""
    files = [Path(name) for name in names] or sorted(ROOT.glob("requirements*.txt"))
    statuses = set()
    for file in files:
        found = audit(file)
        statuses.add(found.status())
        for line in found.lines():
            print(f"{file.name}: {line}")  # noqa: T201
    return next((status for status in (VULNERABLE, NOT_ASKED) if status in statuses), NONE_KNOWN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
