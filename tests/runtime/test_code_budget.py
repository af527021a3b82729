"""What no linter counts: the lines of files and functions, imports inside functions, the files of a folder."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gatekeeper", "scim", "saml", "entra_client", "conformance", "pretend_entra")
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
MOST_FILES = 14  # of a folder; about twelve can be distinguished by name


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (path for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts)


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def test_no_file_is_longer_than_one_can_hold_in_the_head():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources()}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen():
    lengths = {name: (node.end_lineno or 0) - node.lineno + 1 for name, node in functions()}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_no_folder_has_more_files_than_one_can_tell_apart():
    counted = (path for path in sources() if path.name != "__init__.py" and "management" not in path.parts)
    files = Counter(str(path.parent.relative_to(ROOT)) for path in counted)

    assert {folder: number for folder, number in files.items() if number > MOST_FILES} == {}


def test_no_import_hides_inside_a_function():
    hidden = [
        name for name, node in functions() for part in ast.walk(node) if isinstance(part, ast.Import | ast.ImportFrom)
    ]

    assert hidden == []
