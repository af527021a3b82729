"""manage.py doctor: say in one screen whether this installation can do its work."""

from typing import Any

from gatekeeper.health.checks.result import Status
from gatekeeper.health.checks.running import as_documents, run_checks
from gatekeeper.runtime.command import OperatorCommand

SIGNS = {Status.OK: "ok     ", Status.WARNING: "WARNING", Status.FAILED: "FAILED "}


class Command(OperatorCommand):
    needs_tables = False  # a database without tables is one of the things it reports
    help = "Check everything this installation needs. Exits 1 when something does not work."

    def run(self, **options: Any) -> dict[str, Any]:
        """Returns ``{"checks": [{"name", "status", "detail", "fix"}]}``."""
        del options
        return {"checks": as_documents(run_checks())}

    def describe(self, document: dict[str, Any]) -> str:
        return "\n".join(_line(check) for check in document["checks"])

    def exit_status(self, document: dict[str, Any]) -> int:
        return int(any(check["status"] == Status.FAILED for check in document["checks"]))


def _line(check: dict[str, str]) -> str:
    fix = f"\n        {check['fix']}" if check["fix"] else ""
    return f"{SIGNS[Status(check['status'])]} {check['name']}: {check['detail']}{fix}"
