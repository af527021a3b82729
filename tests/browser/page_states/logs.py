"""The logs while something goes on: the audit trail is verified, damage is found, reads are traced."""

from collections.abc import Iterator

from playwright.sync_api import expect

from tests.browser.page_states.state import State
from tests.browser.page_states.world import World

TRAIL = "/audit-trail/"


def logs(world: World) -> Iterator[State]:
    """The provisioning log with reads, and each outcome of a verification. The trail is damaged afterwards."""
    page = world.page
    page.goto(world.address("/provisioning-log/"))
    page.locator("form[action$='/trace/'] button").first.click()
    expect(page.locator("form[action$='/trace/stop/']")).to_be_visible()
    yield State("provisioning log: reads are traced", page, "main")
    page.goto(world.address(TRAIL))
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("Intact")).to_be_visible(timeout=60_000)
    yield State("audit trail: intact", page, "main")
    world.ask("verification_goes_on()")
    page.goto(world.address(TRAIL))
    expect(page.locator("[data-progress]")).to_be_visible()
    yield State("audit trail: being verified", page, "main")
    world.ask("verification_was_given_up()")
    page.goto(world.address(TRAIL))
    yield State("audit trail: verification given up", page, "main")
    world.ask("old_entries_are_sealed()")
    page.goto(world.address(TRAIL))
    yield State("audit trail: earlier entries are in sealed files", page, "main")
    page.goto(world.address("/settings/configuration/retention/"))
    expect(page.get_by_role("heading", name="Sealed audit entries")).to_be_visible()
    yield State("retention: sealed audit entries, a missing file, a run that failed", page, "main")
    world.ask("damage_is_found()")
    page.goto(world.address(TRAIL))
    expect(page.get_by_text("is not as it was written")).to_be_visible()
    yield State("audit trail: damaged", page, "main")
