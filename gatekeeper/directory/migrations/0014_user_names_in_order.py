from typing import Any

from django.db import migrations, models
from django.db.models import Q

NAME, MAKING = "user_name_unique_while_live", "user_name_unique_in_order"


def in_order(apps: Any, schema_editor: Any) -> None:
    _replace(schema_editor, "user_name_folded, origin")


def by_origin(apps: Any, schema_editor: Any) -> None:
    _replace(schema_editor, "origin, user_name_folded")


def _replace(schema_editor: Any, columns: str) -> None:
    """The new index stands before the old one goes: names stay unique, and a live site waits for nothing."""
    live = schema_editor.connection.vendor == "postgresql"
    concurrently = "CONCURRENTLY " if live else ""
    create = f"ON directory_user ({columns}) WHERE deleted_at IS NULL"
    if live:
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {MAKING}")  # left invalid by an interrupted run
        schema_editor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {MAKING} {create}")
    schema_editor.execute(f"DROP INDEX {concurrently}IF EXISTS {NAME}")
    if live:
        schema_editor.execute(f"ALTER INDEX {MAKING} RENAME TO {NAME}")
    else:
        schema_editor.execute(f"CREATE UNIQUE INDEX {NAME} {create}")


class Migration(migrations.Migration):
    """The index of live user names begins with the name, so that lists of everybody by name follow it."""

    atomic = False

    dependencies = [("directory", "0013_single_indexes")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(in_order, by_origin)],
            state_operations=[
                migrations.RemoveConstraint("user", NAME),
                migrations.AddConstraint(
                    "user",
                    models.UniqueConstraint(fields=("user_name_folded", "origin"), condition=Q(deleted_at=None), name=NAME),
                ),
            ],
        ),
    ]
