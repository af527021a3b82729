"""A log as a file: the entries that the filters leave, as CSV or JSON, in the order of the list; sent in parts."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.runtime.csv_export import csv_lines, file_answer

FORMS: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
MOST = 50_000  # entries of one file
AT_ONCE = 1_000  # that one statement reads

Columns = Mapping[str, Callable[[Any], Any]]


def answer(
    form: str, name: str, columns: Columns, rows: QuerySet[Any], order: KeysetOrder, *, newest_first: bool
) -> StreamingHttpResponse:
    """The file. Cost: a statement for each thousand entries, and never more of them in memory."""
    entries = _Entries(rows, order, newest_first=newest_first)
    lines = _csv(columns, entries) if form == "csv" else _json(columns, entries)
    return file_answer(name, timezone.now(), form, FORMS[form], lines)


class _Entries:
    """The first ``MOST`` of them; after they were gone through, ``is_cut`` says whether there are more."""

    def __init__(self, rows: QuerySet[Any], order: KeysetOrder, *, newest_first: bool) -> None:
        self.rows = rows.order_by(*order.order_by)
        self.order = order
        self.newest_first = newest_first
        self.is_cut = False

    def __iter__(self) -> Iterator[Any]:
        sent, after = 0, Q()
        while True:
            part = list(self.rows.filter(after)[: AT_ONCE + 1])
            for entry in part[:AT_ONCE]:
                if sent == MOST:
                    self.is_cut = True
                    return
                sent += 1
                yield entry
            if len(part) <= AT_ONCE:
                return
            last = part[AT_ONCE - 1]
            after = self.order.after_row(last)


def _csv(columns: Columns, entries: _Entries) -> Iterator[str]:
    """A last line says so where there are more entries: nobody who opens the file sees its headers."""
    yield from csv_lines(list(columns), ({name: _cell(of(each)) for name, of in columns.items()} for each in entries))
    if entries.is_cut:
        yield from csv_lines([_cut_text(entries)], [])


def _json(columns: Columns, entries: _Entries) -> Iterator[str]:
    """``{"entries": […], "cut": bool, "note": text}``"""
    encode = DjangoJSONEncoder(ensure_ascii=False).encode
    yield '{"entries": ['
    for number, each in enumerate(entries):
        yield (",\n" if number else "\n") + encode({name: of(each) for name, of in columns.items()})
    rest = {"cut": entries.is_cut, "note": _cut_text(entries) if entries.is_cut else ""}
    yield "\n], " + encode(rest)[1:]


def _cut_text(entries: _Entries) -> str:
    if entries.newest_first:
        text = _("There are more entries: these are the newest %(number)s. Choose a shorter period for the others.")
    else:
        text = _("There are more entries: these are the oldest %(number)s. Choose a shorter period for the others.")
    return text % {"number": number_format(MOST, force_grouping=True)}


def _cell(value: Any) -> Any:
    """Documents as JSON, moments as ISO 8601 in UTC; the rest as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict) or (isinstance(value, list) and not all(isinstance(each, str) for each in value)):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return value
