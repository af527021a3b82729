"""Migration operations that drop an index which another one covers, without a lock that a live site would notice.

A migration with one of them says ``atomic = False``: PostgreSQL drops indexes concurrently only out of transactions.
"""

from typing import Any, cast

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AlterField, RemoveIndex
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field, Model


class DropForeignKeyIndex(AlterField):
    """Make a foreign key one without an index of its own, since a composite index begins with the same column."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drop the index. What ``AlterField`` does takes a lock on PostgreSQL, and copies the table on SQLite."""
        model = to_state.apps.get_model(app_label, self.model_name)
        named = {index.name for index in model._meta.indexes}
        for name in _indexes_of(schema_editor, model, self.name):
            if name not in named:
                _drop(schema_editor, name)


class DropIndexLive(RemoveIndex):
    """Drop an index of the model's ``Meta.indexes``."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drop it, if it is there."""
        _drop(schema_editor, str(self.name))


class DropPatternIndex(Operation):
    """Drop the second index that Django makes on PostgreSQL for LIKE on an indexed text column (``…_like``).

    A digest or a code is not searched by its beginning. Other databases have no such index, and neither has Django's
    state.
    """

    reduces_to_sql = False
    reversible = True

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name, self.name = model_name, name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: the state does not know these indexes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drop the index."""
        for name in _indexes_of(schema_editor, to_state.apps.get_model(app_label, self.model_name), self.name):
            if name.endswith("_like"):
                _drop(schema_editor, name)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Nothing: the release before works without the index, too."""

    def describe(self) -> str:
        return f"Drop the index for LIKE on {self.model_name}.{self.name}"


def _indexes_of(schema_editor: BaseDatabaseSchemaEditor, model: type[Model], field_name: str) -> list[str]:
    """The names of the indexes on this one column that are no constraint."""
    connection, column = schema_editor.connection, cast("Field[Any, Any]", model._meta.get_field(field_name)).column
    with connection.cursor() as cursor:
        found: dict[str, Any] = connection.introspection.get_constraints(cursor, model._meta.db_table)
    return [
        name
        for name, each in found.items()
        if each["index"] and not each["unique"] and not each["primary_key"] and each["columns"] == [column]
    ]


def _drop(schema_editor: BaseDatabaseSchemaEditor, name: str) -> None:
    concurrently = "CONCURRENTLY " if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX {concurrently}IF EXISTS {schema_editor.quote_name(name)}")
