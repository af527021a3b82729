"""Every kind of page that administrators have, reached by links, on a site where each has something to show."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
from django.urls import Resolver404, resolve
from playwright.sync_api import Page

from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.idp_metadata import entra_metadata
from tests.site import Site

EMAIL = "access@example.com"
TEAM = "Team of the accessible"
LINKS = "[...document.querySelectorAll('a[href]')].map(link => link.href)"

DOWNLOADS = {"who_had_csv", "export", "connection_certificate"}
PAGES = {
    *(
        "home",
        "overview",
        "scim",
        "setup_links",
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
        "webhooks",
        "webhook",
        "streams",
        "stream",
        "mail",
        "mail_recipient",
        "teams",
        "team",
        "as_code",
        "profile",
        "password",
        "second_factor",
    ),
    *(
        "person",
        "what_if",
        "who_had",
        "team_people",
        "directory_idpgroup_changelist",
        "directory_user_changelist",
        "audit_provisioningentry_changelist",
    ),
    *("audit_provisioningentry_change", "audit_auditentry_changelist", "audit_auditentry_change"),
    *("saml_syncrun_changelist", "saml_syncrun_change", "saml_signinattempt_changelist", "saml_signinattempt_change"),
    *("scim_tokenrequest_changelist", "scim_tokenrequest_change"),
}


@contextmanager
def signed_in(site: Site, page: Page, folder: Path) -> Iterator[Page]:
    """The browser of an administrator, with something on each page. Key and connection are gone afterwards."""
    site.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    with _provisioned(site), _connected(site, folder):
        enter_password(page, EMAIL, PASSWORD, address=site.url)
        page.goto(f"{site.url}/settings/configuration/teams/")
        page.get_by_label("Team name").fill(TEAM)
        page.get_by_role("button", name="Create team").click()
        yield page


@contextmanager
def _provisioned(site: Site) -> Iterator[None]:
    """The first of the users by name, in a group; a refused request, a sync run, a client that was refused a token."""
    made = site.manage("scim_key", "generate", "--rotate", "--name", "accessibility")
    headers = {"Authorization": f"Bearer {made['api_key']}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=made["base_url"], headers=headers) as scim:
        person = scim.post("/Users", json={"userName": "aardvark@example.com", "displayName": "Aardvark"}).json()
        assert scim.post("/Users", json={"userName": "aardvark@example.com"}).is_client_error
        scim.post("/Groups", json={"displayName": "GK Accessible", "members": [{"value": person["id"]}]})
        site.manage("sync_saml_users")
        site.manage("scim_attribute", "add", "urn:acme:2.0:User", "badge", "--type", "integer", "--multi-valued")
        client = site.manage("scim_client", "create", "Axe", "--secret")
        form = {"grant_type": "client_credentials", "client_id": client["client_id"], "client_secret": "gks_x"}
        assert httpx.post(client["token_url"], data=form).is_client_error
        webhook = site.manage("webhook", "create", f"{site.url}/", "--events", "user.linked")["webhook_id"]
        site.manage("webhook", "test", webhook, status=1)  # it does not accept any
        stream = site.manage("stream", "create", "SIEM", f"{site.url}/", "--from-beginning")["stream_id"]
        recipient = site.manage("mail", "add", "axe@example.com", "--digest")["recipient_id"]
        yield
        site.manage("mail", "remove", recipient)
        site.manage("stream", "delete", stream)
        site.manage("webhook", "delete", webhook)
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


def walk(page: Page, site: Site) -> Iterator[str]:
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
    is_download = name in DOWNLOADS or name.endswith("_export")
    return name if found.namespace in ("web", "admin") and not is_download else ""
