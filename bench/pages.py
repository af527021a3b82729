"""What each page of the site costs a browser that has nothing yet, on a site of 300 people.

    .venv/bin/python -m bench.pages                              on SQLite
    DATABASE_URL=postgres://… .venv/bin/python -m bench.pages    on PostgreSQL

The real site, a real Chromium, an administrator who may see everything. Prints the table of RESULTS.md.
"""
# ruff: noqa: E402 - Django has to be set up before models can be imported.

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from playwright.sync_api import sync_playwright

from tests.browser.page_weights import weights
from tests.conftest import CHROMIUM_ARGUMENTS, chromium_path

PEOPLE = 300
HEAD = """| page | HTML, kB | first visit, kB | requests | layout shift, wide | narrow | statements |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |"""


def main(people: int) -> None:
    """Measure each page, the heaviest first."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        found = weights(browser, Path(folder), people=people)
        browser.close()
    print(HEAD)
    for each in sorted(found, key=lambda each: -each.html):
        shifts = " | ".join(f"{shift:.3f}" for shift in each.shift.values())
        print(
            f"| {each.name} | {each.html / 1000:.1f} | {each.sent / 1000:.1f} | {each.requests} "
            f"| {shifts} | {each.statements} |"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
