"""Writes the catalogue of texts to translate: `make messages` runs this, and a test runs it with ``--check``.

``django.pot`` holds every text of the templates and of the Python code that goes through gettext. The ``django.po`` of
each language gets the new ones, and its compiled ``django.mo`` is what Django reads: production needs no gettext tools.
Templates are read by Django's own ``templatize``, so a text here is the text that Django looks up.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

MADE = datetime(2026, 1, 1, tzinfo=UTC)
LOCALE = Path(__file__).resolve().parent
ROOT = LOCALE.parent
CODE = ("gatekeeper", "saml", "scim", "pretend_entra")
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_lazy": None, "ngettext_lazy": (1, 2), "pgettext_lazy": ((1, "c"), 2)}
HEADER = "# Texts of Gatekeeper to translate; written by `make messages`. docs/translation.md says how.\n#"
# Headers that would change at every run, or say nothing.
LEFT_OUT = ('"POT-Creation-Date:', '"Generated-By:', '"Report-Msgid-Bugs-To:')


def extract_template(file: IO[bytes], keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """A template as ``templatize`` gives it is words and gettext calls, line by line; without indents it is Python."""
    code = templatize(file.read().decode())
    flat = "\n".join(line.strip() for line in code.splitlines())
    yield from extract_python(BytesIO(flat.encode()), keywords, comment_tags, options)


def template_catalog() -> Catalog:
    """Every text with the files that it stands in, the files in their order."""
    catalog = Catalog(project="Gatekeeper", charset="utf-8", header_comment=HEADER)
    for path, method in _sources():
        source = path.read_bytes()
        if method is extract_template or b"gettext" in source:
            for line, message, comments, context in extract(method, BytesIO(source), KEYWORDS, ["Translators:"]):
                place = (path.relative_to(ROOT).as_posix(), line)
                catalog.add(message, "", locations=[place], auto_comments=comments, context=context)
    return catalog


def _sources() -> Iterator[tuple[Path, Any]]:
    for folder in CODE:
        yield from ((path, "python") for path in sorted((ROOT / folder).rglob("*.py")))
    yield from ((path, extract_template) for path in sorted((ROOT / "templates").rglob("*.html")))


def expected_files() -> dict[Path, bytes]:
    """What each file of the catalogue has to hold now."""
    template = template_catalog()
    files = {LOCALE / "django.pot": _as_text(template)}
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.parent.parent.name, domain="django")
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        _refuse_wrong_placeholders(path, catalog)
        compiled = BytesIO()
        catalog.creation_date = MADE  # not this minute: it stands in django.mo
        write_mo(compiled, catalog)
        files[path] = _as_text(catalog)
        files[path.with_suffix(".mo")] = compiled.getvalue()
    return files


def _refuse_wrong_placeholders(path: Path, catalog: Catalog) -> None:
    """A translation whose placeholders differ from the text's would break the page that shows it."""
    wrong = [f"{path.relative_to(ROOT)}: {message.id!r}: {errors[0]}" for message, errors in catalog.check()]
    if wrong:
        sys.exit("\n".join(wrong))


def _as_text(catalog: Catalog) -> bytes:
    written = BytesIO()
    write_po(written, catalog, width=120, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
    lines = written.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(LEFT_OUT)).encode()


def main() -> int:
    """Write what is out of date; with ``--check`` name it, and fail."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    check = parser.parse_args().check
    stale = {path: content for path, content in expected_files().items() if not _holds(path, content)}
    for path, content in stale.items():
        sys.stderr.write(f"{'out of date' if check else 'written'}: {path.relative_to(ROOT)}\n")
        if not check:
            path.write_bytes(content)
    return 1 if stale and check else 0


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


if __name__ == "__main__":
    sys.exit(main())
