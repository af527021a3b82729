"""The site whose pages are looked at: a company that was provisioned, a connection, browsers of several people."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from playwright.sync_api import Browser, Page

from pretend_entra.demo.script import MAPPINGS
from tests.browser.site_pages import signed_in
from tests.site import Site

IN_THE_SITE = "tests.browser.page_states.in_the_site"
HEADERS = {"Content-Type": "application/scim+json"}


@dataclass
class World:
    """``page`` is the administrator's browser; ``people`` how many the company has; ``sent`` the forms that were
    refused once.
    """

    site: Site
    browser: Browser
    folder: Path
    people: int
    page: Page
    key: dict[str, str] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    def address(self, path: str) -> str:
        """Of a page of the site."""
        return f"{self.site.url}{path}"

    def ask(self, call: str) -> Any:
        """What a function of ``in_the_site`` answers, called in the site's own settings and database."""
        code = f"import json; from {IN_THE_SITE} import *; print(json.dumps({call}))"
        done = self.site.manage("shell", "--no-imports", "-c", code, as_json=False)
        return json.loads(done.stdout.splitlines()[-1])

    @contextmanager
    def browser_of(self, session: str = "") -> Iterator[Page]:
        """A browser of somebody else; ``session``: the cookie of their session."""
        page = new_page(self.browser)
        if session:
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.site.url}
            page.context.add_cookies([cookie])
        yield page
        page.context.close()

    @contextmanager
    def scim(self) -> Iterator[httpx.Client]:
        """What the identity provider sends with."""
        headers = {**HEADERS, "Authorization": f"Bearer {self.key['api_key']}"}
        with httpx.Client(base_url=self.key["base_url"], headers=headers, timeout=30) as client:
            yield client


def new_page(browser: Browser) -> Page:
    """A page in a fresh browser profile, in which nothing moves."""
    page = browser.new_context(reduced_motion="reduce").new_page()
    page.set_default_timeout(20_000)  # milliseconds: the machine may be busy
    return page


@contextmanager
def provisioned(world: World) -> Iterator[None]:
    """The company is in, its groups have mappings, everybody is linked, and the administrator has signed in."""
    site = world.site
    world.key = site.manage("scim_key", "generate", "--name", "Entra")
    where = ("--base-url", world.key["base_url"], "--api-key", world.key["api_key"])
    site.manage("simulate_entra", *where, "--users", str(world.people))
    configuration = world.folder / "configuration.json"
    configuration.write_text(json.dumps(MAPPINGS))
    site.manage("configuration", "apply", str(configuration))
    with signed_in(site, world.page, world.folder):
        site.manage("sync_saml_users")
        yield
