"""Files for download; CSV for spreadsheets: a line at a time, and nothing in it that a spreadsheet would run."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import StreamingHttpResponse

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What csv writes a line to; it hands the line over instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def file_answer(name: str, at: datetime, ending: str, content_type: str, lines: Iterable[str]) -> StreamingHttpResponse:
    """A file named after what it holds and the moment it is about, sent while it is made."""
    answer = StreamingHttpResponse(lines, content_type=content_type)
    file_name = f"{name}-{at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return answer


def csv_answer(
    name: str, at: datetime, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> StreamingHttpResponse:
    """The rows as a CSV file."""
    return file_answer(name, at, "csv", "text/csv; charset=utf-8", csv_lines(columns, rows))


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """RFC 4180 with line feeds: the column names, then each row as it comes."""
    writer = csv.writer(_Line(), lineterminator="\n")
    yield str(writer.writerow(columns))
    for row in rows:
        yield str(writer.writerow([cell(row[name]) for name in columns]))


def cell(value: Any) -> str:
    """One value as text; what a spreadsheet would take for a formula begins with an apostrophe."""
    text = joined(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def joined(names: Iterable[str]) -> str:
    """Several names in one cell."""
    return "; ".join(names)
