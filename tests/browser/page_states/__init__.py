"""Every state of every page, one after the other: for axe, and for the contact sheet of ``make screenshots``."""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.page_states import changes, logs, people, set_up, signing_in
from tests.browser.page_states.of_a_page import states_of_page
from tests.browser.page_states.state import State
from tests.browser.page_states.world import World, new_page, provisioned
from tests.browser.site_pages import walk
from tests.site import Site

__all__ = ("State", "all_states")

BY_HAND = (
    people.search,
    people.persons,
    people.access_reports,
    people.roles,
    signing_in.errors,
    signing_in.signed_out,
    signing_in.sessions,
    set_up.wizard,
    changes.credentials,
    changes.access_changes,
    changes.held_changes,
    logs.logs,
)


def all_states(browser: Browser, folder: Path, *, people: int) -> Iterator[State]:
    """On a site of its own, first empty, then with a company of this size. Also fails where no link leads to a page."""
    site = Site(processes=("web", "worker"))
    world = World(site, browser, folder, people, new_page(browser))
    try:
        site.start()
        yield from signing_in.before_set_up(world)
        with provisioned(world):
            for name in walk(world.page, site):
                yield from states_of_page(world.page, name, world.sent)
            for states in BY_HAND:
                yield from states(world)
    finally:
        world.page.context.close()
        site.stop()
    yield from _design(browser)


def _design(browser: Browser) -> Iterator[State]:
    """The page for who builds the pages, which is there with DEBUG only."""
    site = Site(processes=("web",), environment={"DEBUG": "true"})
    world = World(site, browser, Path(), 0, new_page(browser))
    try:
        site.start()
        site.manage("create_admin", signing_in.FIRST, "--password-stdin", input=signing_in.PASSWORD)
        signing_in.enter_password(world.page, signing_in.FIRST, signing_in.PASSWORD, address=site.url)
        world.page.goto(world.address("/settings/design/"))
        yield from states_of_page(world.page, "design")
    finally:
        world.page.context.close()
        site.stop()
