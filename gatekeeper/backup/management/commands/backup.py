"""manage.py backup FILE: one archive of the database and the keys in DATA_DIR, while the site runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from gatekeeper.audit.segments.files import folder
from gatekeeper.audit.segments.state import summary
from gatekeeper.backup.making import make_backup
from gatekeeper.runtime.command import OperatorCommand


class Command(OperatorCommand):
    help = "Write one archive with the database and the keys that lie in DATA_DIR. It is as secret as they are."
    needs_tables = False

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="A file that isn't there yet.")

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"file", "bytes", "database", "audit_head", "made_at"}``."""
        made = make_backup(options["file"].absolute())
        sealed = summary()
        if sealed.segments:
            self.stderr.write(
                f"{sealed.entries:,} audit entries are in {sealed.segments} sealed files, which the archive names and "
                f"does not hold: copy {folder()} as well."
            )
        return {
            "file": str(made.file),
            "bytes": made.size,
            "database": made.manifest.database,
            "audit_head": made.manifest.audit_head,
            "made_at": made.manifest.made_at,
        }
