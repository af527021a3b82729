"""What a first visit costs: requests and compressed bytes of a page, with nothing kept by the browser."""

from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.site import Site

EMAIL = "first-visit@example.com"
MOST_REQUESTS = 8
MOST_BYTES = 150_000
PATHS = ["/", "/users/", "/settings/configuration/scim/", "/provisioning-log/", "/profile/"]


def test_a_first_visit_is_few_requests_and_few_bytes(running_site: Site, browser: Browser) -> None:
    running_site.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    context = browser.new_context()
    try:
        costs = {"/sign-in/": cost(context, f"{running_site.url}/sign-in/")}
        page = context.new_page()
        enter_password(page, EMAIL, PASSWORD, address=running_site.url)
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        costs |= {path: cost(context, f"{running_site.url}{path}") for path in PATHS}
    finally:
        context.close()

    assert {path: of for path, of in costs.items() if of[0] > MOST_REQUESTS or of[1] > MOST_BYTES} == {}


def cost(context: BrowserContext, address: str) -> tuple[int, int]:
    """Requests and bytes, headers too, as they are sent to a browser that has nothing yet."""
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address, wait_until="networkidle")
    assert sizes
    return len(sizes), int(sum(sizes))
