"""One style sheet and one script for the whole site, made of the files in ``static_sources/``.

A page asks for two files instead of twenty, and they are the same on every page, so that a browser fetches them once.
Each script stands in a function of its own: names don't meet, and a failure in one leaves the others running.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

SOURCES: Final = Path(__file__).resolve().parent / "static_sources"
STYLES_FIRST: Final = (
    "tokens",
    "fonts",
    "layout",
    "components",
    "pages",
)  # the others follow in the order of their names
STYLE_SHEET: Final = "gatekeeper/site.css"
SCRIPT: Final = "gatekeeper/site.js"


def style_sheet() -> str:
    """All style sheets, the general ones first."""
    files = {path.stem: path for path in sorted((SOURCES / "css").glob("*.css"))}
    ordered = [files.pop(name) for name in STYLES_FIRST] + list(files.values())
    return "\n".join(path.read_text() for path in ordered)


def script() -> str:
    """All scripts as one module."""
    sources = (path.read_text() for path in sorted((SOURCES / "js").glob("*.js")))
    return "\n".join(f"(async () => {{\n{source}\n}})();" for source in sources)


class BundleFinder(BaseFinder):
    """Gives the two files to ``collectstatic`` and, with DEBUG, to the web server: made anew whenever it is asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=settings.DATA_DIR / "bundles")

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Where the file is; [] when it is none of the two."""
        if path not in (STYLE_SHEET, SCRIPT):
            return []
        self._make()
        found = self.storage.path(path)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Both files with the storage that has them."""
        self._make()
        yield STYLE_SHEET, self.storage
        yield SCRIPT, self.storage

    def _make(self) -> None:
        for name, text in ((STYLE_SHEET, style_sheet()), (SCRIPT, script())):
            target = Path(self.storage.path(name))
            if not target.exists() or target.read_text() != text:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
