"""A person's page begins with the verdict and the next step: axe on each state, at both widths, and without scripts."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import complaints_of
from tests.browser.signing_in import enter_password
from tests.builders import PASSWORD
from tests.idp_metadata import entra_metadata
from tests.site import Site

EMAIL = "person-page@example.com"
WORK = "shared.address@x.example"
LONG = "Wilhelmina Featherstonehaugh-Cholmondeley of the Department of Exceedingly Long Names"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
WIDTHS = {"wide": 1280, "narrow": 390}


def person(label: str, /, **more: Any) -> dict[str, Any]:
    return {"userName": f"{label.split(maxsplit=1)[0].lower()}@x.example", "displayName": label, **more}


@pytest.fixture
def people(make_site: Callable[..., Site]) -> dict[str, Any]:
    """The site, and the address of one person of each state."""
    site = make_site(processes=("web",))
    site.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    made = site.manage("scim_key", "generate")
    headers = {"Authorization": f"Bearer {made['api_key']}", "Content-Type": "application/scim+json"}
    shared = {"emails": [{"type": "work", "value": WORK}]}
    with httpx.Client(base_url=made["base_url"], headers=headers, timeout=30) as scim:

        def provision(document: dict[str, Any]) -> str:
            answer = scim.post("/Users", json=document)
            assert answer.status_code == 201, answer.text
            return str(answer.json()["id"])

        manager = provision(person("Mia Manager", emails=[{"type": "work", "value": "mia@x.example"}]))
        ids = {
            "awaiting": provision(
                person(
                    "Ada Obi",
                    emails=[{"type": "work", "value": "ada@x.example"}],
                    name={"givenName": "Ada", "familyName": "Obi"},
                    phoneNumbers=[{"type": "work", "value": "+49 30 1234"}],
                    **{ENTERPRISE: {"department": "Finance", "employeeNumber": "7", "manager": {"value": manager}}},
                )
            ),
            "conflict": provision(person("Bo Byron", **shared)),
            "other": provision(person(LONG, **shared)),
            "deactivated": provision(person("Cy Inactive", active=False)),
            "removed": provision(person("Dee Removed", emails=[{"type": "work", "value": "dee@x.example"}])),
        }
        for name in ("GK Art", "GK Books"):
            assert scim.post("/Groups", json={"displayName": name, "members": [{"value": ids["awaiting"]}]}).is_success
        value = {"displayName": "Ada Obi", "shoeSize": "38"}  # logged though nothing changes: a name is ignored
        same = {"schemas": [PATCH], "Operations": [{"op": "replace", "value": value}]}
        assert scim.patch(f"/Users/{ids['awaiting']}", json=same).is_success
        group = {"displayName": "GK Finance", "members": [{"value": ids["removed"]}]}
        location = scim.post("/Groups", json=group).headers["Location"]
        scim.patch(
            location,
            json={
                "schemas": [PATCH],
                "Operations": [{"op": "remove", "path": f'members[value eq "{ids["removed"]}"]'}],
            },
        )
    return {"site": site, "manager": manager, **ids}


@pytest.fixture
def without_scripts(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def look(page: Page, name: str) -> list[str]:
    """What axe complains of in this state, at both widths. Pictures go to the folder PERSON_SHOTS, if that is set."""
    found = []
    for width, pixels in WIDTHS.items():
        page.set_viewport_size({"width": pixels, "height": 900})
        for theme in ("light", "dark") if "PERSON_SHOTS" in os.environ else ():
            page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            page.screenshot(path=Path(os.environ["PERSON_SHOTS"]) / f"{name}-{width}-{theme}.png", full_page=True)
        found += complaints_of(page, f"{name}, {width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= pixels, f"{name} is wider than {pixels} pixels"
    return found


def test_each_verdict_is_readable_and_has_its_step(people: dict[str, Any], page: Page, tmp_path: Path) -> None:
    site = people["site"]
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    page.goto(f"{site.url}/users/{people['awaiting']}/")
    expect(page.get_by_text("Can't sign in: no SAML connection.")).to_be_visible()
    expect(page.get_by_text("2 changes without an effect")).to_be_visible()
    expect(page.get_by_text("Joined GK Books")).to_be_hidden()
    expect(page.get_by_text("1 request that changed nothing")).to_be_visible()
    complaints = look(page, "unconnected")

    metadata = tmp_path / "metadata.xml"
    metadata.write_bytes(entra_metadata())
    site.manage("saml_connection", "create", "Entra", "--metadata-file", str(metadata))
    for state, words, step in (
        ("awaiting", "Can't sign in: awaiting the sync", "Run the sync now"),
        ("conflict", "Can't sign in: somebody else has the same work e-mail.", f"Open {LONG}"),
        ("deactivated", "Can't sign in: deactivated.", "See what was provisioned"),
        ("removed", "Can't sign in: no group gives access.", "See the groups"),
    ):
        page.goto(f"{site.url}/users/{people[state]}/")
        expect(page.get_by_text(words)).to_be_visible()
        expect(page.get_by_role("link", name=step).or_(page.get_by_role("button", name=step))).to_be_visible()
        complaints += look(page, state)

    assert not complaints


def test_the_steps_work_without_scripts(people: dict[str, Any], without_scripts: Page) -> None:
    page, site = without_scripts, people["site"]
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    page.goto(f"{site.url}/users/{people['awaiting']}/")
    page.get_by_role("link", name="Set up SAML").click()

    expect(page.get_by_role("heading", name="Authentication", level=1)).to_be_visible()


def test_open_and_ended_sessions_stand_side_by_side_on_a_wide_screen(people: dict[str, Any], page: Page) -> None:
    site = people["site"]
    for _ in range(2):
        page.context.clear_cookies()
        enter_password(page, EMAIL, PASSWORD, address=site.url)
    page.goto(f"{site.url}/profile/")
    page.get_by_role("button", name="End all other sessions").click()

    complaints = look(page, "sessions")
    tops = {}
    for width, pixels in WIDTHS.items():
        page.set_viewport_size({"width": pixels, "height": 900})
        boxes = [page.get_by_role("heading", name=name).bounding_box() for name in ("Open sessions", "Ended sessions")]
        tops[width] = [box["y"] for box in boxes if box]

    assert tops["wide"][0] == tops["wide"][1]
    assert tops["narrow"][0] < tops["narrow"][1]
    assert not complaints


def test_the_picture_and_a_moment_beside_now_are_readable(people: dict[str, Any], page: Page) -> None:
    site = people["site"]
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    address = f"{site.url}/users/{people['awaiting']}/"
    page.goto(address)
    picture = page.get_by_role("region", name="Picture of where access comes from")
    expect(picture.get_by_role("link", name="GK Art")).to_be_visible()
    complaints = look(page, "picture")
    page.get_by_role("link", name="just before").first.click()

    then = page.get_by_role("complementary").filter(has=page.get_by_role("heading", name="This is how it was on"))
    expect(then.get_by_role("table", name="The difference to now")).to_be_visible()
    complaints += look(page, "moment")
    tops = {}
    for width, pixels in WIDTHS.items():
        page.set_viewport_size({"width": pixels, "height": 900})
        boxes = [page.locator(name).bounding_box() for name in ("[aria-labelledby=access-heading]", "aside.card")]
        tops[width] = [box["y"] for box in boxes if box]

    assert tops["wide"][0] == tops["wide"][1]
    assert tops["narrow"][0] < tops["narrow"][1]
    assert not complaints


def test_a_moment_is_typed_as_the_site_writes_it(people: dict[str, Any], page: Page) -> None:
    site = people["site"]
    enter_password(page, EMAIL, PASSWORD, address=site.url)
    page.goto(f"{site.url}/users/{people['awaiting']}/")
    page.get_by_label("As of").fill("yesterday")
    page.get_by_role("button", name="Show that moment").click()
    expect(page.get_by_text("is no time that can be read")).to_be_visible()
    complaints = look(page, "refused moment")
    page.get_by_label("As of").fill(f"{datetime.now(UTC) + timedelta(seconds=-1):%d %b %Y, %H:%M:%S} UTC")
    page.get_by_role("button", name="Show that moment").click()

    expect(page.get_by_role("heading", name="This is how it was on")).to_be_visible()
    assert not complaints


def ask_what_if(page: Page, people: dict[str, Any]) -> None:
    """Open the question about whoever was removed from her only group, from her page."""
    page.goto(f"{people['site'].url}/users/{people['removed']}/")
    page.get_by_role("link", name="What if …").click()
    expect(page.get_by_role("heading", name="What if", exact=True)).to_be_visible()


def test_what_if_answers_while_somebody_chooses(people: dict[str, Any], page: Page) -> None:
    enter_password(page, EMAIL, PASSWORD, address=people["site"].url)
    ask_what_if(page, people)
    page.wait_for_load_state("networkidle")
    page.get_by_label("Search groups").focus()
    page.keyboard.type("gk art")
    choice = page.get_by_role("checkbox", name="GK Art")
    expect(choice).to_be_visible()
    expect(page.locator("#what-if-said")).to_have_text("1 group found.")
    expect(page.locator("#announcements")).to_contain_text("1 group found.")
    complaints = look(page, "found")
    choice.focus()
    page.keyboard.press("Space")

    answer = page.get_by_role("table", name="Now, and what would result")
    expect(answer.get_by_role("row", name="Level").locator(".gain")).to_contain_text("Employee Portal")
    expect(page.locator("#announcements")).to_contain_text("What they have would change.")
    expect(choice).to_be_focused()
    expect(choice).to_be_checked()
    complaints += look(page, "what if")
    asked = page.url
    assert "add=" in asked
    page.goto("about:blank")
    page.goto(asked)  # as a colleague would
    expect(answer.get_by_role("row", name="Level").locator(".gain")).to_contain_text("Employee Portal")
    expect(page.get_by_text("GK Art has no mapping of its own: the Default Mapping applies.")).to_be_visible()
    assert not complaints


def test_what_if_works_without_scripts(people: dict[str, Any], without_scripts: Page) -> None:
    page = without_scripts
    enter_password(page, EMAIL, PASSWORD, address=people["site"].url)
    ask_what_if(page, people)
    page.get_by_label("Search groups").fill("books")
    page.get_by_role("button", name="Search", exact=True).last.click()
    page.get_by_role("checkbox", name="GK Books").check()
    page.get_by_role("button", name="Show what would result").click()

    answer = page.get_by_role("table", name="Now, and what would result")
    expect(answer.get_by_role("row", name="Level").locator(".gain")).to_contain_text("Employee Portal")
    expect(page.get_by_role("checkbox", name="GK Books")).to_be_checked()
