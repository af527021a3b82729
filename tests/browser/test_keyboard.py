"""Each main task by the keyboard alone (WCAG 2.1.1): where the focus is afterwards, and what is said without a reload.

A screen reader can't run here. What it would read is held as far as that goes: roles and names of the essential parts
(aria snapshots), and that what appears without a reload stands in a region that was there before (WCAG 4.1.3).
"""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.builders import PASSWORD
from tests.idp_metadata import entra_metadata
from tests.site import Site

EMAIL = "keys@example.com"
GROUP = "GK Keyboard"
MOST_STOPS = 120  # of Tab until a control must have been reached
SCIM = "/settings/configuration/scim/"

VERDICT = """
- main:
  - navigation "You are here":
    - list:
      - listitem:
        - link "Users"
      - listitem: Ada
  - heading "Ada" [level=1]
  - button "Run the sync now"
  - search "Another moment"
  - region "Access":
    - heading "Access" [level=2]
    - region "Picture of where access comes from"
    - table "Where access comes from"
  - region "What changed when":
    - heading "What changed when" [level=2]
"""
MAPPING = """
- radiogroup "Level":
  - heading "Level" [level=2]
  - radio "Global Administrator"
  - radio "No access" [checked]
- group "Permissions":
  - checkbox "Configuration"
- group "Teams"
- button "Save"
- complementary "What this changes":
  - status: 1 person's access changes.
  - text: "1 person could no longer sign in: Ada."
  - table "What people gain and lose":
    - rowgroup:
      - row "Name Lose it Chart Gain it":
        - columnheader "Name"
  - text: Search these people
  - searchbox "Search these people"
  - list "People whose access changes":
    - listitem:
      - link "Ada"
"""
REVOKE = """
- dialog "Revoke the key?":
  - heading "Revoke the key?" [level=2]
  - textbox "Confirmation phrase"
  - link "Cancel"
  - button "Confirm"
"""
USERS = """
- search "Filter":
  - searchbox "Search": ada
  - combobox "State"
  - button "Show"
  - link "Clear filters"
- list "In force":
  - listitem:
    - 'link "Search: ada remove this filter"'
- table "Users":
  - rowgroup:
    - row:
      - columnheader "User"
  - rowgroup:
    - row:
      - rowheader "Ada":
        - link "Ada"
"""


@pytest.fixture
def site(make_site: Callable[..., Site], tmp_path: Path) -> Site:
    """A person in a group who awaits the sync, two keys, and a sign-in attempt that was refused."""
    started = make_site(processes=("web",))
    started.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    made = started.manage("scim_key", "generate", "--name", "Keyboard")
    headers = {"Authorization": f"Bearer {made['api_key']}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=made["base_url"], headers=headers, timeout=30) as scim:
        ada = scim.post("/Users", json={"userName": "ada@x.example", "displayName": "Ada"}).json()["id"]
        scim.post("/Groups", json={"displayName": GROUP, "members": [{"value": ada}]})
    (tmp_path / "metadata.xml").write_bytes(entra_metadata())
    connection = started.manage("saml_connection", "create", "Entra", "--metadata-file", str(tmp_path / "metadata.xml"))
    httpx.post(connection["acs_url"], data={"SAMLResponse": "bm90aGluZw=="})
    return started


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus."""
    target = wanted.element_handle()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("one => document.activeElement === one", target):
            return
    raise AssertionError(f"{MOST_STOPS} times Tab do not lead to {wanted}")


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    tab_to(page, wanted)
    page.keyboard.press(key)


def fill_in(page: Page, wanted: Locator, text: str) -> None:
    tab_to(page, wanted)
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_each_main_task_needs_the_keyboard_only(site: Site, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    _sign_in(page, site)
    _find_a_person_and_run_the_sync(page)
    _change_a_mapping_and_undo_it(page, site)
    _create_a_team(page, site)
    _filter_a_list_and_keep_the_view(page, site)
    _revoke_a_key_and_make_one(page, site)
    _read_the_checks_of_a_sign_in(page, site)


def _sign_in(page: Page, site: Site) -> None:
    """What was copied can be pasted: nothing has to be remembered or typed (WCAG 3.3.8)."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(site.url)
    press(page, page.get_by_text("Sign in with a local account"))
    email, password = page.get_by_label("E-mail").last, page.get_by_label("Password")
    fill_in(page, email, EMAIL)
    tab_to(page, password)
    page.keyboard.type("not this one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()

    tab_to(page, email)
    page.keyboard.type(EMAIL)
    tab_to(page, password)
    page.evaluate("text => navigator.clipboard.writeText(text)", PASSWORD)
    page.keyboard.press("Control+v")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def _find_a_person_and_run_the_sync(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("ada")
    expect(page.get_by_role("search", name="Everywhere").get_by_role("status")).to_have_text("1 result")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_match_aria_snapshot(VERDICT)
    press(page, page.get_by_role("button", name="Run the sync now"))
    expect(page.get_by_role("status").filter(has_text="The sync was asked for")).to_be_visible()


def _change_a_mapping_and_undo_it(page: Page, site: Site) -> None:
    page.goto(f"{site.url}{SCIM}")
    press(page, page.get_by_role("link", name=f"Edit mapping of {GROUP}"))
    tab_to(page, page.get_by_role("radio", checked=True).first)
    while not page.get_by_role("radio", name="No access").is_checked():
        page.keyboard.press("ArrowDown")
    expect(page.locator("body")).to_match_aria_snapshot(MAPPING)
    expect(page.locator("#announcements")).to_contain_text("1 person could no longer sign in: Ada.")
    press(page, page.get_by_role("button", name="Save"))
    expect(page.get_by_label("Yes, save it all the same")).to_be_focused()
    page.keyboard.press("Space")
    press(page, page.get_by_role("button", name="Save"))
    expect(page.get_by_role("status").filter(has_text="1 person lost access.")).to_be_visible()
    press(page, page.get_by_role("button", name="Undo"))
    expect(page.get_by_text(f"Undone: {GROUP}, as it was before.")).to_be_visible()


def _create_a_team(page: Page, site: Site) -> None:
    """A name that is refused has the focus again, and its error describes it."""
    page.goto(f"{site.url}/settings/configuration/teams/")
    name = page.get_by_role("textbox", name="Team name")
    fill_in(page, name, "Legal")
    expect(page.get_by_role("status").filter(has_text="Legal")).to_be_visible()
    fill_in(page, name, "legal")
    expect(name).to_be_focused()
    expect(name).to_have_accessible_description("Another team is already called legal.")


def _filter_a_list_and_keep_the_view(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/users/")
    fill_in(page, page.locator("#searchbar"), "ada")
    expect(page.locator("body")).to_match_aria_snapshot(USERS)
    columns = page.locator("summary").filter(has_text="Columns")
    press(page, columns)
    press(page, page.get_by_role("checkbox", name="Level"), "Space")
    press(page, page.get_by_role("button", name="Show these columns"))
    expect(page.get_by_role("columnheader", name="Level")).to_have_count(0)
    press(page, page.locator("summary").filter(has_text="Save view"))
    fill_in(page, page.get_by_label("Name of the view"), "Mine")
    expect(page.get_by_role("navigation", name="Saved views").get_by_role("link", name="Mine")).to_be_visible()
    press(page, columns)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(columns).to_be_focused()


def _revoke_a_key_and_make_one(page: Page, site: Site) -> None:
    """A dialog has the focus while it is open; afterwards what opened it, or the page."""
    page.goto(f"{site.url}{SCIM}")
    revoke = page.get_by_role("button", name="Revoke Key")
    press(page, revoke)
    expect(page.locator("body")).to_match_aria_snapshot(REVOKE)
    phrase = page.get_by_role("textbox", name="Confirmation phrase")
    expect(phrase).to_be_focused()
    page.keyboard.press("Escape")
    expect(revoke).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("revoke")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="with a capital R")).to_be_visible()
    expect(phrase).to_be_focused()
    page.keyboard.press("Escape")
    expect(revoke).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("Revoke")
    page.keyboard.press("Enter")

    generate = page.get_by_role("button", name="Generate API Key")
    press(page, generate)
    copy = page.get_by_role("button", name="Copy & Save")
    tab_to(page, copy)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#announcements")).to_contain_text("clipboard")
    expect(page.get_by_role("main")).to_be_focused()


def _read_the_checks_of_a_sign_in(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/sign-in-attempts/")
    press(page, page.get_by_role("table", name="Sign-ins").locator("tbody a").first)
    press(page, page.get_by_text("Each check in its order"))
    expect(page.get_by_role("table", name="Checks")).to_be_visible()
    expect(page).to_have_title(re.compile(r"Sign-in attempt, .*\d\d:\d\d"))
