"""What the last release's code can't live with, read from the operations of a migration.

The old code goes on while new tables are made: it inserts rows without the new columns, selects every column that it
knows, and deletes rows to which only the new code refers. What is named here has to wait for the release after the one
that stops using it ("contract"), or needs a reason in ``contract.py``.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection, models
from django.db.migrations import Migration, operations
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED

from gatekeeper.runtime.index_additions import AddTextSearchIndex
from gatekeeper.runtime.index_removal import DropPatternIndex

# Slower or quicker for the old code, never refused.
HARMLESS = (
    operations.AddIndex,
    operations.RemoveIndex,
    operations.RenameIndex,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    operations.AlterModelTableComment,
    operations.AlterOrderWithRespectTo,
    operations.RemoveConstraint,
    AddTextSearchIndex,
    DropPatternIndex,
)


class Reader:
    """Reads migrations in their order; ``state`` is that of the last release before the first of them."""

    def __init__(self, state: ProjectState) -> None:
        self.state = state
        self._old_tables = set(state.models)  # (app label, model name)

    def problems(self, migration: Migration) -> Iterator[str]:
        """What the old code can't live with in this migration, each as ``app.name: what``. Moves the state on."""
        for operation in migration.operations:
            for problem in self._of(migration.app_label, operation):
                yield f"{migration.app_label}.{migration.name}: {problem}"

    def _of(self, app: str, operation: Any) -> list[str]:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            found = [problem for part in operation.database_operations for problem in self._of(app, part)]
            for part in operation.state_operations:
                part.state_forwards(app, self.state)
            return found
        found = [f"{type(operation).__name__} {text}".rstrip() for text in self._texts(app, operation)]
        operation.state_forwards(app, self.state)
        return found

    def _texts(self, app: str, operation: Any) -> Iterator[str]:
        match operation:
            case operations.CreateModel():
                yield from (f"{operation.name}.{name} {why}" for name, why in self._references(operation.fields))
            case operations.AddField() if not self._is_old(app, operation.model_name):
                references = self._references([(operation.name, operation.field)])
                yield from (f"{operation.model_name}.{name} {why}" for name, why in references)
            case operations.AddField():
                yield from (f"{operation.model_name}.{operation.name} {why}" for why in added(operation.field))
            case operations.AlterField() if self._is_old(app, operation.model_name):
                former = self.state.models[app, operation.model_name.lower()].fields[operation.name]
                yield from (
                    f"{operation.model_name}.{operation.name} {why}" for why in altered(former, operation.field)
                )
            case _ if isinstance(operation, HARMLESS):
                return
            case _ if hasattr(operation, "model_name") and not self._is_old(app, operation.model_name):
                return
            case _:
                yield describe(operation)

    def _is_old(self, app: str, model: str) -> bool:
        return (app, model.lower()) in self._old_tables

    def _references(self, fields: Any) -> Iterator[tuple[str, str]]:
        """Foreign keys of new tables: what they name can't be deleted by code that does not know them."""
        for name, field in fields:
            if isinstance(field, models.ForeignKey) and field.db_constraint:
                model: Any = field.remote_field.model
                target = (model if isinstance(model, str) else model._meta.label).lower()
                if tuple(target.split(".")) in self._old_tables:
                    yield name, f"refers to {target}"


def added(field: Any) -> Iterator[str]:
    """Why the old code can't insert into a table, or delete from another one, once it has this new column."""
    if not field.null and field.db_default is NOT_PROVIDED and not field.many_to_many:
        yield "is NOT NULL without db_default"
    if field.unique:
        yield "is unique"
    if isinstance(field, models.ForeignKey) and field.db_constraint:
        yield "is a foreign key"


def altered(former: Any, field: Any) -> Iterator[str]:
    """What of the values that the old code writes a changed column refuses."""
    if former.null and not field.null:
        yield "becomes NOT NULL"
    if former.db_default is not NOT_PROVIDED and field.db_default is NOT_PROVIDED and not field.null:
        yield "loses its db_default"
    if field.unique and not former.unique:
        yield "becomes unique"
    if field.null and not former.null:
        yield "may be NULL, which its readers never met"
    if (field.max_length or former.max_length or 0) < (former.max_length or 0):
        yield "is shorter"
    if type_of(former) != type_of(field):
        yield f"is another type: {type_of(former)}, then {type_of(field)}"


def type_of(field: Any) -> str:
    """A column's type without what only widens it: a longer text takes the shorter ones."""
    if isinstance(field, models.CharField):
        return "text"
    if isinstance(field, models.ForeignKey):
        return "reference"
    return f"{type(field).__name__} {field.db_type(connection) or ''}"


def describe(operation: Any) -> str:
    """Which column, constraint or table an operation is about."""
    constraint = getattr(operation, "constraint", None)
    names = [
        getattr(operation, "model_name", None) or getattr(operation, "old_name", None),
        constraint.name if constraint else None,
        getattr(operation, "name", None) if not constraint else None,
        getattr(getattr(operation, "code", None), "__name__", None),
    ]
    return ".".join(str(name) for name in names if name)
