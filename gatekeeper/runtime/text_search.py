"""Finding rows by a part of their text: one condition over several columns, which has an index.

PostgreSQL finds a part of a text by its groups of three characters (``pg_trgm``, a trusted extension, so that the owner
of the database may create it; ``index_additions.AddTextSearchIndex``). On SQLite, and where the extension is missing,
the same condition reads the rows.
"""

from collections.abc import Sequence

from django.db.models import F, Func, TextField
from django.db.models.lookups import IContains

SHORTEST = 3  # characters that the index can look for; with fewer every row would have to be read


class JoinedText(Func):
    """The texts of several columns as one, as the index has it. None of the columns is ever null."""

    template = "(%(expressions)s)"
    arg_joiner = " || ' ' || "

    def __init__(self, *columns: str) -> None:
        super().__init__(*(F(column) for column in columns), output_field=TextField())


def contains_text(columns: Sequence[str], text: str) -> IContains:
    """The condition "one of these columns contains ``text``, in any case"; the columns are those of the index."""
    return IContains(JoinedText(*columns), text)
