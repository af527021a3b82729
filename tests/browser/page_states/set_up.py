"""The set-up wizard of whoever has a link: each step, in the words of each product, and each way it is over."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from entra_client.directory.company import make_company
from gatekeeper.setup_links.models import ProductName
from pretend_entra.identity_provider.application import IdentityProvider
from pretend_entra.identity_provider.server import identity_provider, serve
from tests.browser.page_states.of_a_page import states_of_page
from tests.browser.page_states.state import State, new_secret
from tests.browser.page_states.world import World
from tests.browser.setup_steps import connect, sign_in_there
from tests.site import free_port

PARTS = ("sign-on", "provisioning")
NO_LINK = "/set-up/open/there-is-no-such-link/"


@contextmanager
def pretend_entra(world: World) -> Iterator[IdentityProvider]:
    """The other side: its admin center, and its signed answers."""
    port = free_port()
    made = identity_provider(make_company(people=5, groups=1, seed=9), world.folder / "entra", port)
    server = serve(made, port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()


def wizard(world: World) -> Iterator[State]:
    """Through the whole of it in Entra's words, each page in those of the others, and then what is over."""
    others = [product for product in ProductName.values if product != ProductName.ENTRA]
    [connection] = world.site.manage("saml_connection", "list")["connections"][-1:]
    renewal = {"scope": "certificate", "connection_id": connection["id"]}
    links = world.ask(f"set_up_links({{}}, {{}}, {renewal!r}, *({{'product': one}} for one in {others!r}), {{}})")
    first, used, certificate, *of_products, expired = links
    with world.browser_of() as page, pretend_entra(world) as entra:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=world.site.url)
        yield from _in_entras_words(page, entra, first)
        for product, link in zip(others, of_products, strict=True):
            yield from _in_words_of(page, product, link)
        yield from _renewal(page, certificate)
        yield from _over(world, page, used, expired)
    yield from _list_of_links(world)


def _in_entras_words(page: Page, entra: IdentityProvider, link: str) -> Iterator[State]:
    page.goto(link)
    yield State("set-up: open", page)
    page.get_by_role("button", name="Start").click()
    start = page.url
    yield State("set-up: start", page)
    page.get_by_label("Microsoft Entra").check()
    page.get_by_role("button", name="Go on").click()
    yield from states_of_page(page, "set-up: sign-on in entra")
    connect(page, entra)
    yield State("set-up: sign-on, connected", page, "main")
    sign_in_there(page, entra.company)
    expect(page.locator("[data-done]").filter(has_text="Test sign-in succeeded")).to_be_visible()
    yield State("set-up: sign-on, tested", page, "main")
    page.get_by_role("button", name="Switch sign-in on").click()
    expect(page.locator("[data-done]").filter(has_text="Sign-in switched on")).to_be_visible()
    yield State("set-up: sign-on, switched on", page, "main")
    page.goto(f"{start}provisioning/")
    yield State("set-up: provisioning in entra", page, "main")
    page.get_by_role("button", name="Generate API Key").click()
    yield new_secret(page, "set-up: new key")
    page.goto(f"{start}provisioning/")
    yield State("set-up: provisioning, key made", page, "main")
    page.goto(start)
    yield State("set-up: start, much is done", page, "main")
    page.get_by_role("button", name="I am done").click()
    yield State("set-up: done", page)
    page.goto(link)
    yield State("set-up: link used up", page)


def _in_words_of(page: Page, product: str, link: str) -> Iterator[State]:
    page.goto(link)
    page.get_by_role("button", name="Start").click()
    start = page.url
    for part in PARTS:
        page.goto(f"{start}{part}/")
        yield State(f"set-up: {part} in {product}", page, "main")


def _renewal(page: Page, link: str) -> Iterator[State]:
    page.goto(link)
    page.get_by_role("button", name="Start").click()
    page.goto(f"{page.url}certificate/")
    yield from states_of_page(page, "set-up: certificate renewal")
    page.goto(page.url.replace("certificate/", "provisioning/"))
    yield State("set-up: not made for that", page)


def _over(world: World, page: Page, used: str, expired: str) -> Iterator[State]:
    page.goto(world.address(NO_LINK))
    yield State("set-up: no such link", page)
    with world.browser_of() as other:
        other.goto(used)
        other.get_by_role("button", name="Start").click()
        expect(other.get_by_role("heading", level=1)).to_be_visible()
        page.goto(other.url)
        yield State("set-up: another browser's page", page)
    page.goto(used)
    yield State("set-up: opened in another browser", page)
    world.ask("let_link_expire()")
    page.goto(expired)
    yield State("set-up: link expired", page)
    page.get_by_role("button", name="Ask for a new link").click()
    yield State("set-up: asked for a new link", page)


def _list_of_links(world: World) -> Iterator[State]:
    page = world.page
    page.goto(world.address("/settings/configuration/setup-links/"))
    yield from states_of_page(page, "set-up links: in every state")
    page.get_by_label("For whom").fill("Bo Byron")
    page.get_by_role("button", name="Make the link").click()
    yield State("set-up links: a new one", page, "dialog[open]")
