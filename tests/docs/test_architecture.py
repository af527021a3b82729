"""docs/architecture.md answers where to make a change, and every path that a document names exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
DOCUMENTS = [*sorted((ROOT / "docs").rglob("*.md")), *(ROOT / name for name in ("README.md", "SECURITY.md"))]
TOP = ("gatekeeper", "scim", "saml", "pretend_entra", "templates", "tests", "docs", "bench", "locale")
A_PATH = re.compile(rf"`((?:{'|'.join(TOP)})/[\w./-]*)(?:::[\w\[\]., -]+)?`")
A_LINK = re.compile(r"\]\((?!https?:|mailto:|#|/)([^)#\s]+)(?:#[^)]*)?\)")
A_NEIGHBOUR = re.compile(r"`([\w]+\.py)`")
WANTED = 12  # changes that maintainers are asked for


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def answers() -> list[list[str]]:
    """The rows of the table "Which file?", as their cells."""
    section = ARCHITECTURE.read_text().split("## Which file?")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def lines_with_neighbours() -> Iterator[tuple[Path, str]]:
    """A bare file name stands behind a path, and lies in the folder of that path."""
    for line in ARCHITECTURE.read_text().splitlines():
        paths = A_PATH.findall(line)
        folder = ROOT / paths[0] if paths else ROOT
        for name in A_NEIGHBOUR.findall(line):
            yield (folder if folder.is_dir() else folder.parent), name


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_path_that_a_document_names_exists(document: Path):
    text = document.read_text()
    named = {ROOT / path for path in A_PATH.findall(text)}
    linked = {document.parent / link for link in A_LINK.findall(text)}

    assert sorted(str(path) for path in named | linked if not path.exists()) == []


def test_names_without_a_folder_lie_beside_the_path_before_them():
    assert [name for folder, name in lines_with_neighbours() if not (folder / name).is_file()] == []


def test_twelve_changes_have_a_file_and_a_test():
    table = answers()

    assert len(table) == WANTED
    assert [row[0] for row in table if not A_PATH.search(row[1]) and "management/commands" not in row[1]] == []
    assert [row[0] for row in table if not re.search(r"`tests/", row[2])] == []


def test_every_package_has_a_row():
    packages = {
        f"`{relative(path.parent)}/`"
        for path in [*ROOT.glob("gatekeeper/*/__init__.py"), *(ROOT / top / "__init__.py" for top in ("scim", "saml"))]
    }

    assert {name for name in packages if name not in ARCHITECTURE.read_text()} == set()
