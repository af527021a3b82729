"""What each page of the walk costs a browser that has nothing yet, and what of it moves while it is loaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

from tests.browser.axe import HEIGHT, WIDTHS
from tests.browser.page_states.world import World, new_page, provisioned
from tests.browser.site_pages import EMAIL, walk
from tests.site import Site

# From the first moment on, in each document.
COUNT_SHIFTS = """window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({type: "layout-shift", buffered: true});"""
FURTHER_LETTERS = "inter-latin-ext"
PAINTED = "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


@dataclass(frozen=True, slots=True)
class Weight:
    """``html``: bytes of the document, uncompressed; ``sent``: bytes of all requests with their headers, compressed.

    ``requests``: without the second file of the font, which the names of people may need. ``shift``: the cumulative
    layout shift at each width; ``statements``: of the database, for the document.
    """

    name: str
    html: int
    sent: int
    requests: int
    shift: dict[str, float]
    statements: int


def weights(browser: Browser, folder: Path, *, people: int) -> list[Weight]:
    """Of each page, on a site of its own with a company of this size."""
    with _filled_site(browser, folder, people) as world:
        return weights_of(world)


def weights_of(world: World) -> list[Weight]:
    """Of each page of a site that is filled already."""
    page, addresses = world.page, list[tuple[str, str]]()
    for name in walk(page, world.site):
        addresses.append((name, page.url))  # which is another one at each step
    paths = [_path(address, world) for _, address in addresses]
    statements = world.ask(f"statements({EMAIL!r}, {paths!r})")
    cold = page.context.new_page()
    cold.add_init_script(COUNT_SHIFTS)
    network = page.context.new_cdp_session(cold)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    found = [
        _weight(cold, network, name, address, statements[path])
        for (name, address), path in zip(addresses, paths, strict=True)
    ]
    cold.close()
    return found


def _path(address: str, world: World) -> str:
    return address.removeprefix(world.site.url)


@contextmanager
def _filled_site(browser: Browser, folder: Path, people: int) -> Iterator[World]:
    site = Site(processes=("web", "worker"))
    world = World(site, browser, folder, people, new_page(browser))
    try:
        site.start()
        with provisioned(world):
            yield world
    finally:
        world.page.context.close()
        site.stop()


def _weight(page: Page, network: CDPSession, name: str, address: str, statements: int) -> Weight:
    shift, html = dict[str, float](), 0
    sizes, addresses = dict[str, int](), dict[str, str]()

    def note_size(event: dict[str, Any]) -> None:
        sizes[event["requestId"]] = int(event["encodedDataLength"])

    def note_address(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["response"]["url"]

    network.on("Network.responseReceived", note_address)
    network.on("Network.loadingFinished", note_size)
    for width, pixels in WIDTHS.items():
        page.set_viewport_size({"width": pixels, "height": HEIGHT})
        sizes.clear()
        answer = page.goto(address, wait_until="networkidle")
        assert answer is not None
        html = len(answer.body())
        page.evaluate(PAINTED)
        shift[width] = page.evaluate("window.shifts")
    network.remove_listener("Network.loadingFinished", note_size)
    network.remove_listener("Network.responseReceived", note_address)
    counted = [one for one in sizes if FURTHER_LETTERS not in addresses.get(one, "")]
    return Weight(name, html, sum(sizes.values()), len(counted), shift, statements)
