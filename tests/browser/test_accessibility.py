"""Every administrators' page as axe-core sees it, in light and dark; and that each of them is reached by links."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.idp_metadata import entra_metadata
from tests.site import Site

EMAIL = "access@example.com"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async ([theme, rules]) => {
  const sheet = new CSSStyleSheet();  // a colour on its way to another one has no contrast
  sheet.replaceSync("*, *::before, *::after { transition: none !important }");
  document.adoptedStyleSheets = [sheet];
  document.documentElement.dataset.theme = theme;
  await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  return axe.run(document, {runOnly: rules, resultTypes: ["violations", "incomplete"]});
}"""
UNFOLD = "document.querySelectorAll('details').forEach(one => one.open = true)"
LINKS = "[...document.querySelectorAll('a[href]')].map(link => link.href)"

DOWNLOADS = {"who_had_csv", "export", "connection_certificate"}
PAGES = {
    *(
        "overview",
        "scim",
        "custom_attributes",
        "remove_custom_attribute",
        "credential",
        "fallback_people",
        "default_mapping",
        "group_users",
        "group_mapping",
        "authentication",
    ),
    *(
        "new_connection",
        "deprovisioning_limits",
        "retention",
        "teams",
        "team",
        "as_code",
        "profile",
        "password",
        "second_factor",
    ),
    *("person", "who_had", "directory_user_changelist", "audit_provisioningentry_changelist"),
    *("audit_provisioningentry_change", "audit_auditentry_changelist", "audit_auditentry_change"),
    *("saml_syncrun_changelist", "saml_syncrun_change", "saml_signinattempt_changelist", "saml_signinattempt_change"),
    *("scim_tokenrequest_changelist", "scim_tokenrequest_change"),
}


@pytest.fixture
def admin_page(running_site: Site, page: Page, tmp_path: Path) -> Iterator[Page]:
    """The signed-in browser of an administrator on a site where each kind of page has something to show."""
    running_site.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    with _provisioned(running_site), _connected(running_site, tmp_path):
        enter_password(page, EMAIL, PASSWORD, address=running_site.url)
        page.goto(f"{running_site.url}/settings/configuration/teams/")
        page.get_by_label("Team name").fill("Team of the accessible")
        page.get_by_role("button", name="Create team").click()
        yield page


@contextmanager
def _provisioned(site: Site) -> Iterator[None]:
    """Somebody in a group, a refused request, a sync run, and a client that was refused a token."""
    made = site.manage("scim_key", "generate", "--rotate", "--name", "accessibility")
    headers = {"Authorization": f"Bearer {made['api_key']}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=made["base_url"], headers=headers) as scim:
        person = scim.post("/Users", json={"userName": "axe@example.com", "displayName": "Axe"}).json()
        assert scim.post("/Users", json={"userName": "axe@example.com"}).is_client_error
        scim.post("/Groups", json={"displayName": "GK Accessible", "members": [{"value": person["id"]}]})
        site.manage("sync_saml_users")
        site.manage("scim_attribute", "add", "urn:acme:2.0:User", "badge", "--type", "integer", "--multi-valued")
        client = site.manage("scim_client", "create", "Axe", "--secret")
        form = {"grant_type": "client_credentials", "client_id": client["client_id"], "client_secret": "gks_x"}
        assert httpx.post(client["token_url"], data=form).is_client_error
        yield
        site.manage("scim_attribute", "remove", "urn:acme:2.0:User:badge")
    site.manage("scim_key", "revoke", "--confirm", "Revoke", "--key-id", made["key_id"])


@contextmanager
def _connected(site: Site, folder: Path) -> Iterator[None]:
    """A connection, and a sign-in attempt at it that was refused."""
    document = folder / "metadata.xml"
    document.write_bytes(entra_metadata())
    made = site.manage("saml_connection", "create", "Axe", "--metadata-file", str(document))
    assert httpx.post(made["acs_url"], data={"SAMLResponse": "bm90aGluZw=="}).is_client_error
    yield
    site.manage("saml_connection", "delete", made["id"], "--confirm", "Axe")


def test_every_page_passes_axe_in_light_and_dark_and_is_reached_by_links(
    running_site: Site, admin_page: Page, browser: Browser
) -> None:
    complaints = [
        complaints for name in _walk(admin_page, running_site) for complaints in _complaints(admin_page, name)
    ]
    complaints += _of_the_dialogs(admin_page, running_site)
    complaints += _of_a_waiting_preview(admin_page, running_site)
    complaints += _of_the_sign_in_pages(browser, running_site)
    assert complaints == []


def _walk(page: Page, site: Site) -> Iterator[str]:
    """Open one page of each kind, beginning at the overview and following links; the kinds have to be all there are."""
    seen: set[str] = set()
    waiting = [f"{site.url}/settings/configuration/"]
    while waiting:
        address = waiting.pop(0)
        name = _kind(address, site)
        if not name or name in seen:
            continue
        seen.add(name)
        page.goto(address)
        waiting += [urldefrag(urljoin(address, link)).url for link in page.evaluate(LINKS)]
        yield name
    assert seen >= PAGES, f"no link leads to {PAGES - seen}"


def _kind(address: str, site: Site) -> str:
    """The name of the view that answers, "" when it is none of the administrators' pages."""
    if not address.startswith(site.url):
        return ""
    try:
        found = resolve(urlsplit(address).path)
    except Resolver404:
        return ""
    name = found.url_name or ""
    return name if found.namespace in ("web", "admin") and name not in DOWNLOADS else ""


def _of_the_dialogs(page: Page, site: Site) -> list[str]:
    page.goto(f"{site.url}/settings/configuration/scim/")
    page.get_by_role("button", name="Revoke Key").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    complaints = _complaints(page, "revoke dialog")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add OAuth client").click()
    complaints += _complaints(page, "add an OAuth client")
    page.get_by_role("radio", name="Workload identity federation").check()
    page.get_by_role("button", name="Create").click()
    complaints += _complaints(page, "an OAuth client that is refused")
    page.get_by_role("radio", name="Client secret").check()
    page.get_by_role("textbox", name="Name").fill("Axe")
    page.get_by_role("button", name="Create").click()
    complaints += _complaints(page, "the new client secret")
    page.get_by_role("button", name="Revoke").click()
    complaints += _complaints(page, "revoke client dialog")
    page.get_by_role("textbox", name="Confirmation phrase").fill("Revoke")
    page.get_by_role("button", name="Confirm").click()
    return complaints


def _of_a_waiting_preview(page: Page, site: Site) -> list[str]:
    """What waits has the contrast of what is there; that it waits is said by aria-busy and a line."""
    late: list[Route] = []
    page.route("**/preview/", lambda route: late.append(route))  # noqa: PLW0108 - a built-in can't be a handler
    page.goto(f"{site.url}/settings/configuration/teams/")
    page.get_by_role("link", name="Team of the accessible").first.click()
    expect(page.locator(".preview[aria-busy=true]")).to_contain_text("Counting")
    complaints = _complaints(page, "preview that waits")
    for route in late:
        route.abort()
    page.unroute_all()
    return complaints


def _of_the_sign_in_pages(browser: Browser, site: Site) -> list[str]:
    """What people see who are not signed in: the sign-in page, and that somebody was refused."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.url}/sign-in/")
    complaints = _complaints(page, "sign-in")
    [connection] = site.manage("saml_connection", "list")["connections"][-1:]
    page.evaluate(
        """address => { document.body.insertAdjacentHTML("beforeend",
        `<form method="post" action="${address}" id="post"><input name="SAMLResponse" value="bm90aGluZw=="></form>`);
        document.getElementById("post").submit(); }""",
        connection["acs_url"],
    )
    expect(page.get_by_role("heading", name=re.compile("not signed in"))).to_be_visible()
    complaints += _complaints(page, "refused")
    context.close()
    return complaints


def _complaints(page: Page, name: str) -> list[str]:
    """All rules in light, then the colours once more in dark, with everything unfolded."""
    page.evaluate(UNFOLD)
    page.evaluate(AXE_SCRIPT)
    return _run(page, name, "light", STANDARD) + _run(page, name, "dark", ["color-contrast"])


def _run(page: Page, name: str, theme: str, rules: list[str]) -> list[str]:
    answer = page.evaluate(RUN, [theme, rules])
    failed = [(found["id"], node) for found in answer["violations"] for node in found["nodes"]]
    unknown = [
        (found["id"], node)
        for found in answer["incomplete"]
        for node in found["nodes"]
        if found["id"] == "color-contrast" and _is_over_a_gradient(node)
    ]
    return [
        f"{name} in {theme}: {rule}: {node['failureSummary']} {node['html'][:120]}" for rule, node in failed + unknown
    ]


def _is_over_a_gradient(node: dict[str, Any]) -> bool:
    """Contrast that could not be measured is no contrast; except in a select, whose arrow is a gradient."""
    reasons = {check["data"]["messageKey"] for check in node["any"] if check["data"]}
    return "bgGradient" in reasons and not node["html"].startswith("<select")
