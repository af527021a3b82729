"""What axe cannot see of WCAG 2.2 AA and a script can: reflow, text, structure, target size, a focus that is seen."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.page_structure import structure_complaints, zoom_complaints
from tests.browser.site_pages import signed_in, walk
from tests.once import ONCE
from tests.site import Site

pytestmark = ONCE

NARROW = {"width": 320, "height": 640}  # WCAG 1.4.10
WIDE = {"width": 1280, "height": 900}
MOST_STOPS = 60  # of Tab on one page

# WCAG 1.4.10: nothing but tables, which may, is wider than the window.
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

# WCAG 1.4.12, and what it cuts off: text that is hidden without an ellipsis that its title completes.
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}"
    + "p{margin-bottom:2em!important}");
  document.adoptedStyleSheets = [sheet];
  const texts = "main button, main .button, main h1, main h2, main p, main label, main .badge";
  const cut = [...document.querySelectorAll(texts)].filter((one) => {
    const style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    return box.width > 2 && style.overflowY === "hidden" && one.scrollHeight > one.clientHeight + 2;
  });
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  document.adoptedStyleSheets = [];
  return [...cut.map((one) => one.outerHTML.slice(0, 100)), ...(wide > 0 ? [`${wide} px wider than the window`] : [])];
}"""

# WCAG 2.5.8: 24 by 24, but for links in a sentence, what the browser draws itself, and what a row makes larger.
SMALL = """() => [...document.querySelectorAll("a[href], button, summary, [role=button]")].filter((one) => {
  const box = one.getBoundingClientRect();
  if (!box.width || !box.height || one.closest(".visually-hidden, .skip, svg")) return false;
  if (box.width >= 24 && box.height >= 24) return false;
  if (getComputedStyle(one).display === "inline") return false;
  const middle = [box.left + box.width / 2, box.top + box.height / 2];
  const near = [...document.querySelectorAll("a[href], button, summary")].some((other) => {
    if (other === one || other.contains(one) || one.contains(other)) return false;
    const place = other.getBoundingClientRect();
    return place.width && Math.hypot(
      Math.max(place.left - middle[0], 0, middle[0] - place.right),
      Math.max(place.top - middle[1], 0, middle[1] - place.bottom)) < 12;
  });
  return near;
}).map((one) => one.outerHTML.slice(0, 100))"""

# WCAG 2.4.7 and 2.4.11: what has the focus is in the window, and something of it is on top; null: it had it before.
HIDDEN_FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return "";
  if (one === window.lastStop) return "";  // a field for a moment has several stops
  if (window.stops?.has(one)) return null;
  (window.stops ??= new WeakSet()).add(window.lastStop = one);
  const box = one.getBoundingClientRect();
  const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]];
  const seen = points.some(([x, y]) => {
    const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
    return top && (one.contains(top) || top.contains(one));
  });
  return seen ? "" : one.outerHTML.slice(0, 100);
}"""


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """One of its own: the account and the team of the walk exist on the site that tests share."""
    return make_site(processes=("web", "worker"))


@pytest.fixture
def admin_page(site: Site, page: Page, tmp_path: Path) -> Iterator[Page]:
    with signed_in(site, page, tmp_path):
        yield page


def test_every_page_adapts_to_who_reads_it(site: Site, admin_page: Page) -> None:
    complaints: list[str] = []
    titles: dict[str, str] = {}
    for name in walk(admin_page, site):
        complaints += [f"{name}: {text}" for text in _complaints(admin_page)]
        address = urlsplit(admin_page.url).path
        if titles.setdefault(admin_page.title(), address) != address:
            complaints.append(f"{name}: called as {titles[admin_page.title()]} is")

    assert complaints == []


def _complaints(page: Page) -> Iterator[str]:
    page.set_viewport_size(NARROW)
    wider = page.evaluate(WIDER)
    if wider > 0:
        yield f"{wider} px wider than 320 px"
    yield from (f"small target: {text}" for text in page.evaluate(SMALL))
    yield from (f"at 320 px: {text}" for text in structure_complaints(page))
    yield from zoom_complaints(page)
    page.set_viewport_size(WIDE)
    yield from structure_complaints(page)
    yield from (f"cut by text spacing: {text}" for text in page.evaluate(SPACED))
    yield from (f"small target: {text}" for text in page.evaluate(SMALL))
    page.evaluate("document.activeElement?.blur()")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        hidden = page.evaluate(HIDDEN_FOCUS)
        if hidden is None:
            break
        if hidden:
            yield f"the focus is not seen: {hidden}"
