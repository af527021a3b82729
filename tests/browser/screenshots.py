"""``make screenshots``: every state of every page, at both widths and in both themes, on one contact sheet.

Usage: ``python -m tests.browser.screenshots FOLDER [PART]``. The site is one of its own, first empty, then with a
company that the simulated Entra provisions. With PART only those states are pictured that have it in their name.
"""

# ruff: noqa: E402 - the builders need Django's apps

import shutil
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Literal

import django

django.setup()

from django.utils.text import slugify
from playwright.sync_api import sync_playwright

from tests.browser.page_states import State, all_states
from tests.conftest import CHROMIUM_ARGUMENTS, chromium_path

WIDTHS = {"desktop": (1280, 800), "phone": (390, 844)}  # CSS pixels
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PEOPLE = 300
DRAWN = "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
# What sticks to the lower edge would stand in the middle of a picture; a colour on its way is of neither theme.
LET_GO = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`.form-actions { position: static !important }
    *, *::before, *::after { transition: none !important }`);
  document.adoptedStyleSheets = [sheet];
}"""
STYLE = """body{font:14px system-ui;margin:2rem;background:#888}figure{margin:0 0 3rem}figcaption{font-weight:600}
div{display:flex;gap:8px;align-items:start}img{border:1px solid #444;max-height:40rem;width:auto}
@media print{figure{break-inside:avoid}}"""


def main(folder: Path, part: str = "") -> None:
    """Make all of them, and say where they are."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names: list[str] = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as kept:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        for state in all_states(browser, Path(kept), people=PEOPLE):
            if part in state.name:
                _take(state, folder)
                names.append(state.name)
        browser.close()
    (folder / "index.html").write_text(_contact_sheet(names))
    sys.stdout.write(f"{len(names)} states, {len(names) * 4} pictures: {folder / 'index.html'}\n")


def _take(state: State, folder: Path) -> None:
    page = state.page
    page.evaluate(LET_GO)
    for width, (wide, high) in WIDTHS.items():
        page.set_viewport_size({"width": wide, "height": high})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.evaluate(DRAWN)
            page.screenshot(path=folder / f"{slugify(state.name)}-{width}-{theme}.png", full_page=True)
    wide, high = WIDTHS["desktop"]
    page.set_viewport_size({"width": wide, "height": high})


def _contact_sheet(names: list[str]) -> str:
    figures = "\n".join(_figure(name) for name in names)
    return f"<!doctype html><meta charset=utf-8><title>Contact sheet</title><style>{STYLE}</style>\n{figures}\n"


def _figure(name: str) -> str:
    files = [f"{slugify(name)}-{width}-{theme}.png" for width in WIDTHS for theme in THEMES]
    pictures = "".join(f'<a href="{file}"><img loading="lazy" src="{file}" alt=""></a>' for file in files)
    return f"<figure><figcaption>{escape(name)}</figcaption><div>{pictures}</div></figure>"


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *sys.argv[2:])
