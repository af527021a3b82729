"""Migration operations that add an index while the site goes on. A migration with one says ``atomic = False``.

PostgreSQL makes indexes concurrently only out of transactions. One that was broken off leaves an index that is not
valid; the next try drops it first.
"""

from collections.abc import Sequence
from typing import Any

import structlog
from django.db import DatabaseError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddIndex
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

log = structlog.get_logger(__name__)


class AddIndexLive(AddIndex):
    """Add an index without a lock that a live site would notice."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Concurrently on PostgreSQL; SQLite has one writer at a time anyway."""
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model, editor = to_state.apps.get_model(app_label, self.model_name), schema_editor
        editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {editor.quote_name(self.index.name)}")
        editor.add_index(model, self.index, concurrently=True)  # type: ignore[call-arg]  # PostgreSQL's editor takes it


class AddTextSearchIndex(Operation):
    """Add the index for ``text_search.contains_text``."""

    reduces_to_sql = False
    reversible = True

    def __init__(self, model_name: str, name: str, columns: Sequence[str]) -> None:
        self.model_name, self.name, self.columns = model_name, name, columns

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: Django's state does not know the index, as SQLite has none."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Make it, unless this database has no such indexes."""
        if schema_editor.connection.vendor != "postgresql" or not _has_trigrams(schema_editor):
            return
        meta: Any = to_state.apps.get_model(app_label, self.model_name)._meta
        quote = schema_editor.quote_name
        fields = [meta.get_field(column) for column in self.columns]
        text = " || ' ' || ".join(
            f"COALESCE({quote(field.column)}, '')" if field.null else quote(field.column) for field in fields
        )
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {quote(self.name)}")
        schema_editor.execute(
            f"CREATE INDEX CONCURRENTLY {quote(self.name)} ON {quote(meta.db_table)} "
            f"USING gin (UPPER({text}) gin_trgm_ops)"
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drop it. The extension stays: another index may use it."""
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.name)}")

    def describe(self) -> str:
        return f"Add the text search index {self.name} on {self.model_name}"


def _has_trigrams(schema_editor: BaseDatabaseSchemaEditor) -> bool:
    try:
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as problem:
        log.warning("text_search_without_index", reason=str(problem).strip(), fix="CREATE EXTENSION pg_trgm;")
        return False
    return True
