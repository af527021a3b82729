"""The result as a table for a terminal: each profile and test, then each failure with what was asked and answered."""

import re
from collections.abc import Mapping
from textwrap import indent, wrap
from typing import Any

MARKS = {"passed": "✓", "failed": "✗", "skipped": "–", "warning": "⚠"}
PLAIN_MARKS = {"passed": "ok", "failed": "XX", "skipped": "--", "warning": "!!"}  # where ✓ can't be written
_COLOURS = {"✓": "32", "✗": "31;1", "–": "2", "⚠": "33"}
_MARKED = re.compile(r"^  (?P<mark>[✓✗–⚠]) (?:(?!  ).)*", re.MULTILINE)  # a mark and the name behind it
_WIDTH = 120
_LONGEST_NAME = 58

Document = Mapping[str, Any]


class Table:
    """``encoding``: the stream's, which may not have every character."""

    def __init__(self, *, encoding: str) -> None:
        self._encoding = encoding
        self._marks = MARKS if _can_write("".join(MARKS.values()), encoding) else PLAIN_MARKS

    def text(self, document: Document, titles: Mapping[str, str]) -> str:
        """The whole table. ``titles``: of the profiles, by their names."""
        parts = [f"Target   {document['target']}"]
        parts += [self._profile(profile, titles.get(profile["profile"], "")) for profile in document["profiles"]]
        parts += self._details(document, "failed", "Failures")
        parts += self._details(document, "warning", "Warnings")
        parts.append(self._summary(document))
        parts.append(self._totals(document))
        return "\n\n".join(parts).encode(self._encoding, "replace").decode(self._encoding)

    def _profile(self, profile: Document, title: str) -> str:
        width = min(max((len(test["name"]) for test in profile["tests"]), default=0), _LONGEST_NAME)
        head = f"{profile['profile']}  {title}"
        return "\n".join([f"{head}   {_counts(profile)}", *(self._row(test, width) for test in profile["tests"])])

    def _row(self, test: Document, width: int) -> str:
        row = f"  {self._marks[test['status']]} {test['name']:<{width}}  {test['clause']}"
        if test["status"] != "skipped":
            return row
        return f"{row}\n{_folded(test['detail'], '      ')}"

    def _details(self, document: Document, status: str, heading: str) -> list[str]:
        found = [
            self._detail(profile["profile"], test)
            for profile in document["profiles"]
            for test in profile["tests"]
            if test["status"] == status
        ]
        return [f"{heading}\n" + "\n\n".join(found)] if found else []

    def _detail(self, profile: str, test: Document) -> str:
        head = f"{self._marks[test['status']]} {profile} · {test['name']}"
        lines = (_folded(line, "    ") for line in test["detail"].splitlines())
        return "\n".join([f"  {head}  {test['clause']}", *lines])

    def _summary(self, document: Document) -> str:
        """The numbers of each profile, as a table that can be copied into a document."""
        rows = [("profile", "passed", "failed", "warnings", "skipped"), ("---", "--:", "--:", "--:", "--:")]
        rows += [(each["profile"], *(str(number) for number in _numbers(each))) for each in document["profiles"]]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join(f"| {' | '.join(map(str.ljust, row, widths))} |" for row in rows)

    def _totals(self, document: Document) -> str:
        return _counts(document, sum(_warnings(profile) for profile in document["profiles"]))


def painted(table: str) -> str:
    """The table in colours, for a terminal. What servers answered stands further in than any mark: it stays plain."""
    return _MARKED.sub(lambda found: f"\x1b[{_COLOURS[found['mark']]}m{found[0]}\x1b[0m", table)


def _numbers(profile: Document) -> tuple[int, int, int, int]:
    return profile["passed"], profile["failed"], _warnings(profile), profile["skipped"]


def _warnings(profile: Document) -> int:
    return sum(test["status"] == "warning" for test in profile["tests"])


def _counts(document: Document, warnings: int | None = None) -> str:
    count = _warnings(document) if warnings is None else warnings
    text = f"{document['passed']} passed, {document['failed']} failed, {document['skipped']} skipped"
    return text + (f", {count} warning{'s' if count > 1 else ''}" if count else "")


def _folded(line: str, margin: str) -> str:
    return indent("\n".join(wrap(line, _WIDTH - len(margin), subsequent_indent="  ") or [""]), margin)


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
