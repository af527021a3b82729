"""A trial on one's own machine, over http, with an identity provider on another site: as with a real tenant.

A real Chromium, the running site on http://127.0.0.1 and pysaml2 on https://idp.elsewhere.example.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.saml.idp import Idp, running_idp
from tests.site import Site

ADMIN = "admin@example.com"
ADA = "ada.obi@contoso.com"
PEOPLE = (
    "from tests.builders import link, make_user, map_group; map_group(None, 'collaborator'); "
    f"make_user('{ADA}'); link()"
)
PLAIN, CROSS_SITE = "gatekeeper_saml", "gatekeeper_saml_cross_site"


@pytest.fixture(scope="module")
def idp() -> Iterator[Idp]:
    with running_idp(https_host="idp.elsewhere.example") as started:
        yield started


@pytest.fixture(scope="module")
def site(idp: Idp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with that connection, one person who may sign in through it, and one local administrator."""
    site = Site(processes=("web",))
    document = tmp_path_factory.mktemp("idp") / "metadata.xml"
    document.write_bytes(idp.metadata())
    try:
        site.start()
        site.manage("create_admin", ADMIN, "--password-stdin", input=PASSWORD)
        made = site.manage("saml_connection", "create", "Tenant", "--metadata-file", str(document))
        idp.trust(made["metadata_url"])
        site.manage("shell", "--no-imports", "-c", PEOPLE, as_json=False)
        site.sso_url = made["sso_url"]
        yield site
    finally:
        site.stop()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Open a page in a profile of its own, which takes the identity provider's certificate as it is."""
    contexts = []

    def open_profile(**options: object) -> Page:
        context = browser.new_context(base_url=site.url, ignore_https_errors=True, **options)
        context.set_default_timeout(20_000)  # milliseconds
        contexts.append(context)
        return context.new_page()

    yield open_profile
    for context in contexts:
        context.close()


@pytest.fixture
def waiting(idp: Idp) -> Iterator[None]:
    """The identity provider's page waits for its button, so that something can happen in between."""
    idp.waits = True
    yield
    idp.waits = False


def come_back(page: Page, *, without: tuple[str, ...] = ()) -> None:
    """Press the identity provider's button, in a browser that has not kept these cookies."""
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    for name in without:
        page.context.clear_cookies(name=name)
    page.get_by_role("button", name="Continue").click()


def go_back_to_the_identity_provider(page: Page) -> None:
    """Press Back until its page is there.

    The page that posts by itself stands in the history when its ``load`` came first. It is not kept, so Chromium asks
    there whether to post once more, which Playwright calls ERR_CACHE_MISS; Back leads on from there, too.
    """
    while not page.url.startswith("https://idp.elsewhere.example"):
        try:
            page.go_back()
        except Error as refused:
            if "ERR_CACHE_MISS" not in refused.message:
                raise
            page.wait_for_url("chrome-error://**")


def acs_posts(page: Page) -> list[str]:
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if request.method == "POST" else None)
    return seen


def sign_in_locally(page: Page) -> None:
    enter_password(page, ADMIN, PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_chromium_brings_the_cookie_across_sites_and_the_person_lands_where_they_wanted(visit, site):
    page = visit()
    posts = acs_posts(page)

    page.goto(f"{site.sso_url}?next=/profile/")

    expect(page).to_have_url(f"{site.url}/profile/")
    assert len(posts) == 1


def test_a_browser_that_keeps_no_secure_cookie_over_http_posts_once_more_from_a_page_of_ours(visit, site, waiting):
    page = visit()
    posts = acs_posts(page)

    page.goto(f"{site.sso_url}?next=/profile/")
    come_back(page, without=(CROSS_SITE,))

    expect(page).to_have_url(f"{site.url}/profile/")
    assert len(posts) == 2


def test_without_scripts_the_button_does_it(visit, site, waiting):
    page = visit(java_script_enabled=False)

    page.goto(f"{site.sso_url}?next=/profile/")
    come_back(page, without=(CROSS_SITE,))
    expect(page.get_by_role("heading", name="One moment")).to_be_visible()
    page.get_by_role("button", name="Continue").click()

    expect(page).to_have_url(f"{site.url}/profile/")
    go_back_to_the_identity_provider(page)
    expect(page.get_by_role("button", name="Continue")).to_be_visible()


def test_a_browser_that_keeps_no_cookie_at_all_is_told_so_after_one_more_post(visit, site, waiting):
    page = visit()
    posts = acs_posts(page)

    page.goto(site.sso_url)
    come_back(page, without=(CROSS_SITE, PLAIN))

    expect(page.get_by_text("Your browser did not send the cookie")).to_be_visible()
    assert len(posts) == 2


@pytest.mark.parametrize("dropped", [(), (CROSS_SITE,)])
def test_a_test_sign_in_ends_on_the_attempts_page_and_the_administrator_stays_signed_in(visit, site, waiting, dropped):
    page = visit()
    sign_in_locally(page)
    page.goto("/settings/configuration/authentication/")

    page.get_by_role("link", name="Test sign-in").first.click()
    come_back(page, without=dropped)

    expect(page.get_by_role("heading", name="Test sign-in")).to_be_visible()
    first = page.url
    assert "/sign-in-attempts/" in first
    expect(page.get_by_text("No session was opened")).to_be_visible()

    go_back_to_the_identity_provider(page)
    come_back(page)  # the same answer once more
    expect(page.get_by_text("was answered before").first).to_be_visible()
    assert "/sign-in-attempts/" in page.url
    assert page.url != first
    page.goto("/settings/configuration/")
    expect(page).to_have_url(f"{site.url}/settings/configuration/")


def test_two_tabs_end_where_each_began(visit, site, waiting):
    first = visit()
    second = first.context.new_page()
    first.goto(f"{site.sso_url}?next=/profile/%3Ftab=1")
    second.goto(f"{site.sso_url}?next=/profile/%3Ftab=2")

    come_back(second)
    expect(second).to_have_url(f"{site.url}/profile/?tab=2")
    come_back(first)
    expect(first).to_have_url(f"{site.url}/profile/?tab=1")


def test_back_and_resubmit_says_that_it_was_completed_before(visit, site, waiting):
    page = visit()
    page.goto(f"{site.sso_url}?next=/profile/")
    come_back(page)
    expect(page).to_have_url(f"{site.url}/profile/")

    page.go_back()
    come_back(page)

    expect(page.get_by_text("completed before")).to_be_visible()
    page.get_by_role("link", name="Go to the start page").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/sign-in/" not in page.url


def test_a_sign_in_while_somebody_else_is_signed_in_takes_their_place(visit, site):
    page = visit()
    sign_in_locally(page)

    page.goto(f"{site.sso_url}?next=/profile/")

    expect(page).to_have_url(f"{site.url}/profile/")
    expect(page.get_by_text(ADA).first).to_be_visible()


def test_signing_out_goes_there_and_comes_back(visit, site, idp):
    page = visit()
    page.goto(f"{site.sso_url}?next=/profile/")
    expect(page).to_have_url(f"{site.url}/profile/")

    page.get_by_role("button", name="Sign out").first.click()

    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    expect(page.get_by_text("and so has the one at Tenant")).to_be_visible()
    assert idp.logouts[-1] == ADA
