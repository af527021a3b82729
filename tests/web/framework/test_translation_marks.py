"""Every text of the pages that is written in Python goes through gettext; the exceptions are listed with a reason."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from gatekeeper.audit.events import Event
from gatekeeper.web.framework.changes.object_texts import is_made

MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
GATEKEEPER = Path(__file__).parents[3] / "gatekeeper"
FILES = [
    *sorted((GATEKEEPER / "web").rglob("*.py")),
    GATEKEEPER / "audit" / "chain" / "problems.py",
    GATEKEEPER / "errors.py",
    GATEKEEPER / "setup_steps.py",
    GATEKEEPER / "config_as_code" / "changes.py",
    *(GATEKEEPER / "directory" / name for name in ("levels.py", "permissions.py")),
    *sorted((GATEKEEPER / "directory" / "history").glob("*.py")),
    *sorted((GATEKEEPER / "directory" / "impact").glob("*.py")),
    *sorted((GATEKEEPER / "directory" / "teams").glob("fallback_*.py")),
]

# Labels of audit entries that are text and stay as they were stored, with a reason.
QUOTED = {"AUDIT_DAMAGE_FOUND": "evidence: what was wrong with the trail, in the words in which it was written down"}

# By what the whole literal matches.
NO_TEXTS = {
    r"(text|application)/.*|attachment; filename=.*": "a header of HTTP",
    r"Level|Permission|Fact|ProposedChange|LogList": "an annotation with a class that is defined there",
    r"\{\"entries\": \[": "the beginning of a JSON document",
    r"Accept|Lax|DENY|Shown|SettingsForm|UploadedFile\[Any\] \| None": "a header's name or value, or an annotation",
    r"<.*>|(badge|input)[- ].*|.*\\b.*": "HTML, a CSS class, a regular expression",
    r"\"?(Authorization: Bearer \$API_KEY|Content-Type: \{\})\"?": "a header of HTTP in a command line",
    r"[MmLlHhVvCz\d{} .,-]+": "a path of an SVG drawing",
    r"(\{\}|\W|s|min)*": "nothing but values, punctuation and units",
    r"Gatekeeper|Edge|Opera|Samsung Internet|Firefox|Chrome|Safari|Windows|Android|ChromeOS|Linux": "a proper name",
    r"Metadata url|Sso url|Logout url|ACS \(.*": "a name that contract.md fixes, and buttons repeat",
    r"password and (code|passkey|recovery code)": "stored in the audit trail: what was proven at a sign-in",
    r"The database could not serve a request": "a line of the log, for operators",
    r"[%\w :,-]*%[\w :,%-]*": "a format of a date: a machine's, or one that the browser replaces by the reader's own",
    r"[jMYHisT :,]+": "a format of a moment, for django.utils.formats",
    r"not reached|begun here instead": "codes of a step of a sign-in attempt, the keys of their texts",
    r"Administration pages": "the app's name, which no page shows",
    r"ModelT": "a type variable's name",
    r"\s*SELECT .*|= ANY \(.*|IN \(SELECT .*": "SQL",
    r"(Contact|Expires|Preferred-Languages|Canonical): .*": "a field of security.txt (RFC 9116)",
}


def test_no_text_of_a_page_is_left_unmarked() -> None:
    unmarked = [
        f"{path.name}:{line}: {text}"
        for path in FILES
        for line, text in _unmarked(ast.parse(path.read_text()))
        if not any(re.fullmatch(pattern, text, re.DOTALL) for pattern in NO_TEXTS)
    ]

    assert unmarked == []


def test_what_is_marked_is_a_literal_so_that_it_can_be_extracted() -> None:
    """makemessages reads the source: an f-string, or a text that is put together, would never be found."""
    assembled = [
        f"{path.name}:{call.lineno}"
        for path in FILES
        for call in _calls(ast.parse(path.read_text()))
        if not isinstance(call.args[0], ast.Constant)
    ]

    assert assembled == []


def _unmarked(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Literals that look like text, a word with a capital or several words, outside of gettext and docstrings."""
    skipped = {id(part) for call in _calls(tree) for argument in call.args for part in ast.walk(argument)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            skipped |= {id(part) for part in ast.walk(node.body[0])}
        if isinstance(node, ast.JoinedStr) and id(node) not in skipped:
            skipped |= {id(part) for part in node.values if isinstance(part, ast.Constant)}
            yield from _if_text(node.lineno, "".join(_piece(part) for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield from _if_text(node.lineno, node.value)


def _piece(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"


def _if_text(line: int, text: str) -> Iterator[tuple[int, str]]:
    is_word = text.isalpha() and text[:1].isupper() and not text.isupper()
    if is_word or " " in text.strip():
        yield line, text


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
            yield node


def test_what_an_audit_entry_is_about_is_a_name_or_is_made_again_for_its_reader() -> None:
    """A label that is put together or written out is stored in English; ``object_texts.py`` has to know its event."""
    stored = [
        f"{path.name}:{call.lineno}: {event}"
        for folder in (GATEKEEPER, GATEKEEPER.parent / "saml", GATEKEEPER.parent / "scim")
        for path in sorted(folder.rglob("*.py"))
        for call, event in _entries(ast.parse(path.read_text()))
        if event not in QUOTED and not is_made(getattr(Event, event, ""))
    ]

    assert stored == []


def _entries(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """The calls that write an audit entry with a label that has words of its own, and the name of its event."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in ("record", "entry"):
            continue
        label = next((each.value for each in node.keywords if each.arg == "label"), None)
        parts = ast.walk(label) if label else ()
        words = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if any(character.islower() for word in words for character in word):
            yield node, getattr(node.args[0], "attr", "")
