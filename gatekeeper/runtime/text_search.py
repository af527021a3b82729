"""Finding rows by a part of their text: one condition over several columns, which has an index.

PostgreSQL finds a part of a text by its groups of three characters (``pg_trgm``, a trusted extension, so that the owner
of the database may create it; ``index_additions.AddTextSearchIndex``). On SQLite, and where the extension is missing,
the same condition reads the rows.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Func, Q, TextField, Value
from django.db.models.expressions import Col
from django.db.models.functions import Coalesce
from django.db.models.lookups import IContains

SHORTEST = 3  # characters that the index can look for; with fewer every row would have to be read


class JoinedText(Func):
    """The texts of several columns as one, as the index has it; a column that may be null counts as empty then."""

    template = "(%(expressions)s)"
    arg_joiner = " || ' ' || "

    def __init__(self, *columns: str) -> None:
        super().__init__(*(F(column) for column in columns), output_field=TextField())

    def resolve_expression(self, *args: Any, **kwargs: Any) -> "JoinedText":
        resolved: JoinedText = super().resolve_expression(*args, **kwargs)
        resolved.source_expressions = [
            Coalesce(column, Value("")) if isinstance(column, Col) and column.target.null else column
            for column in resolved.source_expressions
        ]
        return resolved


def contains_text(columns: Sequence[str], text: str) -> IContains:
    """The condition "one of these columns contains ``text``, in any case"; the columns are those of the index."""
    return IContains(JoinedText(*columns), text)


class HasText(IContains):
    """``icontains`` for whose condition PostgreSQL can tell how many rows fulfil it: it has statistics of columns, and
    none of ``UPPER(column)``. Without them it takes what nearly every row has for rare, and reads and sorts all.
    """

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """The same condition as ``ILIKE``."""
        column, of_column = compiler.compile(self.lhs)
        text, of_text = self.process_rhs(compiler, connection)
        return f"{column} ILIKE {text}", (*of_column, *of_text)


def column_contains(columns: Sequence[str], column: str, text: str) -> Q:
    """The condition "this one of the columns contains ``text``, in any case"; ``columns`` are those of the index."""
    return Q(contains_text(columns, text), HasText(F(column), text))
