"""manage.py restore FILE: what manage.py backup wrote, into an empty site."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from gatekeeper.backup.restoring import restore_backup
from gatekeeper.runtime.command import OperatorCommand


class Command(OperatorCommand):
    help = "Restore a backup into an empty site that doesn't run, all of it or nothing, and verify its audit trail."
    needs_tables = False

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="An archive that manage.py backup made.")
        parser.add_argument(
            "--accept-audit-damage",
            action="store_true",
            help="Restore although the audit trail isn't intact, as where the site recorded damage before the backup.",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"users", "groups", "audit_entries", "audit", "made_at"}``: those that live, not the deleted ones."""
        restored = restore_backup(options["file"], accept_audit_damage=options["accept_audit_damage"])
        for problem in restored.problems:
            self.stderr.write(problem)
        return {
            "users": restored.users,
            "groups": restored.groups,
            "audit_entries": restored.audit_entries,
            "audit": "damaged" if restored.problems else "intact",
            "made_at": restored.made_at,
        }
