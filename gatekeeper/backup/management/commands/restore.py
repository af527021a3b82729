"""manage.py restore FILE: what manage.py backup wrote, into an empty site."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from gatekeeper.audit.segments.files import folder
from gatekeeper.audit.segments.state import State, listed, state_of
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
        self._say_what_is_missing()
        return {
            "users": restored.users,
            "groups": restored.groups,
            "audit_entries": restored.audit_entries,
            "audit": "damaged" if restored.problems else "intact",
            "made_at": restored.made_at,
        }

    def _say_what_is_missing(self) -> None:
        """The archive names the sealed files of the audit trail, and does not hold them."""
        missing = [each.file for each in listed() if state_of(each) in (State.MISSING, State.SIZE_DIFFERS)]
        if missing:
            self.stderr.write(
                f"{len(missing)} sealed files of the audit trail are not in {folder()}, first {missing[0]}: copy them "
                "there, and run manage.py audit verify --segments."
            )
