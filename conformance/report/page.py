"""The result as one HTML file for an auditor: no script, nothing fetched, every text escaped."""

import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from conformance.report.table import MARKS
from conformance.suite.result import Outcome, ProfileResult, RunResult, Status
from gatekeeper.runtime.plain_text import visible, visible_lines

_LIBRARIES = ("scim2-tester", "scim2-models", "httpcore")
_WORDS: Mapping[Status, str] = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.SKIPPED: "skipped",
    Status.WARNING: "warning",
}
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --failed: #b3261e; --passed: #1e7a3c; --warning: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --failed: #ff8a80; --passed: #7fd99a; --warning: #ffcf70; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .75rem .4rem 0; text-align: left; vertical-align: top; }
th, td { overflow-wrap: anywhere; }
.totals th, .totals td { overflow-wrap: normal; }
td:first-child { white-space: nowrap; }
td:last-child { min-width: 11rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .25rem 0 0; font-size: .85rem; }
.passed { color: var(--passed); } .failed { color: var(--failed); } .warning { color: var(--warning); }
@media (max-width: 40rem) {
  body { font-size: .875rem; margin: 1rem auto; }
  table, tbody, tr, td { display: block; }
  thead { display: none; }
  tr { border-bottom: 1px solid var(--line); padding: .4rem 0; }
  td { border: 0; padding: 0; min-width: 0; }
  .totals { display: table; } .totals thead { display: table-header-group; } .totals tbody { display: table-row-group; }
  .totals tr { display: table-row; } .totals td { display: table-cell; min-width: 0; padding-right: .4rem; }
}
@media print { body { margin: 0; max-width: none; } }
"""
# Whatever a server answered, the file runs and fetches nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_page(result: RunResult, file: Path) -> None:
    """Write the report, beside the file first, so that there is never half of one. Raises: OSError."""
    part = file.with_name(f".{file.name}.part")
    part.write_text(page(result), encoding="utf-8")
    part.replace(file)


def page(result: RunResult) -> str:
    """The whole document."""
    return format_html(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width">\n<title>SCIM conformance of {target}</title>\n'
        "<style>{style}</style>\n</head>\n<body>\n<main>\n<h1>SCIM conformance</h1>\n"
        "{facts}\n{totals}\n{left}{profiles}\n"
        "</main>\n</body>\n</html>\n",
        policy=_POLICY,
        target=visible(result.target),
        style=mark_safe(_STYLE),  # noqa: S308 -- a constant
        facts=_facts(result),
        totals=_totals(result),
        left=_left_behind(result.left_behind),
        profiles=mark_safe("\n".join(map(_profile, result.profiles))),  # noqa: S308 -- made by format_html
    )


def _facts(result: RunResult) -> SafeString:
    facts = [
        ("Target", result.target),
        ("Date", result.began_at.strftime("%Y-%m-%d %H:%M:%S UTC")),
        ("Asked with", ", ".join((f"Python {platform.python_version()}", *_versions()))),
    ]
    rows = ((name, visible(value)) for name, value in facts)
    return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))


def _versions() -> Iterable[str]:
    for name in _LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def _totals(result: RunResult) -> SafeString:
    head = format_html_join("", '<th scope="col">{}</th>', ((_WORDS[each],) for each in Status))
    rows = format_html_join(
        "\n", '<tr><th scope="row">{}</th>{}</tr>', ((each.profile.title, _numbers(each)) for each in result.profiles)
    )
    return format_html(
        '<table class="totals">\n<thead><tr><th scope="col">Profile</th>{}</tr></thead>\n<tbody>\n{}\n'
        '<tr><th scope="row">All</th>{}</tr>\n</tbody>\n</table>',
        head,
        rows,
        _numbers(result),
    )


def _numbers(of: RunResult | ProfileResult) -> SafeString:
    return format_html_join("", "<td>{}</td>", ((of.count(each),) for each in Status))


def _left_behind(names: Iterable[str]) -> SafeString:
    items = format_html_join("", "<li>{}</li>", ((visible(name),) for name in names))
    return format_html('<h2 class="failed">Could not be deleted</h2>\n<ul>{}</ul>\n', items) if items else items


def _profile(result: ProfileResult) -> SafeString:
    return format_html(
        '<h2>{}</h2>\n<p>{}</p>\n<table>\n<thead><tr><th scope="col">Result</th><th scope="col">Test</th>'
        '<th scope="col">Clause</th></tr></thead>\n<tbody>\n{}\n</tbody>\n</table>',
        result.profile.title,
        result.profile.source,
        mark_safe("\n".join(map(_row, result.tests))),  # noqa: S308 -- made by format_html
    )


def _row(outcome: Outcome) -> SafeString:
    detail = format_html("<pre>{}</pre>", escape(visible_lines(outcome.detail))) if outcome.detail else ""
    return format_html(
        '<tr><td class="{}">{} {}</td><td>{}{}</td><td>{}</td></tr>',
        outcome.status.value,
        MARKS[outcome.status.value],
        _WORDS[outcome.status],
        visible(outcome.test.name),
        detail,
        outcome.test.clause,
    )
