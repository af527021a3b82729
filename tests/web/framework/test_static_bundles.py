"""The one style sheet and the one script of the site: everything is in them, and pages load nothing beside them."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from gatekeeper.static_bundles import SCRIPT, SOURCES, STYLE_SHEET, BundleFinder

TEMPLATES = settings.BASE_DIR / "templates"
STATIC = settings.BASE_DIR / "gatekeeper" / "static"
LAYOUT = TEMPLATES / "_layouts" / "document.html"
LOADED = {"favicon.svg", "fonts/inter-latin.woff2", "site.css", "before_paint.js", "site.js"}


def bundle(name: str) -> str:
    found = finders.find(name)
    assert isinstance(found, str)
    return Path(found).read_text()


@pytest.mark.parametrize(("name", "folder"), [(STYLE_SHEET, "css"), (SCRIPT, "js")])
def test_a_bundle_has_every_source_once(name: str, folder: str) -> None:
    sources = [path.read_text() for path in (SOURCES / folder).iterdir()]

    text = bundle(name)

    assert sources
    assert [text.count(source) for source in sources] == [1] * len(sources)
    assert len(text) < sum(map(len, sources)) + 40 * len(sources)


def test_colours_and_sizes_are_named_before_they_are_used() -> None:
    text = bundle(STYLE_SHEET)

    assert text.index("--paper:") < text.index("@font-face") < text.index("box-sizing")
    assert text.startswith((SOURCES / "css" / "tokens.css").read_text())


def test_a_file_that_a_style_sheet_names_exists() -> None:
    named = re.findall(r'url\("([^"]+)"\)', bundle(STYLE_SHEET))

    assert named
    assert [name for name in named if not (STATIC / "gatekeeper" / name).exists()] == []


def test_a_bundle_follows_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "js").mkdir()
    monkeypatch.setattr("gatekeeper.static_bundles.SOURCES", tmp_path)
    monkeypatch.setattr("gatekeeper.static_bundles.STYLES_FIRST", ())
    finder = BundleFinder()
    finder.storage = type(finder.storage)(location=tmp_path / "made")
    (tmp_path / "js" / "one.js").write_text("first();")
    assert "first();" in Path(finder.find(SCRIPT)).read_text()

    (tmp_path / "js" / "one.js").write_text("second();")

    assert "second();" in Path(finder.find(SCRIPT)).read_text()
    assert [name for name, _ in finder.list(None)] == [STYLE_SHEET, SCRIPT]


def test_pages_load_the_bundles_and_nothing_beside_them() -> None:
    loaded = {
        path: re.findall(r"{% static 'gatekeeper/([^']+)' %}", path.read_text()) for path in TEMPLATES.rglob("*.html")
    }
    blocks = [path.name for path in TEMPLATES.rglob("*.html") if "{% block scripts %}" in path.read_text()]

    assert set(loaded.pop(LAYOUT)) == LOADED
    assert {path.name: names for path, names in loaded.items() if names} == {}
    assert blocks == []  # the layout has no such block: what is in it would be left out in silence
