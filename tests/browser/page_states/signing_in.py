"""Pages of whoever is not signed in, error pages, and the pages of a site on which nothing is set up."""

import re
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from tests.browser.page_states.of_a_page import states_of_page
from tests.browser.page_states.state import State, new_secret
from tests.browser.page_states.world import World
from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD

FIRST = "first@example.com"
EMPTY = {
    "home": "/",
    "configuration": "/settings/configuration/",
    "users": "/users/",
    "groups": "/groups/",
    "scim": "/settings/configuration/scim/",
    "authentication": "/settings/configuration/authentication/",
    "teams": "/settings/configuration/teams/",
    "access reports": "/who-had/",
    "provisioning log": "/provisioning-log/",
    "sync history": "/sync-history/",
    "sign-ins": "/sign-in-attempts/",
    "token log": "/token-log/",
    "audit trail": "/audit-trail/",
    "local accounts": "/settings/configuration/local-accounts/",
    "webhooks": "/settings/webhooks/",
    "SIEM streams": "/settings/siem-streams/",
    "e-mail": "/settings/mail/",
    "set-up links": "/settings/configuration/setup-links/",
}
# A form of ours that was sent by a browser that came from the identity provider.
POST_RUBBISH = """address => { document.body.insertAdjacentHTML("beforeend",
  `<form method="post" action="${address}" id="post"><input name="SAMLResponse" value="bm90aGluZw=="></form>`);
  document.getElementById("post").submit(); }"""


def before_set_up(world: World) -> Iterator[State]:
    """The sign-in page of a new site, and each page while there is nothing on it."""
    page = world.page
    page.goto(world.address("/sign-in/"))
    yield State("new site: sign-in", page)
    world.site.manage("create_admin", FIRST, "--password-stdin", input=PASSWORD)
    enter_password(page, FIRST, PASSWORD, address=world.site.url)
    for name, path in EMPTY.items():
        page.goto(world.address(path))
        yield State(f"new site: {name}", page, "main")
    yield from _first_key(world)
    page.context.clear_cookies()


def _first_key(world: World) -> Iterator[State]:
    page = world.page
    page.goto(world.address("/settings/configuration/scim/"))
    page.get_by_role("button", name="Generate API Key").click()
    yield new_secret(page, "secret: API key")
    page.keyboard.press("Escape")
    yield State("secret: Escape asks first", page, "dialog[data-keep]")
    page.keyboard.press("Escape")
    world.site.manage("scim_key", "revoke", "--confirm", "Revoke")


def signed_out(world: World) -> Iterator[State]:
    """The sign-in page, and each way to be refused."""
    with world.browser_of() as page:
        page.goto(world.address("/sign-in/"))
        yield from states_of_page(page, "sign-in")
        page.get_by_text("Sign in with a local account").click()
        page.get_by_label("E-mail").last.fill("nobody@example.com")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_text("The e-mail or the password is wrong")).to_be_visible()
        yield State("sign-in: wrong password", page)
        [connection] = world.site.manage("saml_connection", "list")["connections"][-1:]
        page.goto(world.address("/sign-in/"))
        page.evaluate(POST_RUBBISH, connection["acs_url"])
        expect(page.get_by_role("heading", name=re.compile("not signed in"))).to_be_visible()
        yield State("sign-in: refused", page)
        enter_password(page, FIRST, PASSWORD, address=world.site.url)
        page.get_by_role("button", name="Sign out").click()
        yield State("sign-in: signed out", page, ".notices")
        page.goto(world.address("/sign-in/"))
        page.get_by_text("Sign in with a local account").click()
        page.get_by_label("E-mail").last.fill(FIRST)
        page.get_by_label("Password").fill(PASSWORD)
        page.context.clear_cookies()
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_text("This form has expired")).to_be_visible()
        yield State("error: 403 of an old form", page)


def sessions(world: World) -> Iterator[State]:
    """A session that an administrator has ended, and one that is too old for a change."""
    with world.browser_of() as page:
        enter_password(page, FIRST, PASSWORD, address=world.site.url)
        world.page.goto(world.address("/settings/configuration/local-accounts/"))
        world.page.get_by_role("link", name=FIRST).first.click()
        world.page.get_by_role("button", name="End all sessions").or_(
            world.page.get_by_role("button", name="End this session")
        ).first.click()
        page.goto(world.address("/users/"))
        expect(page.get_by_text("Your session has ended")).to_be_visible()
        yield State("sign-in: the session has ended", page)
        enter_password(page, FIRST, PASSWORD, address=world.site.url)
        world.ask(f"let_sessions_age({FIRST!r})")
        page.goto(world.address("/settings/configuration/teams/"))
        page.get_by_label("Team name").fill("Late")
        page.get_by_role("button", name="Create team").click()
        expect(page.get_by_label("Password")).to_be_visible()
        yield from states_of_page(page, "sign-in: once more before a change")


def errors(world: World) -> Iterator[State]:
    """What cannot be had: by its address, for lack of access, and because something is wrong here."""
    page = world.page
    page.goto(world.address("/nowhere/"))
    yield State("error: 404", page)
    for status, html in world.ask("error_pages()").items():
        _show(page, world.address(f"/error-{status}/"), int(status), html)
        yield State(f"error: {status}", page)
    page.unroute_all()


def _show(page: Page, address: str, status: int, html: str) -> None:
    """In the place of a page of the site, so that its style sheet is there."""
    page.route(address, lambda route: route.fulfill(status=status, content_type="text/html", body=html))
    page.goto(address)
