"""An administrator follows the help page from 'Step 1' to 'Revoke the API Key' in a real Chromium.

On the other side stand an Entra-shaped SCIM client and an independent SAML identity provider (pysaml2).
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from entra_client.directory.company import Company, make_company
from entra_client.protocol.client_quirks import WITH_FLAG
from entra_client.protocol.transport import ScimServer
from entra_client.run.conversation import Conversation
from entra_client.run.progress import Progress
from entra_client.run.provisioning import Job
from entra_client.run.report import Report
from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.saml.idp import Idp, running_idp
from tests.site import Site

SCIM_PAGE = "System for Cross-domain Identity Management (SCIM)"
ADMIN = "admin@example.com"
ADDRESSES = ("Metadata url", "Sso url", "ACS (Assertion Consumer Service, Recipient) url", "Logout url")


class Entra:
    """The other side of Step 4 to 6: Test Connection, Provision on demand, and a member who is removed."""

    def __init__(self, base_url: str, api_key: str, company: Company) -> None:
        self.report = Report()
        self.server = ScimServer(base_url, api_key)
        self.job = Job(Conversation(self.server, self.report, Progress(io.StringIO())), company, WITH_FLAG)

    def test_connection(self) -> None:
        with self.job.talk.step("Test Connection"):
            self.job.connect()
        self.check()

    def provision(self) -> None:
        self.job.full_cycle("initial cycle")
        self.check()

    def remove_from_group(self, object_id: str) -> None:
        with self.job.talk.step("removal"):
            self.job.remove_members(self.job.company.groups[0], [object_id])
        self.check()

    def check(self) -> None:
        """Every answer so far was what Entra wants."""
        assert [step.first_failure for step in self.report.steps if step.failed] == []


@pytest.fixture
def idp() -> Iterator[Idp]:
    with running_idp() as started:
        yield started


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """A site where nothing is set up but one local administrator."""
    site = make_site()
    site.manage("create_admin", ADMIN, "--password-stdin", input=PASSWORD)
    return site


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[[], Page]]:
    """Open a page in a browser profile of its own: ``visit()``."""
    contexts = []

    def open_profile() -> Page:
        context = browser.new_context(base_url=site.url, permissions=["clipboard-read", "clipboard-write"])
        context.set_default_timeout(20_000)  # milliseconds: two cores are busy with other tests
        contexts.append(context)
        return context.new_page()

    yield open_profile
    for context in contexts:
        context.close()


def one_group(company: Company) -> Company:
    """The company with its first group only, and in it the people who have no manager outside it."""
    group = company.groups[0]
    people = tuple(replace(person, manager_id=None) for person in company.people if person.object_id in group.members)
    return replace(company, people=people, groups=(group,))


def open_configuration(page: Page, link: str) -> None:
    """From the navigation menu, expand Settings, click Configuration, then the link."""
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("navigation").get_by_role("link", name="Configuration").click()
    page.get_by_role("link", name=link).first.click()
    expect(page.get_by_role("heading", level=1, name=link)).to_be_visible()


def sign_in_locally(page: Page) -> None:
    enter_password(page, ADMIN, PASSWORD, address="/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def set_defaults(page: Page) -> None:
    """Step 1: the fallback team and the Default Mapping."""
    open_configuration(page, SCIM_PAGE)
    page.get_by_role("link", name="Manage teams").click()
    page.get_by_label("Team name").fill("Contracts")
    page.get_by_role("button", name="Create").click()
    open_configuration(page, SCIM_PAGE)
    page.get_by_role("combobox", name="Select Fallback Team").select_option(label="Contracts")
    expect(page.get_by_role("status").filter(has_text="Contracts")).to_be_visible()

    rows = page.get_by_role("table", name="IdP groups").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("Default Mapping")
    page.get_by_role("link", name="Edit mapping of Default Mapping").click()
    page.get_by_role("radio", name="Employee Portal").check()
    page.get_by_role("checkbox", name="eSign Signer").check()
    page.get_by_role("button", name="Save").click()
    expect(rows.nth(1)).to_contain_text("eSign Signer")


def connect_saml(page: Page, idp: Idp) -> None:
    """Step 3: the metadata URL goes in, four addresses come out and go back."""
    open_configuration(page, "Authentication")
    page.get_by_role("link", name="Configure SAML 2.0").click()
    page.get_by_role("textbox", name="IDP metadata URL").fill(idp.metadata_url)
    page.get_by_role("button", name="Create").click()
    for name in ADDRESSES:
        box = page.get_by_role("textbox", name=name, exact=True)
        expect(box).not_to_be_editable()
        page.get_by_role("button", name=f"Copy {name}").click()
        assert page.evaluate("navigator.clipboard.readText()") == box.input_value()
    idp.trust(page.get_by_role("textbox", name="Metadata url", exact=True).input_value())


def generate_key(page: Page) -> tuple[str, str]:
    """Step 4: the Base URL and the key, which is never shown again."""
    open_configuration(page, SCIM_PAGE)
    base_url = page.get_by_role("textbox", name="Base URL").input_value()
    page.get_by_role("button", name="Copy Base URL").click()
    page.get_by_role("button", name="Generate API Key").click()
    dialog = page.get_by_role("dialog")
    key = dialog.get_by_role("textbox", name="API Key").input_value()
    dialog.get_by_role("button", name="Copy & Save").click()
    expect(page.get_by_role("button", name="Revoke Key")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key
    page.reload()
    assert key not in page.content()
    return base_url, key


def map_group(page: Page, name: str) -> None:
    """Step 7: the group is there with the default; the pencil says what it grants."""
    open_configuration(page, SCIM_PAGE)
    row = page.get_by_role("table", name="IdP groups").get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("default")
    page.get_by_role("link", name=f"Edit mapping of {name}").click()
    page.get_by_role("radio", name="Global Collaborator").check()
    page.get_by_role("checkbox", name="Reports").check()
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Global Collaborator")


def revoke_key(page: Page) -> None:
    """Revoke the API Key: nothing but the phrase does it."""
    open_configuration(page, SCIM_PAGE)
    page.get_by_role("button", name="Revoke Key").click()
    page.get_by_role("textbox", name="Confirmation phrase").fill("revoke")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert").filter(has_text="Revoke")).to_be_visible()
    page.get_by_role("textbox", name="Confirmation phrase").fill("Revoke")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("button", name="Generate API Key")).to_be_visible()


def sign_in_through_saml(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign in with").first.click()


def run_sync(page: Page) -> None:
    """What the clock does at minute 45, by the page's button: a real worker takes the task."""
    page.goto("/sync-history/")
    page.get_by_role("button", name="Run the sync now").click()
    expect(page.get_by_role("cell", name="Finished").first).to_be_visible(timeout=60_000)


def test_the_help_page_comes_true_from_the_first_step_to_the_last(
    site: Site, idp: Idp, visit: Callable[[], Page]
) -> None:
    admin, person = visit(), visit()
    company = one_group(make_company(people=12, groups=2, seed=7))
    member, group = company.people[0], company.groups[0].display_name
    idp.person = member.user_name

    sign_in_locally(admin)
    set_defaults(admin)
    connect_saml(admin, idp)
    base_url, key = generate_key(admin)
    entra = Entra(base_url, key, company)
    entra.test_connection()
    entra.provision()
    map_group(admin, group)

    # View Users in an IdP Group, and on to a profile page.
    admin.get_by_role("link", name=group, exact=True).click()
    admin.get_by_role("link", name=member.display_name).first.click()
    expect(admin.get_by_role("heading", level=1)).to_contain_text(member.display_name)

    # A user cannot sign in until the sync has completed, and reads when that will be.
    sign_in_through_saml(person)
    expect(person.get_by_text("The next sign-in sync runs at")).to_be_visible()
    run_sync(admin)
    sign_in_through_saml(person)
    expect(person.get_by_text("Global Collaborator").first).to_be_visible()
    assert person.request.get("/settings/configuration/").status == httpx.codes.FORBIDDEN

    # Removing a user from the group revokes access, in the request itself.
    entra.remove_from_group(member.object_id)
    person.reload()
    expect(person.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in_through_saml(person)
    expect(person.get_by_text("no group that gives access")).to_be_visible()

    # The provisioning log tells what happened.
    admin.goto("/provisioning-log/")
    expect(admin.get_by_text(group).first).to_be_visible()

    # A revoked key is dead at once.
    revoke_key(admin)
    refused = httpx.get(f"{base_url}/Users", headers={"Authorization": f"Bearer {key}"})
    assert (refused.status_code, refused.json()["status"]) == (401, "401")
