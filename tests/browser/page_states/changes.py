"""Changes while they are made: previews, questions, what is said afterwards, what is held, what is shown once."""

from collections.abc import Iterator

from playwright.sync_api import Page, Route, expect

from tests.browser.page_states.state import State, new_secret
from tests.browser.page_states.world import World

SCIM = "/settings/configuration/scim/"
LIMITS = "/settings/configuration/deprovisioning-limits/"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def access_changes(world: World) -> Iterator[State]:
    """The Default Mapping takes everybody's access: asked about, said, undone, undone again, and refused."""
    page = world.page
    yield from _waiting_preview(world)
    page.goto(world.address(f"{SCIM}default-mapping/"))
    page.get_by_role("radio", name="No access").check()
    expect(page.get_by_text("→ No access").first).to_be_visible()
    yield State("change: preview", page, "main")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").filter(has_text="Do you mean it?")).to_be_visible()
    yield State("change: question", page, "main")
    page.get_by_label("Yes, save it all the same").check()
    page.get_by_role("button", name="Save").click()
    said = page.get_by_role("status").filter(has_text="lost access")
    expect(said).to_be_visible()
    yield State("change: saved", page, ".notices")
    said.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone:")).to_be_visible()
    yield State("change: undone", page, ".notices")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Undo:")).to_be_visible()
    yield State("change: undo asks", page)
    undo = page.url
    page.goto(world.address(f"{SCIM}default-mapping/"))
    page.get_by_role("radio", name="Collaborator", exact=True).check()
    page.get_by_role("button", name="Save").click()
    page.goto(undo)
    expect(page.get_by_role("alert").filter(has_text="was changed again since")).to_be_visible()
    yield State("change: undo refused", page)


def _waiting_preview(world: World) -> Iterator[State]:
    """What waits has the contrast of what is there; that it waits is said by aria-busy and a line."""
    page, late = world.page, list[Route]()
    page.route("**/preview/", lambda route: late.append(route))  # noqa: PLW0108 - a built-in can't be a handler
    page.goto(world.address("/settings/configuration/teams/"))
    page.get_by_role("link", name="Edit ").first.click()
    expect(page.locator(".preview[aria-busy=true]").first).to_contain_text("Counting")
    yield State("change: preview that waits", page, ".preview")
    for route in late:
        route.abort()
    page.unroute_all()


def held_changes(world: World) -> Iterator[State]:
    """The identity provider takes more people away than the limit lets it, and makes an administrator."""
    page = world.page
    page.goto(world.address(LIMITS))
    for label, value in (("Share of the active", "1"), ("At least this many", "1"), ("Within how many", "600")):
        page.get_by_label(label).fill(value)
    page.get_by_label("Hold further losses").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The new limits hold from this moment")).to_be_visible()
    with world.scim() as scim:
        people = scim.get("/Users?count=8&filter=active eq true&attributes=id").json()["Resources"]
        group = scim.get('/Groups?filter=displayName eq "GK Administrators"&attributes=id').json()["Resources"]
        for person in people[1:]:
            scim.request("DELETE", f"/Users/{person['id']}")
        add = {"op": "add", "path": "members", "value": [{"value": people[0]["id"]}]}
        if group:
            scim.patch(f"/Groups/{group[0]['id']}", json={"schemas": [PATCH], "Operations": [add]})
    page.goto(world.address(LIMITS))
    expect(page.get_by_role("button", name="Let held changes through")).to_be_visible()
    yield State("held changes", page)
    page.goto(world.address("/"))
    yield State("home: held changes", page, "main")
    page.goto(world.address(LIMITS))
    page.get_by_role("button", name="Let held changes through").click()
    expect(page.get_by_text("Do you mean it?")).to_be_visible()
    yield State("held changes: question", page)
    page.get_by_label("Yes, I mean it").check()
    page.get_by_role("button", name="Let held changes through").click()
    expect(page.get_by_text("Held changes are let through until").first).to_be_visible()
    yield State("held changes: let through", page, "main")


def credentials(world: World) -> Iterator[State]:
    """What is made with a secret that is shown once, and the dialogs that end what it opens."""
    page = world.page
    yield from _oauth_client(world, page)
    yield from _webhook(world, page)
    yield from _stream(world, page)
    yield from _mail(world, page)


def _oauth_client(world: World, page: Page) -> Iterator[State]:
    page.goto(world.address(SCIM))
    page.get_by_role("button", name="Add OAuth client").click()
    yield State("add an OAuth client", page)
    page.get_by_role("radio", name="Workload identity federation").check()
    page.get_by_role("button", name="Create").click()
    yield State("add an OAuth client: refused", page, "main")
    page.get_by_role("radio", name="Client secret").check()
    page.get_by_role("textbox", name="Name").fill("Axe by secret")
    page.get_by_role("button", name="Create").click()
    yield State("secret: OAuth client", page, "main")
    page.get_by_role("button", name="Copy & Save").click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("textbox", name="Confirmation phrase").fill("Revoke")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("is revoked")).to_be_visible()


def _webhook(world: World, page: Page) -> Iterator[State]:
    page.goto(world.address("/settings/webhooks/"))
    page.get_by_role("textbox", name="Address").fill(world.address("/axe"))
    page.get_by_label("A person was deleted").check()
    page.get_by_role("button", name="Add webhook").click()
    yield new_secret(page, "secret: webhook")
    page.get_by_role("button", name="Copy & Save").click()
    page.get_by_role("button", name="Delete").click()
    yield State("delete a webhook", page, "dialog[open]")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()


def _stream(world: World, page: Page) -> Iterator[State]:
    page.goto(world.address("/settings/siem-streams/"))
    page.get_by_role("textbox", name="Name").fill("Axe")
    page.get_by_role("textbox", name="Address").fill(world.address("/axe"))
    page.get_by_label("Also send what the trail holds already").check()
    page.get_by_role("button", name="Add stream").click()
    expect(page.get_by_text("is added. Send a test.")).to_be_visible()
    yield State("a new SIEM stream", page)
    page.get_by_role("button", name="Send a test").click()
    yield State("a test of a SIEM stream that was refused", page)
    page.get_by_role("button", name="Pause").click()
    yield State("a paused SIEM stream", page)
    page.get_by_role("textbox", name="Address").fill("ftp://siem.example.com")
    page.get_by_role("button", name="Save").click()
    yield State("a change of a SIEM stream that was refused", page)
    page.get_by_role("button", name="Replay").click()
    yield State("a replay that was refused", page, "form[aria-labelledby=replay-heading]")
    page.get_by_role("button", name="Delete").click()
    yield State("delete a SIEM stream", page, "dialog[open]")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()


def _mail(world: World, page: Page) -> Iterator[State]:
    page.goto(world.address("/settings/mail/"))
    page.get_by_role("textbox", name="E-mail address").fill("somebody@example.com")
    page.get_by_label("Daily digest").check()
    page.get_by_role("button", name="Add recipient").click()
    yield State("a recipient of e-mail", page, "main")
    page.get_by_role("button", name="Send a test").click()
    yield State("a recipient of e-mail: the test was not sent", page, "main")
    page.get_by_role("button", name="Remove").click()
    yield State("remove a recipient of e-mail", page, "dialog[open]")
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
