"""The running site in a real Chromium with identity providers that nobody here wrote: `make test-idps`.

Each on the site's own site (http://127.0.0.1) and on another one, over https. What they send by default is
tested first; docs/saml.md has the table.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.builders import PASSWORD
from tests.idps.django_idp import DjangoIdp, running_djangosaml2idp
from tests.idps.simplesamlphp import PERSON, SimpleSamlPhp, running_simplesamlphp
from tests.site import Site

ADMIN = "admin@example.com"
PEOPLE = f"from tests.builders import make_user, map_group; map_group(None, 'collaborator'); make_user('{PERSON}')"
LINK = "from tests.builders import link; link()"
CLAIM = (
    "from uuid import UUID; from saml.connections.claims import set_person_claim; from tests.builders import ADMIN; "
)
EMAIL = {"NameIDFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", "simplesaml.nameidattribute": "mail"}


@dataclass
class Stage:
    """One connection: the site, the identity provider, and browsers."""

    site: Site
    idp: Any
    connection: dict[str, Any]
    visit: Callable[[], Page]

    def sign_in(self, page: Page, **query: str) -> None:
        """From our Sso url through the identity provider's own page and back."""
        address = httpx.URL(self.connection["sso_url"], params={"next": "/profile/", **query})
        page.goto(str(address))
        page.locator("[name=username]").fill(self.idp.logins["username"])
        page.locator("[name=password]").fill(self.idp.logins["password"])
        page.locator("[name=password]").press("Enter")

    def signed_in(self) -> Page:
        page = self.visit()
        self.sign_in(page)
        page.wait_for_url(f"{self.site.url}/**")
        assert page.url == f"{self.site.url}/profile/", self.last_attempt()
        return page

    def is_in(self, page: Page) -> bool:
        page.goto(f"{self.site.url}/profile/")
        return page.url == f"{self.site.url}/profile/"

    def settings(self, *options: str) -> None:
        self.site.manage("saml_connection", "settings", self.connection["id"], *options)

    def person_claim(self, claim: str) -> None:
        call = f"set_person_claim(UUID('{self.connection['id']}'), '{claim}', actor=ADMIN)"
        self.site.manage("shell", "--no-imports", "-c", CLAIM + call, as_json=False)

    def administrator(self) -> Page:
        """A browser in which the local administrator is signed in."""
        page = self.visit()
        page.goto(f"{self.site.url}/sign-in/")
        page.get_by_text("Sign in with a local account").click()
        page.get_by_label("E-mail").fill(ADMIN)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", name="Sign in", exact=True)).not_to_be_visible()
        return page

    def last_attempt(self) -> str:
        """The text of the newest attempt's page, as an administrator reads it."""
        page = self.administrator()
        page.goto(f"{self.site.url}/sign-in-attempts/")
        page.locator("td a").first.click()
        return page.locator("main").inner_text()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site(processes=("web",))
    try:
        site.start()
        site.manage("create_admin", ADMIN, "--password-stdin", input=PASSWORD)
        site.manage("shell", "--no-imports", "-c", PEOPLE, as_json=False)
        yield site
    finally:
        site.stop()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[[], Page]]:
    contexts = []

    def open_profile() -> Page:
        context = browser.new_context(base_url=site.url, ignore_https_errors=True)
        context.set_default_timeout(20_000)  # milliseconds
        contexts.append(context)
        return context.new_page()

    yield open_profile
    for context in contexts:
        context.close()


@pytest.fixture
def connect(site: Site, tmp_path: Path, visit: Callable[[], Page]) -> Iterator[Callable[[Any], Stage]]:
    """Make a connection from an identity provider's own metadata; it goes with the test."""
    made: list[dict[str, Any]] = []

    def connect_to(idp: Any) -> Stage:
        document = tmp_path / "metadata.xml"
        document.write_bytes(idp.metadata())
        connection = site.manage("saml_connection", "create", "Theirs", "--metadata-file", str(document))
        made.append(connection)
        site.manage("shell", "--no-imports", "-c", LINK, as_json=False)
        return Stage(site, idp, connection, visit)

    yield connect_to
    for connection in made:
        site.manage("saml_connection", "delete", connection["id"], "--confirm", "Theirs")


@pytest.fixture(params=["", "idp.elsewhere.example"], ids=["same site", "another site"])
def host(request: pytest.FixtureRequest) -> str:
    """The identity provider's, or "" on the site's own site."""
    return str(request.param)


@pytest.fixture
def ssp(host: str, tmp_path: Path) -> Iterator[SimpleSamlPhp]:
    with running_simplesamlphp(tmp_path / "ssp", host=host) as idp:
        yield idp


@pytest.fixture
def django_idp(host: str, tmp_path: Path) -> Iterator[DjangoIdp]:
    with running_djangosaml2idp(tmp_path / "idp", host=host) as idp:
        yield idp


def test_simplesamlphp_as_it_comes_is_refused_with_what_to_choose_and_then_works(ssp, connect):
    """Its NameID is transient unless it is configured otherwise; ``mail`` says who it is."""
    stage = connect(ssp)
    ssp.trust(stage.connection)
    page = stage.visit()

    stage.sign_in(page)
    expect(page.get_by_text("could not be accepted")).to_be_visible()
    shown = stage.last_attempt()
    assert "A transient NameID is another one at each sign-in. In SimpleSAMLphp, metadata/saml20-sp-remote.php" in shown
    assert "this message carries mail" in shown

    stage.person_claim("mail")
    stage.signed_in()


def test_simplesamlphp_signs_in_and_out_from_both_sides(ssp, connect):
    stage = connect(ssp)
    ssp.trust(stage.connection, **EMAIL)

    page = stage.signed_in()
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_text("and so has the one at Theirs")).to_be_visible()
    assert not stage.is_in(page)

    page = stage.signed_in()
    page.goto(ssp.sign_out_address)
    page.wait_for_url(f"{ssp.origin}/**")
    assert not stage.is_in(page)


def test_simplesamlphp_encrypts_and_verifies_what_we_sign(ssp, connect):
    stage = connect(ssp)
    (certificate,) = certificates(stage.connection)
    ssp.trust(
        stage.connection,
        **EMAIL,
        **{
            "assertion.encryption": True,
            "validate.authnrequest": True,
            "validate.logout": True,
            "certData": certificate,
        },
    )

    unsigned = stage.visit()
    unsigned.goto(stage.connection["sso_url"])
    assert "username" not in unsigned.content()

    stage.settings("--sign-requests")
    page = stage.signed_in()
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_text("and so has the one at Theirs")).to_be_visible()


def test_djangosaml2idp_as_it_comes_signs_nothing_and_then_signs_in_and_out(django_idp, connect):
    stage = connect(django_idp)
    django_idp.trust(stage.connection)
    page = stage.visit()
    stage.sign_in(page)
    expect(page.get_by_text("could not be accepted")).to_be_visible()
    assert "At your identity provider: sign the assertion." in stage.last_attempt()

    django_idp.trust(stage.connection, _sign_assertion=True)
    page = stage.signed_in()
    page.get_by_role("button", name="Sign out").first.click()

    expect(page.get_by_text("and so has the one at Theirs")).to_be_visible()
    assert not stage.is_in(page)


def test_djangosaml2idp_encrypts_with_triple_des_which_is_refused_by_name(django_idp, connect):
    stage = connect(django_idp)
    django_idp.trust(stage.connection, _sign_assertion=True, _encrypt_saml_responses=True)
    page = stage.visit()

    stage.sign_in(page)

    expect(page.get_by_text("could not be accepted")).to_be_visible()
    shown = stage.last_attempt()
    assert "tripledes" in shown
    assert "At your identity provider: encrypt with AES (GCM or CBC) and RSA-OAEP." in shown


def test_a_test_sign_in_at_a_real_identity_provider_ends_on_its_attempt(ssp, connect):
    stage = connect(ssp)
    ssp.trust(stage.connection, **EMAIL)
    page = stage.administrator()

    stage.sign_in(page, test="1")

    expect(page.get_by_text("No session was opened")).to_be_visible()
    assert "/sign-in-attempts/" in page.url


def certificates(connection: dict[str, Any]) -> set[str]:
    """Ours, as base64, from our own metadata."""
    document = httpx.get(connection["metadata_url"]).text
    return {part.split("<")[0] for part in document.split("X509Certificate>")[1::2]}
