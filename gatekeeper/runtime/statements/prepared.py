"""A cursor whose statements PostgreSQL parses and plans once for each connection.

Planning a statement that joins costs PostgreSQL several times what running it does. Only fixed texts go through this
cursor, which binds values on the server; the setting ``prepare_threshold`` makes the driver prepare them, and none of
Django's own, which binds values in the text. A text stays prepared until its connection ends or rolls back. Behind a
pooler that needs sessions of their own, as the rest of the site does (docs/operating.md).
"""

import re
import threading
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from types import TracebackType
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper

_FEW_ROWS = 200  # a cursor that read more is not kept: it would keep them too


class _KeptCursor(CursorWrapper):
    """A cursor that the next statement uses too, unless one has failed or read a lot.

    With a new cursor the driver finds out anew how each type of value is written, which takes half of an execution.
    It is never closed: what was collected is sent by it while a statement that reads it is about to be run by it.
    """

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None or self.cursor.rowcount > _FEW_ROWS:
            _kept.cursor = None


class _Kept(threading.local):
    """The cursor of this thread's connection."""

    cursor: _KeptCursor | None = None


_kept = _Kept()


def prepared_cursor() -> CursorWrapper:
    """A cursor for one fixed statement after the other, within Django's wrappers; what it reads is fetched at once.

    SQLite's own cursors keep the texts that they compiled. Where Django logs its queries, it logs them with their
    values, which a prepared statement's text does not have.
    """
    here = connections[DEFAULT_DB_ALIAS]  # looked up once: the proxy does it for each attribute
    if here.vendor != "postgresql" or here.queries_logged:
        return here.cursor()
    here.close_if_health_check_failed()
    here.ensure_connection()
    kept = _kept.cursor
    if kept is None or kept.cursor.connection is not here.connection:
        driver = cast(Any, here).Database
        kept = _kept.cursor = _KeptCursor(_fixed_text_cursor(driver)(here.connection), here)
        _load_instants_quickly(kept.cursor, driver)
    return kept


@cache
def _fixed_text_cursor(driver: Any) -> Any:
    """The driver's cursor for texts in PostgreSQL's own form, which takes ours, and translates each of them once.

    Its usual cursor translates a text with more than fifty values anew each time, which takes as long as sending it.
    """

    class FixedTextCursor(driver.RawCursor):  # type: ignore[misc]  # the driver is only known at run time
        def execute(self, query: str, params: Mapping[str, Any] | Sequence[Any] | None = None, **options: Any) -> Any:
            if params is None:
                return super().execute(query, None, **options)
            text, names = in_own_form(query)
            values = [params[name] for name in names] if isinstance(params, Mapping) else params
            return super().execute(text, values, **options)

    return FixedTextCursor


_PLACEHOLDER = re.compile(r"%(?:%|s|\((\w+)\)s)")


@lru_cache(maxsize=1000)
def in_own_form(text: str) -> tuple[bytes, list[str]]:
    """A text with ``$1``, ``$2``, … for its placeholders, and the names of these in their order."""
    numbers: dict[str, int] = {}
    unnamed = 0

    def number(found: re.Match[str]) -> str:
        nonlocal unnamed
        if found[0] == "%%":
            return "%"
        if found[1] is not None:
            return f"${numbers.setdefault(found[1], len(numbers) + 1)}"
        unnamed += 1
        return f"${unnamed}"

    return _PLACEHOLDER.sub(number, text).encode(), list(numbers)


def _load_instants_quickly(cursor: Any, driver: Any) -> None:
    """Have PostgreSQL's driver read timestamps: Django's loader makes the same of them, in thirty times as long."""
    kind = driver.adapters.types["timestamptz"].oid
    cursor.adapters.register_loader(kind, driver.adapters.get_loader(kind, driver.pq.Format.TEXT))
