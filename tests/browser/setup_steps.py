"""Steps of the set-up wizard, and of the pretend Entra's admin center beside it."""

from playwright.sync_api import Page, expect

from entra_client.directory.company import Company
from pretend_entra.identity_provider.application import IdentityProvider

FIELDS = {
    "Metadata url": "Identifier (Entity ID)",
    "ACS (Assertion Consumer Service, Recipient) url": "Reply URL (Assertion Consumer Service URL)",
    "Sso url": "Sign on URL",
    "Logout url": "Logout Url",
}


def tick(page: Page, text: str) -> None:
    """Wait until it is ticked off, without loading the page again."""
    expect(page.locator("[data-done]").filter(has_text=text)).to_be_visible()


def connect(page: Page, entra: IdentityProvider) -> None:
    """The metadata goes in, four addresses come out and go into the fields of Entra that stand beside them."""
    portal = page.context.new_page()
    portal.goto(entra.addresses.portal_url("sign-on"))
    metadata = portal.get_by_label("App Federation Metadata Url").input_value()
    page.get_by_role("textbox", name="IDP metadata URL").fill(metadata)
    page.get_by_role("button", name="Read the metadata").click()
    tick(page, "Metadata read")
    for ours, theirs in FIELDS.items():
        field = page.locator(".address-field").filter(has=page.get_by_label(ours, exact=True))
        expect(field).to_contain_text(theirs)
        page.get_by_role("button", name=f"Copy {ours}").click()
        portal.get_by_label(theirs, exact=True).fill(page.evaluate("navigator.clipboard.readText()"))
    portal.get_by_role("button", name="Save").click()
    expect(portal.get_by_label("Reply URL (Assertion Consumer Service URL)")).not_to_have_value("")
    portal.close()


def sign_in_there(page: Page, company: Company) -> None:
    page.get_by_role("link", name="Test sign-in").click()
    page.get_by_role("button", name=company.people[0].display_name).first.click()
