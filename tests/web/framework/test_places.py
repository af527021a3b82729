"""One name for each place: in the menu, the breadcrumb, the heading, the title, and every link to it."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.test import Client

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.web.framework.places import LOGS, MAIN, PLACES, PROFILE, SETTINGS, Place
from saml.connections.lifecycle import create_connection
from tests.builders import ADMIN, link, make_group, make_team, make_user
from tests.web.pages import text_of

SCIM = "System for Cross-domain Identity Management (SCIM)"
# What a link to a place may say instead of its name: what one does there, or why one would go.
ACTIONS = {
    "Cancel",
    "Choose",
    "Connect",
    "Create a team",
    "Create one",
    "Decide",
    "Edit groups",
    "Gatekeeper",
    "Generate",
    "Go on setting up",
    "Look",
    "Look at it",
    "Manage teams",
    "Renew",
    "See who",
    "Show all groups",
    "Try it",
}


class Parts(HTMLParser):
    """The title, the heading, the last crumb, and the links of a page with what they say."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.title = self.heading = self.crumb = ""
        self.links: list[tuple[str, str]] = []
        self.menu: list[str] = []
        self._inside, self._text, self._address = "", "", ""
        self._nav = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "nav":
            self._nav = named.get("id") or named.get("class") or "other"
        is_crumb = tag == "li" and self._nav == "crumbs" and named.get("aria-current") == "page"
        if tag in {"a", "h1", "title"} or is_crumb:
            self._inside, self._text, self._address = tag, "", named.get("href") or ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "nav":
            self._nav = ""
        if tag != self._inside:
            return
        text, self._inside = " ".join(self._text.split()), ""
        if tag == "a":
            self.links.append((self._address, text))
            self.menu += [text] if self._nav == "side-nav" else []
        elif tag == "h1":
            self.heading = text
        elif tag == "title":
            self.title = self.title or text.removesuffix(" · Gatekeeper")
        else:
            self.crumb = text


@pytest.fixture
def company(db: None, metadata: bytes) -> None:
    """Something to show on every kind of page."""
    create_connection("Entra", document=metadata, actor=ADMIN)
    make_group("GK Finance", [make_user("ada@example.com")])
    make_team("General")
    link()
    ProvisioningEntry.objects.create(method="POST", path="/Users", status=201, outcome="changed")


def pages(browser: Client) -> Iterator[tuple[str, Parts]]:
    """One page of each kind that links lead to."""
    seen, waiting = set[str](), ["/"]
    while waiting:
        address = waiting.pop()
        kind = re.sub(r"[0-9a-f-]{36}|\d+", "…", urlsplit(address).path)
        if kind in seen or address.startswith(("/static/", "/api/", "/saml/")):
            continue
        seen.add(kind)
        answer = browser.get(address, follow=True)
        if "html" in answer.headers["Content-Type"]:
            where = answer.redirect_chain[-1][0] if answer.redirect_chain else address
            parts = Parts(text_of(answer))
            waiting += [urljoin(where, urldefrag(to).url) for to, _ in parts.links if not to.startswith("http")]
            yield where, parts


@pytest.mark.parametrize("place", [place for place in PLACES.values() if place is not PROFILE], ids=str)
def test_title_heading_crumb_and_menu_agree(admin_client: Client, company: None, place: Place) -> None:
    page = Parts(text_of(admin_client.get(place.address)))

    assert (page.title, page.heading) == (place.name, place.name)
    assert page.crumb == (place.name if place.in_settings else "")
    if place in (*MAIN, *LOGS, *SETTINGS) or place.name in (SCIM, "Authentication"):
        assert page.menu.count(str(place.name)) == 1


def test_every_link_to_a_place_says_its_name_or_what_one_does_there(admin_client: Client, company: None) -> None:
    places = {place.address: str(place.name) for place in PLACES.values() if place is not PROFILE}
    names = {name.casefold() for name in places.values()}
    wrong, kinds = [], 0
    for where, page in pages(admin_client):
        kinds += 1
        for to, text in (each for each in page.links if not each[0].startswith(("#", "?"))):
            target = urldefrag(urljoin(where, to)).url
            name = places.get(target)
            if name and text != name and text not in ACTIONS:
                wrong.append((where, target, text))
            if text.casefold() in names and places.get(urlsplit(target).path) != text:
                wrong.append((where, target, text))
    assert not wrong, "\n".join(map(str, wrong))
    assert kinds > 25


def test_one_link_of_every_page_is_found_by_the_name_configuration(admin_client: Client, company: None) -> None:
    """Whoever follows the help page by accessible names looks for a link that has the word in its name."""
    for where, page in pages(admin_client):
        if where.startswith("/docs/"):
            continue
        assert [text for _, text in page.links if "Configuration" in text] == ["Configuration"], where


def test_scim_and_authentication_are_in_the_menu_for_who_is_inside_them(admin_client: Client, company: None) -> None:
    configuration = Parts(text_of(admin_client.get("/settings/configuration/")))
    inside = Parts(text_of(admin_client.get("/settings/configuration/scim/")))
    beside = Parts(text_of(admin_client.get("/settings/configuration/retention/")))

    assert [text for _, text in configuration.links if "Authentication" in text] == ["Authentication"]
    assert [text for _, text in configuration.links if text == SCIM] == [SCIM]
    assert {SCIM, "Authentication"} <= set(inside.menu)
    assert not {SCIM, "Authentication"} & {*beside.menu, *configuration.menu}


def test_settings_are_unfolded_for_who_is_inside_and_lead_to_configuration(admin_client: Client) -> None:
    inside, outside = (text_of(admin_client.get(at)) for at in ("/settings/configuration/retention/", "/users/"))

    assert "data-nav-toggle" in outside
    assert "data-nav-toggle" not in inside
    assert '<form method="get" action="/settings/">' in inside
    assert admin_client.get("/settings/")["Location"] == "/settings/configuration/"


def test_the_menu_marks_the_page_or_the_place_that_it_belongs_to(admin_client: Client, company: None) -> None:
    def marked(address: str) -> list[tuple[str, str]]:
        found = re.findall(r'<a href="([^"]*)"\s+aria-current="(\w+)"', text_of(admin_client.get(address)))
        return [(to, kind) for to, kind in found if to != "/profile/"]

    assert marked("/settings/configuration/scim/") == [("/settings/configuration/scim/", "page")]
    assert marked("/settings/configuration/scim/default-mapping/") == [("/settings/configuration/scim/", "true")]
    assert marked("/settings/configuration/teams/") == [("/settings/configuration/teams/", "page")]
    assert marked("/users/") == [("/users/", "page")]


def test_the_menu_has_what_a_person_may_open(person_with: Callable[..., Client]) -> None:
    menu = Parts(text_of(person_with("collaborator", "history").get("/audit-trail/"))).menu

    assert menu == ["Home", "Access reports", *(str(place.name) for place in LOGS)]
